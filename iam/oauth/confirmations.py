"""What a token is bound to: the key of DPoP proofs (RFC 9449), or the certificate of connections (RFC 8705).

It is stored beside the token as one text, of the method of RFC 7800 and the digest.
"""

from typing import Final

TOKEN_TYPE: Final = "DPoP"
JKT: Final = "jkt"  # RFC 9449 §6.1: the thumbprint of the key (RFC 7638), in base64url
X5T: Final = "x5t#S256"  # RFC 8705 §3.1: the SHA-256 digest of the certificate, in base64url


def of_key(thumbprint: str) -> str:
    """Returns the name of a key, as it is stored beside what is bound to it."""
    return f"{JKT}:{thumbprint}"


def of_certificate(digest: str) -> str:
    """Returns the name of a certificate, as it is stored beside what is bound to it."""
    return f"{X5T}:{digest}"


def cnf(confirmation: str) -> dict[str, str]:
    """Returns the claim `cnf` of a bound token (RFC 7800 §3, RFC 8705 §3.1, RFC 9449 §6.1)."""
    method, _, value = confirmation.partition(":")
    return {method: value}


def token_type(confirmation: str | None) -> str:
    """Returns the type of an access token (RFC 9449 §5); one that is bound to a certificate is a Bearer token (RFC 8705 §3)."""
    return TOKEN_TYPE if confirmation is not None and confirmation.startswith(f"{JKT}:") else "Bearer"
