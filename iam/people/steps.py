"""The cookies of a remembered session: a series of them, each a step on (H17).

The first is a secret. Each later one is that secret, its own number, when it was made, and a MAC over all, so that who has one
cookie cannot make the next, and every server knows it: nothing is stored for a step that nobody has used yet. Decisions:
docs/decisions/remembered_sessions.md.
"""

import hmac
from datetime import UTC, datetime
from hashlib import sha256
from typing import Final

from attrs import field, frozen

from iam.secrets import minted
from iam.secrets.minted import Kind

PURPOSE: Final = "session steps"
NUMBER: Final = 4  # base62 digits
SECOND: Final = 6  # base62 digits of a time since 1970, good until the year 3769
MAC: Final = 43
LAST: Final = len(minted.ALPHABET) ** NUMBER - 1


@frozen
class Step:
    """One cookie of a series: the secret that began it, how often it has changed since, and when this one was made, but for the first."""

    series: str = field(repr=False)
    number: int = 0
    issued_at: datetime | None = None

    def next(self, newest: int, now: datetime) -> "Step":
        """The step after the newest one that was used."""
        return self.of(min(newest + 1, LAST), now)

    def of(self, number: int, now: datetime) -> "Step":
        """A step of the same series, made now."""
        return Step(self.series, number, now)


@frozen
class Steps:
    """Reads and writes the cookies, under a key of the server."""

    key: bytes = field(repr=False)

    def read(self, cookie: str) -> Step | None:
        """The step, if we have made the cookie."""
        series = minted.series(cookie)
        if not (cookie.isascii() and minted.well_formed(series, Kind.SESSION)):
            return None
        digits = minted.core(cookie)[len(minted.core(series)) :]
        if not digits.isalnum():
            return Step(series) if cookie == series else None
        number, second = minted.number(digits[:NUMBER]), minted.number(digits[NUMBER : NUMBER + SECOND])
        genuine = self._compose(series, number, second)
        return Step(series, number, at(second)) if hmac.compare_digest(genuine.encode(), cookie.encode()) else None

    def write(self, step: Step) -> str:
        """The cookie."""
        return (
            step.series
            if step.issued_at is None
            else self._compose(step.series, step.number, int(step.issued_at.timestamp()))
        )

    def _compose(self, series: str, number: int, second: int) -> str:
        told = minted.base62(number.to_bytes(8, "big"), NUMBER) + minted.base62(second.to_bytes(8, "big"), SECOND)
        mac = minted.base62(hmac.digest(self.key, f"{series} {told}".encode(), sha256), MAC)
        return minted.restored(Kind.SESSION, minted.core(series) + told + mac)


def at(second: int) -> datetime:
    """The moment."""
    return datetime.fromtimestamp(second, UTC)
