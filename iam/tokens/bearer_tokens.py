"""New bearer tokens (RFC 6750), opaque, with the day on which they end at the latest in their text."""

from datetime import datetime, timedelta
from typing import Final

from attrs import frozen

from iam.secrets import minted
from iam.secrets.minted import Kind
from iam.settings import Settings
from iam.store.partitions import DAY

LONGEST_LIFETIME: Final = DAY  # seconds, of a resource's access tokens


@frozen
class BearerTokens:
    """Makes tokens at the time `now`; the statement that stores a token sets its lifetime."""

    settings: Settings

    @property
    def access_token_lifetime(self) -> int:
        """The lifetime of access tokens in seconds, unless their resources set another."""
        return self.settings.access_token_lifetime

    def access_token(self, now: datetime) -> str:
        """Returns a new access token, whose day allows for the longest lifetime of any resource."""
        longest = max(self.settings.access_token_lifetime, LONGEST_LIFETIME)
        return minted.mint_until(Kind.ACCESS_TOKEN, now + timedelta(seconds=longest))

    def refresh_token(self, now: datetime) -> str:
        """Returns a new refresh token."""
        return minted.mint_until(Kind.REFRESH_TOKEN, self.refresh_token_end(now))

    def refresh_token_end(self, now: datetime) -> datetime:
        """Returns when a refresh token ends if it is not used."""
        return now + timedelta(seconds=self.settings.refresh_token_idle)
