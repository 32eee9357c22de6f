"""Encrypted texts (RFC 7516), in the compact form alone, and only by algorithms that are sound and cost no more than their size."""

from collections.abc import Mapping
from typing import Any, Final

from cryptography.exceptions import InvalidTag
from joserfc import jwe
from joserfc.errors import JoseError
from joserfc.jwe import JWERegistry
from joserfc.jwk import ECKey, OKPKey, RSAKey
from joserfc.util import json_b64decode

Pair = ECKey | OKPKey | RSAKey

# No RSA1_5 (it answers questions about padding), no `dir` and no PBES2 (a password, and work that the sender orders).
RSA_ALGORITHMS: Final = ("RSA-OAEP", "RSA-OAEP-256")
EC_ALGORITHMS: Final = ("ECDH-ES", "ECDH-ES+A128KW", "ECDH-ES+A256KW")
ALGORITHMS: Final = (*RSA_ALGORITHMS, *EC_ALGORITHMS)
DEFAULT_ENCODING: Final = "A128CBC-HS256"  # OpenID Connect Registration §2
ENCODINGS: Final = (DEFAULT_ENCODING, "A256CBC-HS512", "A128GCM", "A256GCM")

NESTED: Final = "JWT"  # the content type of a JWT in a JWE (RFC 7519 §5.2)
PARTS: Final = 5


class Registry(JWERegistry):
    """Takes what we ourselves have to say, an ID token with many claims for example."""

    max_ciphertext_length = 256 << 10


# RFC 7516 §4: whoever reads ignores header parameters that he does not know.
REGISTRY: Final = Registry(algorithms=[*ALGORITHMS, *ENCODINGS], strict_check_header=False)
FORBIDDEN: Final = frozenset({"zip", "crit", "jwk", "jku", "x5u", "x5c"})  # a bomb, unknown rules, other keys than ours


def encrypted(key: Pair, text: str, alg: str, enc: str, header: Mapping[str, Any]) -> str:
    """The compact JWE of a text for the holder of this key."""
    return jwe.encrypt_compact({**header, "alg": alg, "enc": enc}, text, key, registry=REGISTRY)


def header_of(text: str) -> Mapping[str, Any] | None:
    """The header of a compact JWE that may be opened at all; None for what may not be, or is none."""
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
    """The text that was encrypted to this key pair; None for anything else, and never why."""
    try:
        return (jwe.decrypt_compact(text, key, registry=REGISTRY).plaintext or b"").decode()
    except (JoseError, ValueError, TypeError, AssertionError, KeyError, InvalidTag):
        return None
