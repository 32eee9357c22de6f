"""Finds out from the requested writes whether writes come through; nothing is written for that."""

import re
from collections.abc import Callable, Coroutine
from functools import lru_cache
from typing import Any, Final

from iam.database.connection import Rows
from iam.database.errors import ConnectionLost, GivenUp, Unavailable
from iam.reactor import Timer

LATE: Final = (
    1.5  # seconds until a write is late, if none came through since it began; also for an answer about readiness
)
FEW: Final = 2  # late writes; a single one may be a slow statement, or wait for a lock
REMEMBERED: Final = 10.0  # seconds for which a failed write counts
NEVER: Final = float("-inf")
NOT_YET: Final = float("inf")
CHANGES: Final = re.compile(
    r"\b(insert\s+into|delete\s+from|update\s+(only\s+)?\w+(\s+(as\s+)?\w+)?\s+set|for\s+(no\s+key\s+)?update)\b"
    r"|\baudited\s*\(",
    re.IGNORECASE,
)


@lru_cache(maxsize=1024)
def writing(sql: str) -> bool:
    """Tells whether this statement writes, provided that it finds rows to write."""
    return CHANGES.search(sql) is not None


class Writes:
    """The writes under way, and how the last ones ended.

    A write that succeeds has not always come through: PostgreSQL commits without waiting if no row was changed. So
    only writes that return rows count, and if PostgreSQL itself says that commits wait, that decides instead.
    """

    def __init__(self, reactor: Timer) -> None:
        self.reactor = reactor
        self.asked: Callable[[], None] = nothing
        self._under_way: dict[object, float] = {}
        self._through = NEVER
        self._trouble = NOT_YET  # when the first of the writes began that failed since one came through
        self._failed = self._given_up = NEVER, NEVER  # when the last of these began and ended
        self._reason = ""

    async def watch(self, work: Coroutine[Any, Any, Rows]) -> Rows:
        """Returns the rows of a write, and notes how it ends."""
        key, began = object(), self.reactor.seconds()
        if self._trouble < began and not self.pending:
            self._trouble = NOT_YET  # the last trouble is too long ago to be the same
        self._under_way[key] = began
        self.asked()
        try:
            rows = await work
        except Unavailable as reason:
            self._fail(began, reason)
            raise
        finally:
            del self._under_way[key]
        if rows:
            self._through, self._trouble = self.reactor.seconds(), NOT_YET
        return rows

    def _fail(self, began: float, reason: Unavailable) -> None:
        """Notes a failed write; lost connections do not count, as they are noticed elsewhere."""
        if isinstance(reason, ConnectionLost):
            return
        self._reason = str(reason)
        ended = self.reactor.seconds()
        self._trouble = min(began, self._trouble)
        if isinstance(reason, GivenUp):
            self._given_up = max(began, self._given_up[0]), ended
        else:
            self._failed = max(began, self._failed[0]), ended

    @property
    def pending(self) -> bool:
        """Whether a write is under way, or one has failed recently."""
        return bool(self._under_way) or self._failing

    @property
    def doubtful(self) -> bool:
        """Whether a write has been under way for long, or one has failed recently."""
        return self._failing or self.since <= self.reactor.seconds() - LATE

    @property
    def since(self) -> float:
        """Since when no requested write has come through, in seconds of the reactor."""
        oldest: float = next(iter(self._under_way.values()), self.reactor.seconds())
        return min(oldest, self._trouble)

    @property
    def _failing(self) -> bool:
        """Whether writes failed recently, and none came through after they began."""
        recent = self.reactor.seconds() - REMEMBERED
        return any(began >= self._through and ended > recent for began, ended in (self._failed, self._given_up))

    @property
    def late(self) -> bool:
        """Whether several writes have been under way for long, and none came through since they began."""
        latest = self.reactor.seconds() - LATE
        late = [began for began in self._under_way.values() if self._through <= began <= latest]
        return len(late) >= FEW

    def obstacle(self) -> str:
        """Returns why writes do not come through, as the writes show it; empty if they do, or there were none."""
        if self.late:
            return "The writes that were asked are not answered."
        return "The last writes have failed: " + self._reason if self._failing else ""

    def hang(self, *, still: bool) -> None:
        """Notes PostgreSQL's word on whether statements hang: the writes we gave up go on, or are over."""
        began, ended = self._given_up
        if ended > NEVER:
            self._given_up = (began, self.reactor.seconds()) if still else (NEVER, NEVER)

    def forget(self) -> None:
        """Forgets failed writes, whose reason is gone; those that we gave up may still hang."""
        self._failed = NEVER, NEVER


def nothing() -> None:
    """Does nothing: the default of `asked`."""
