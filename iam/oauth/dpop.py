"""The words of DPoP, by which a client shows that it holds the private key of its tokens (RFC 9449)."""

from collections.abc import Sequence
from typing import Final

from attrs import field, frozen

TOKEN_TYPE: Final = "DPoP"
JKT: Final = "jkt"  # RFC 9449 §6.1: the thumbprint of the key (RFC 7638), in base64url
DIGEST: Final = 43  # characters of a SHA-256 digest in base64url


@frozen
class SentProof:
    """The `DPoP` header fields of a request, one if it is in order, and the request's method and path."""

    lines: Sequence[str] = field(repr=False)
    method: str
    path: str


def confirmation_of(thumbprint: str) -> str:
    """Returns the name of a key, as it is stored beside what is bound to it."""
    return f"{JKT}:{thumbprint}"


def cnf(confirmation: str) -> dict[str, str]:
    """Returns the claim `cnf` of a bound token (RFC 7800 §3, RFC 9449 §6.1)."""
    method, _, value = confirmation.partition(":")
    return {method: value}


def token_type(confirmation: str | None) -> str:
    """Returns the type of an access token that is bound to this key, or to none (RFC 9449 §5)."""
    return TOKEN_TYPE if confirmation is not None and confirmation.startswith(JKT) else "Bearer"
