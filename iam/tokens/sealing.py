"""The tokens that replaced a refresh token, encrypted so that a repeated request gets them again.

See RFC 6749 §5.1, §6 and RFC 6750.
"""

import hmac
import os

from attrs import frozen
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from iam.secrets import minted
from iam.secrets.minted import DAY_LENGTH, SECRET_LENGTH, Kind

NONCE_LENGTH = 12
HALF = DAY_LENGTH + SECRET_LENGTH  # characters of one token's core in the sealed text


@frozen
class Successor:
    """The tokens that replaced a refresh token, as they were first made."""

    access_token: str
    refresh_token: str


def seal(successor: Successor, presented: str) -> bytes:
    """Encrypts a successor with a key that only the holder of the `presented` refresh token can derive.

    The server keeps only the digest of that token.
    """
    plain = minted.core(successor.access_token) + minted.core(successor.refresh_token)
    nonce = os.urandom(NONCE_LENGTH)
    return nonce + AESGCM(_key(presented)).encrypt(nonce, plain.encode(), None)


def unseal(sealed: bytes, presented: str) -> Successor | None:
    """Decrypts what `seal` returned for the same refresh token; returns None for anything else."""
    try:
        plain = AESGCM(_key(presented)).decrypt(sealed[:NONCE_LENGTH], sealed[NONCE_LENGTH:], None)
    except InvalidTag:
        return None
    access, refresh = (plain[:HALF].decode(), plain[HALF:].decode())
    return Successor(minted.restored(Kind.ACCESS_TOKEN, access), minted.restored(Kind.REFRESH_TOKEN, refresh))


def _key(presented: str) -> bytes:
    """Derives the key (32 bytes) from the token by HKDF-Expand (RFC 5869 §2.3), for this purpose only.

    Expand alone is enough, since the token is already 256 random bits.
    """
    return hmac.digest(presented.encode(), b"iam refresh token successor\x01", "sha256")
