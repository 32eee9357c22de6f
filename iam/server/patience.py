"""The wait of a starting server for its database."""

from collections.abc import Awaitable, Callable
from typing import Final, TypeVar

from attrs import define, field
from twisted.internet.task import deferLater

from iam.database.errors import Unavailable, Unusable
from iam.database.migration import Interrupted
from iam.reactor import Timer

CUSTOMARY: Final = 60.0  # seconds to wait, unless a person waits at a terminal
PAUSE: Final = 0.5  # seconds between two attempts

T = TypeVar("T")


@define
class Patience:
    """Waits `_seconds` for a database that may answer soon, and reports the beginning and the end of the wait."""

    _reactor: Timer
    _seconds: float
    _tell: Callable[[str, float], None]  # a line, and the seconds that are left
    _end: float = field(init=False)
    _waiting: bool = field(init=False, default=False)

    def __attrs_post_init__(self) -> None:
        self._end = self._reactor.seconds() + self._seconds

    async def with_(self, work: Callable[[], Awaitable[T]]) -> T:
        """Returns the result of `work`, tried again while its error may pass; raises the last error when the time is up."""
        while True:
            try:
                return await work()
            except Unusable:
                raise
            except (Interrupted, Unavailable) as reason:
                left = self._end - self._reactor.seconds()
                if left <= 0:
                    raise
                self._begin(reason)
                await deferLater(self._reactor, min(PAUSE, left))

    def _begin(self, reason: Exception) -> None:
        if not self._waiting:
            most = "1 second" if self._seconds == 1 else f"{self._seconds:g} seconds"
            line = f"Waiting for the database, {most} at most (--wait-for-database). {reason}"
            self._tell(line, self._seconds)
        self._waiting = True

    def relieve(self) -> None:
        """Reports that the database is there, if there was a wait."""
        if self._waiting:
            self._tell("The database is there; the start goes on.", 0)
        self._waiting = False
