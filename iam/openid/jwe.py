"""Encrypted texts (RFC 7516), in the compact form alone, and only by algorithms that are sound and cost no more than their size."""

from collections.abc import Mapping
from typing import Any, Final

from joserfc import jwe
from joserfc.jwe import JWERegistry
from joserfc.jwk import ECKey, OKPKey, RSAKey

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


REGISTRY: Final = Registry(algorithms=[*ALGORITHMS, *ENCODINGS])


def encrypted(key: Pair, text: str, alg: str, enc: str, header: Mapping[str, Any]) -> str:
    """The compact JWE of a text for the holder of this key."""
    return jwe.encrypt_compact({**header, "alg": alg, "enc": enc}, text, key, registry=REGISTRY)
