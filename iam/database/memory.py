"""Rows kept in memory: read far more often than written, and dropped when they may have changed (H46)."""

from collections.abc import Awaitable, Callable
from typing import Generic, TypeVar

from iam.clock import Clock
from iam.database.errors import Unavailable

MAXIMUM_AGE = 5.0  # seconds; the longest effect of a lost NOTIFY
MAXIMUM_SIZE = 10_000
SHOWN = 600.0  # seconds for which the last known value may be shown while the database does not answer
AGAIN = 5.0  # seconds until a database that did not answer is asked again by `shown`

Key = TypeVar("Key")
Value = TypeVar("Value")


class Memory(Generic[Key, Value]):
    """Caches what `read` returns for each key, for at most `MAXIMUM_AGE` seconds or until `forget`."""

    def __init__(self, clock: Clock, read: Callable[[Key], Awaitable[Value | None]]) -> None:
        self._clock = clock
        self._read = read
        self._known: dict[Key, tuple[float, Value]] = {}
        self._shown: dict[Key, tuple[float, Value]] = {}
        self._failed = -AGAIN
        self._reading: dict[Key, object] = {}  # the newest read of each key, unless it was forgotten since

    async def get(self, key: Key) -> Value | None:
        """Returns the value of `key`, from memory while it is fresh. A missing value is read each time."""
        now = self._clock.seconds()
        known = self._known.get(key)
        if known and 0 <= now - known[0] < MAXIMUM_AGE:
            return known[1]
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
        """Returns the value, or, while the database does not answer, the last one known for SHOWN seconds.

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
        """Drops all values, since any may have changed."""
        self._known = {}
        self._reading = {}

    def forget_one(self, key: Key) -> None:
        """Drops the value of this key, since it may have changed."""
        self._known.pop(key, None)
        self._reading.pop(key, None)

    def _remember(self, key: Key, now: float, value: Value) -> None:
        if len(self._known) >= MAXIMUM_SIZE:
            self._known = {}
        self._known[key] = now, value
        if key is None:
            self._shown[key] = now, value
