"""The cookies of a remembered session: a series in which each cookie is a step (H17).

The first cookie is a secret. Each later one is that secret, its own number, its time and a MAC over all of these. So
nobody can make the next cookie from one that they have, and every server recognises it without storing anything for a
step that nobody has used yet. Decisions: docs/decisions/remembered_sessions.md.
"""

import hmac
from datetime import UTC, datetime
from hashlib import sha256
from typing import Final

from attrs import field, frozen

from iam.secrets import minted
from iam.secrets.minted import Kind
from iam.service import service

PURPOSE: Final = "session steps"
NUMBER: Final = 4  # base62 digits
SECOND: Final = 6  # base62 digits of a time since 1970, good until the year 3769
MAC: Final = 43
LAST: Final = len(minted.ALPHABET) ** NUMBER - 1


@frozen
class Step:
    """One cookie of a series: the secret that began the series, the number of changes since, and when it was made.

    The first cookie has no such time.
    """

    series: str = field(repr=False)
    number: int = 0
    issued_at: datetime | None = None

    def next(self, newest: int, now: datetime) -> "Step":
        """Returns the step after the newest one that was used."""
        return self.of(min(newest + 1, LAST), now)

    def of(self, number: int, now: datetime) -> "Step":
        """Returns a step of the same series, made now."""
        return Step(self.series, number, now)


@service
class Steps:
    """Reads and writes the cookies, under a key of the server."""

    key: bytes

    def read(self, cookie: str) -> Step | None:
        """Returns the step, or None if the cookie is not one of ours."""
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
        """Returns the cookie of this step."""
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
    """Returns the moment that many seconds after 1970, in UTC."""
    return datetime.fromtimestamp(second, UTC)
