"""The one clock: what time it is, as an aware datetime."""

from collections.abc import Callable
from datetime import UTC, datetime

from attrs import frozen


@frozen
class Clock:
    """Reads `seconds` (since the epoch), which is the reactor's clock in a server and a turned one in tests."""

    seconds: Callable[[], float]

    def now(self) -> datetime:
        """The present moment, in UTC."""
        return datetime.fromtimestamp(self.seconds(), UTC)
