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
    """Makes tokens at the time `now`; the statement that stores a token sets its lifetime.

    `access_token_lifetime` is in seconds, for tokens whose resources set no other, and `longest` the longest that any
    resource may set. `idle` is how long a refresh token lasts if it is not used.
    """

    access_token_lifetime: int
    longest: timedelta
    idle: timedelta

    @classmethod
    def of(cls, settings: Settings) -> "BearerTokens":
        """Returns a maker of tokens with the lifetimes of these settings."""
        longest = max(settings.access_token_lifetime, LONGEST_LIFETIME)
        return cls(
            settings.access_token_lifetime, timedelta(seconds=longest), timedelta(seconds=settings.refresh_token_idle)
        )

    def access_token(self, now: datetime) -> str:
        """Returns a new access token, whose day allows for the longest lifetime of any resource."""
        return minted.mint_until(Kind.ACCESS_TOKEN, now + self.longest)

    def refresh_token(self, now: datetime) -> str:
        """Returns a new refresh token."""
        return minted.mint_until(Kind.REFRESH_TOKEN, self.refresh_token_end(now))

    def refresh_token_end(self, now: datetime) -> datetime:
        """Returns when a refresh token ends if it is not used."""
        return now + self.idle
