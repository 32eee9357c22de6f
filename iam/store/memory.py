"""Rows kept in memory: read far more often than written, dropped when somebody changes them (H46)."""

from collections.abc import Awaitable, Callable
from typing import Generic, TypeVar

from iam.clock import Clock

MAXIMUM_AGE = 5.0  # seconds; a NOTIFY that was lost costs no more than this
MAXIMUM_SIZE = 10_000

Key = TypeVar("Key")
Value = TypeVar("Value")


class Memory(Generic[Key, Value]):
    """What `read` said of each key, for at most `MAXIMUM_AGE` seconds or until `forget`."""

    def __init__(self, clock: Clock, read: Callable[[Key], Awaitable[Value | None]]) -> None:
        self._clock = clock
        self._read = read
        self._known: dict[Key, tuple[float, Value]] = {}
        self._reading: dict[Key, object] = {}  # the newest read of each key that nothing was forgotten of since

    async def get(self, key: Key) -> Value | None:
        """The value of `key`, from memory while it is fresh. What is not there is asked for each time."""
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

    def forget(self) -> None:
        """Everything may have changed."""
        self._known = {}
        self._reading = {}

    def forget_one(self, key: Key) -> None:
        """The value of this key may have changed."""
        self._known.pop(key, None)
        self._reading.pop(key, None)

    def _remember(self, key: Key, now: float, value: Value) -> None:
        if len(self._known) >= MAXIMUM_SIZE:
            self._known = {}
        self._known[key] = now, value
