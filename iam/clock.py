"""The clock: the present moment as an aware datetime."""

from collections.abc import Callable
from datetime import UTC, datetime

from attrs import frozen


@frozen
class Clock:
    """A clock on `seconds`, which returns the seconds since the epoch: the reactor's in a server, a simulated one in tests."""

    seconds: Callable[[], float]

    def now(self) -> datetime:
        """Returns the present moment in UTC."""
        return datetime.fromtimestamp(self.seconds(), UTC)
