"""Compact JWEs (RFC 7516), only with algorithms that are sound and whose cost the sender cannot inflate."""

from collections.abc import Mapping
from typing import Any, Final

from cryptography.exceptions import InvalidTag
from joserfc import jwe
from joserfc.errors import JoseError
from joserfc.jwe import JWERegistry
from joserfc.jwk import ECKey, OKPKey, RSAKey
from joserfc.util import json_b64decode

Pair = ECKey | OKPKey | RSAKey

# No RSA1_5 (a padding oracle), no `dir`, and no PBES2 (a password, and a work factor that the sender chooses).
RSA_ALGORITHMS: Final = ("RSA-OAEP", "RSA-OAEP-256")
EC_ALGORITHMS: Final = ("ECDH-ES", "ECDH-ES+A128KW", "ECDH-ES+A256KW")
ALGORITHMS: Final = (*RSA_ALGORITHMS, *EC_ALGORITHMS)
DEFAULT_ENCODING: Final = "A128CBC-HS256"  # OpenID Connect Registration §2
ENCODINGS: Final = (DEFAULT_ENCODING, "A256CBC-HS512", "A128GCM", "A256GCM")

NESTED: Final = "JWT"  # the content type of a JWT in a JWE (RFC 7519 §5.2)
PARTS: Final = 5


class Registry(JWERegistry):
    """joserfc's registry with a higher size limit, for our own large texts such as an ID token with many claims."""

    max_ciphertext_length = 256 << 10


# RFC 7516 §4: a reader ignores header parameters that it does not know.
REGISTRY: Final = Registry(algorithms=[*ALGORITHMS, *ENCODINGS], strict_check_header=False)
FORBIDDEN: Final = frozenset({"zip", "crit", "jwk", "jku", "x5u", "x5c"})  # a bomb, unknown rules, other keys than ours


def encrypted(key: Pair, text: str, alg: str, enc: str, header: Mapping[str, Any]) -> str:
    """Encrypts a text to the holder of this key, and returns the compact JWE."""
    return jwe.encrypt_compact({**header, "alg": alg, "enc": enc}, text, key, registry=REGISTRY)


def header_of(text: str) -> Mapping[str, Any] | None:
    """Returns the header of a compact JWE that we may decrypt; None for forbidden parameters or algorithms, or no JWE at all."""
    if text.count(".") != PARTS - 1:
        return None
    try:
        header = json_b64decode(text.partition(".")[0].encode())
    except (ValueError, TypeError, RecursionError):
        return None
    if not isinstance(header, dict) or FORBIDDEN & header.keys():
        return None
    return header if header.get("alg") in ALGORITHMS and header.get("enc") in ENCODINGS else None


def decrypted(key: Pair, text: str) -> str | None:
    """Decrypts a compact JWE to this key pair; None for anything else, without the reason."""
    try:
        return (jwe.decrypt_compact(text, key, registry=REGISTRY).plaintext or b"").decode()
    except (JoseError, ValueError, TypeError, AssertionError, KeyError, InvalidTag):
        return None
