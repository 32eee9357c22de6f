"""Bearer tokens: the members of a token answer, and the answer kept for a retry (RFC 6749 §5.1, RFC 6750)."""

import hmac
import os

from attrs import frozen
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from iam.secrets import minted
from iam.secrets.minted import DAY_LENGTH, SECRET_LENGTH, Kind

NONCE_LENGTH = 12
HALF = DAY_LENGTH + SECRET_LENGTH  # of what is sealed: one token's core


@frozen
class Successor:
    """The tokens that took a refresh token's place, as they were first made."""

    access_token: str
    refresh_token: str


def seal(successor: Successor, presented: str) -> bytes:
    """Encrypt a successor so that only who holds the `presented` refresh token can read it: its digest is all we keep."""
    plain = minted.core(successor.access_token) + minted.core(successor.refresh_token)
    nonce = os.urandom(NONCE_LENGTH)
    return nonce + AESGCM(_key(presented)).encrypt(nonce, plain.encode(), None)


def unseal(sealed: bytes, presented: str) -> Successor | None:
    """The successor that `seal` hid under the same refresh token; None if it is not from there."""
    try:
        plain = AESGCM(_key(presented)).decrypt(sealed[:NONCE_LENGTH], sealed[NONCE_LENGTH:], None)
    except InvalidTag:
        return None
    access, refresh = (plain[:HALF].decode(), plain[HALF:].decode())
    return Successor(minted.restored(Kind.ACCESS_TOKEN, access), minted.restored(Kind.REFRESH_TOKEN, refresh))


def _key(presented: str) -> bytes:
    """HKDF-Expand (RFC 5869 §2.3) of a token, which is 256 random bits already, for this one purpose."""
    return hmac.digest(presented.encode(), b"iam refresh token successor\x01", "sha256")
