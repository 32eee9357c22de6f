"""Bearer tokens as they are made: opaque, and named after the day on which they end for certain (RFC 6750)."""

from datetime import datetime, timedelta
from typing import Final

from attrs import frozen

from iam.secrets import minted
from iam.secrets.minted import Kind
from iam.settings import Settings
from iam.store.partitions import DAY

LONGEST_LIFETIME: Final = DAY  # seconds that the tokens of a resource may live


@frozen
class BearerTokens:
    """Makes tokens for a request that came at `now`; the statement that stores one says how long it lives."""

    settings: Settings

    @property
    def access_token_lifetime(self) -> int:
        """Seconds that an access token lives, unless its resources say otherwise."""
        return self.settings.access_token_lifetime

    def access_token(self, now: datetime) -> str:
        """A new access token, for any resource."""
        longest = max(self.settings.access_token_lifetime, LONGEST_LIFETIME)
        return minted.mint_until(Kind.ACCESS_TOKEN, now + timedelta(seconds=longest))

    def refresh_token(self, now: datetime) -> str:
        """A new refresh token."""
        return minted.mint_until(Kind.REFRESH_TOKEN, self.refresh_token_end(now))

    def refresh_token_end(self, now: datetime) -> datetime:
        """When a refresh token ends that nobody uses."""
        return now + timedelta(seconds=self.settings.refresh_token_idle)
