"""Bearer tokens: the members of a token answer, and the answer kept for a retry (RFC 6749 §5.1, RFC 6750)."""

import hmac
import os
from datetime import timedelta
from typing import Any

from attrs import frozen
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from oauthlib.oauth2.rfc6749.tokens import BearerToken as OAuthlibBearerToken

from iam.clock import Clock
from iam.secrets import minted
from iam.secrets.minted import DAY_LENGTH, SECRET_LENGTH, Kind
from iam.settings import Settings
from iam.store.partitions import DAY

NONCE_LENGTH = 12
HALF = DAY_LENGTH + SECRET_LENGTH  # of what is sealed: one token's core
LONGEST_LIFETIME = DAY  # seconds that the tokens of a resource may live


class BearerToken(OAuthlibBearerToken):  # type: ignore[misc]
    """Opaque tokens of our own form; a refresh token only for a client that may use it."""

    def __init__(self, settings: Settings, clock: Clock) -> None:
        super().__init__(expires_in=settings.access_token_lifetime)
        self._clock = clock
        self._access = max(settings.access_token_lifetime, LONGEST_LIFETIME)
        self._refresh = settings.refresh_token_idle

    def create_token(self, request: Any, refresh_token: bool = False, **_: object) -> dict[str, Any]:  # noqa: FBT001, FBT002 - oauthlib's signature
        """The members of RFC 6749 §5.1; the hook that saves them says what they are worth."""
        now = self._clock.now()
        token = {
            "access_token": minted.mint_until(Kind.ACCESS_TOKEN, now + timedelta(seconds=self._access)),
            "expires_in": self.expires_in,
            "token_type": "Bearer",
            "scope": " ".join(request.scopes or ()),
        }
        if refresh_token and "refresh_token" in request.client.grant_types:
            end = now + timedelta(seconds=self._refresh)
            token["refresh_token"] = minted.mint_until(Kind.REFRESH_TOKEN, end)
        return token


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
