"""Rows kept in memory: read far more often than written, and dropped when they may have changed (H46)."""

import gc
from collections import OrderedDict
from collections.abc import Awaitable, Callable
from typing import Generic, TypeVar

from iam.clock import Clock
from iam.database.errors import Unavailable

MAXIMUM_AGE = 5.0  # seconds that memory may be behind the database
LONGEST = 600.0  # seconds until a value is read again though nobody has reported a change: triggers may be switched off
MAXIMUM_BYTES = 256 * 1024 * 1024  # of one memory, as `weigh` counts them
SET_ASIDE = 2_000  # new values, each time that garbage collection is told to leave alone what there is
SHOWN = 600.0  # seconds that what was known last may be shown while the database does not answer
AGAIN = 5.0  # seconds until a database that did not answer is asked again for that

Key = TypeVar("Key")
Value = TypeVar("Value")


def one_table(_value: object) -> int:
    """Returns 0: a table that is kept as a whole is never forgotten for its size."""
    return 0


class Memory(Generic[Key, Value]):
    """What `read` returned for each key, as long as it is fresh.

    A value is fresh for `MAXIMUM_AGE` seconds after it was read. It stays fresh, for up to `LONGEST` seconds, while `heard` returns a
    moment (seconds of `clock`) less than `MAXIMUM_AGE` ago: all changes committed before that moment have been reported here by
    `forget` or `forget_one`. The values used least recently are dropped when all together weigh more than `MAXIMUM_BYTES`.
    """

    def __init__(
        self,
        clock: Clock,
        read: Callable[[Key], Awaitable[Value | None]],
        heard: Callable[[], float],
        weigh: Callable[[Value], int] = one_table,
    ) -> None:
        self._clock = clock
        self._read = read
        self._heard = heard
        self._weigh = weigh
        self._known: OrderedDict[Key, tuple[float, Value]] = OrderedDict()
        self._shown: dict[Key, tuple[float, Value]] = {}
        self._failed = -AGAIN
        self._reading: dict[Key, object] = {}  # the newest read of each key that nothing was forgotten of since
        self._new = 0  # values kept since garbage collection was told last
        self.bytes = 0

    def fresh(self, key: Key) -> Value | None:
        """Returns the value of `key` if it is in memory and fresh."""
        known = self._known.get(key)
        if known is None:
            return None
        now = self._clock.seconds()
        age = now - known[0]
        if not (0 <= age < MAXIMUM_AGE or (0 <= age < LONGEST and 0 <= now - self._heard() < MAXIMUM_AGE)):
            return None
        self._known.move_to_end(key)
        return known[1]

    async def get(self, key: Key) -> Value | None:
        """Returns the value of `key`, from memory while it is fresh. A key without a value is read each time."""
        known = self.fresh(key)
        if known is not None:
            return known
        now = self._clock.seconds()
        mine = self._reading[key] = object()
        try:
            value = await self._read(key)
            if value is not None and self._reading.get(key) is mine:
                self._remember(key, now, value)
            return value
        finally:
            if self._reading.get(key) is mine:
                del self._reading[key]

    async def shown(self, key: Key) -> Value | None:
        """Returns the value of a table that is kept as a whole; while the database does not answer, the last one of the last minutes.

        Only for tables kept as a whole (key None), and for what is shown to everybody: nothing may be issued, verified
        or decided with it. Raises Unavailable.
        """
        now, (at, last) = self._clock.seconds(), self._shown.get(key, (-SHOWN, None))
        good = last is not None and 0 <= now - at < SHOWN
        if good and (key in self._reading or 0 <= now - self._failed < AGAIN):
            return last
        try:
            return await self.get(key)
        except Unavailable:
            self._failed = self._clock.seconds()
            if not good:
                raise
            return last

    def forget(self) -> None:
        """Drops everything: any value may have changed."""
        self._known.clear()
        self._reading = {}
        self.bytes = 0

    def forget_one(self, key: Key) -> None:
        """Drops the value of this key: it may have changed."""
        self._reading.pop(key, None)
        known = self._known.pop(key, None)
        if known is not None:
            self.bytes -= self._weigh(known[1])

    def _remember(self, key: Key, now: float, value: Value) -> None:
        """Keeps a value that was just read, and drops those used least recently where there is too much."""
        before = self._known.pop(key, None)
        if before is not None and before[1] == value:
            value = before[1]  # which garbage collection may have been told of
        else:
            self.bytes += self._weigh(value) - (self._weigh(before[1]) if before else 0)
            self._new += 1
        self._known[key] = now, value
        while self.bytes > MAXIMUM_BYTES:
            self.bytes -= self._weigh(self._known.popitem(last=False)[1][1])
        if key is None:
            self._shown[key] = now, value
        if self._new >= SET_ASIDE:
            self._leave_alone()

    def _leave_alone(self) -> None:
        """Has garbage collection look through what came lately, and never again at what is there now.

        Else it stops the server for longer the more there is in memory: for 200 milliseconds at a hundred thousand
        clients. Reference counts free what is forgotten, as it has no cycles.
        """
        self._new = 0
        gc.collect()
        gc.freeze()
