"""Bearer tokens as oauthlib's grants want them made (RFC 6749 §5.1, RFC 6750)."""

from datetime import timedelta
from typing import Any

from oauthlib.oauth2.rfc6749.tokens import BearerToken as OAuthlibBearerToken

from iam.clock import Clock
from iam.secrets import minted
from iam.secrets.minted import Kind
from iam.settings import Settings
from iam.store.partitions import DAY


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


LONGEST_LIFETIME = DAY  # seconds that the tokens of a resource may live
