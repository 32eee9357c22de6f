"""Do writes come through? What becomes of those that are asked tells it: nothing is written to find out."""

import re
from collections.abc import Callable, Coroutine
from functools import lru_cache
from typing import Any, Final

from iam.database.connection import Rows
from iam.database.errors import ConnectionLost, GivenUp, Unavailable
from iam.reactor import Timer

LATE: Final = (
    1.5  # seconds after which a write that others have not overtaken is late, and so is an answer about readiness
)
FEW: Final = 2  # late writes; a single one may be a slow statement, or wait for somebody's lock
REMEMBERED: Final = 10.0  # seconds that a write counts which has ended without success
NEVER: Final = float("-inf")
NOT_YET: Final = float("inf")
CHANGES: Final = re.compile(
    r"\b(insert\s+into|delete\s+from|update\s+(only\s+)?\w+(\s+(as\s+)?\w+)?\s+set|for\s+(no\s+key\s+)?update)\b"
    r"|\baudited\s*\(",
    re.IGNORECASE,
)


@lru_cache(maxsize=1024)
def writing(sql: str) -> bool:
    """Does this statement write, if it finds what to write?"""
    return CHANGES.search(sql) is not None


class Writes:
    """The writes under way, and how the last ones ended.

    A write that ends well is not always one that came through: PostgreSQL commits without waiting where no row was
    changed. So only rows count, and none of this is asked whether PostgreSQL itself says that commits wait.
    """

    def __init__(self, reactor: Timer) -> None:
        self.reactor = reactor
        self.asked: Callable[[], None] = nothing
        self._under_way: dict[object, float] = {}
        self._through = NEVER
        self._trouble = NOT_YET  # when the first write began that has failed since one came through
        self._failed = self._given_up = NEVER, NEVER  # when the last such write began and ended
        self._reason = ""

    async def watch(self, work: Coroutine[Any, Any, Rows]) -> Rows:
        """What a write gives, whose end is noted."""
        key, began = object(), self.reactor.seconds()
        if self._trouble < began and not self.pending:
            self._trouble = NOT_YET  # it is too long ago to be the same one
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
        """Note a write that has ended without success; a connection that is lost shows by itself."""
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
        """Is there a write whose end is to be seen, or one that has failed lately?"""
        return bool(self._under_way) or self._failing

    @property
    def doubtful(self) -> bool:
        """Is a write under way for long, or has one failed lately?"""
        return self._failing or self.since <= self.reactor.seconds() - LATE

    @property
    def since(self) -> float:
        """Since when no write has come through that was asked."""
        oldest: float = next(iter(self._under_way.values()), self.reactor.seconds())
        return min(oldest, self._trouble)

    @property
    def _failing(self) -> bool:
        """Did writes fail lately, and did none come through since they were asked?"""
        recent = self.reactor.seconds() - REMEMBERED
        return any(began >= self._through and ended > recent for began, ended in (self._failed, self._given_up))

    @property
    def late(self) -> bool:
        """Are several writes under way for long, and has none come through since they began?"""
        latest = self.reactor.seconds() - LATE
        late = [began for began in self._under_way.values() if self._through <= began <= latest]
        return len(late) >= FEW

    def obstacle(self) -> str:
        """Why writes do not come through, as far as they themselves show it; empty if they do, or none was asked."""
        if self.late:
            return "The writes that were asked are not answered."
        return "The last writes have failed: " + self._reason if self._failing else ""

    def hang(self, *, still: bool) -> None:
        """PostgreSQL says whether statements hang: whatever we have given up is over, or goes on."""
        began, ended = self._given_up
        if ended > NEVER:
            self._given_up = (began, self.reactor.seconds()) if still else (NEVER, NEVER)

    def forget(self) -> None:
        """What has failed had a reason that is gone; what we have given up may still hang."""
        self._failed = NEVER, NEVER


def nothing() -> None:
    """Nobody looks after the writes."""
