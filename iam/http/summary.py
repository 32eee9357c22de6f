"""Log lines that others can cause in any number, summed up in one line a second."""

from collections.abc import Callable
from typing import Final

from iam.reactor import Timer

SECOND: Final = 1.0


class Summary:
    """Counts events for a second from the first one on, then calls `say` with the count."""

    def __init__(self, reactor: Timer, say: Callable[[int], None]) -> None:
        self._reactor = reactor
        self._say = say
        self._count = 0

    def add(self) -> None:
        """Counts one more event."""
        if not self._count:
            self._reactor.callLater(SECOND, self._tell)
        self._count += 1

    def _tell(self) -> None:
        count, self._count = self._count, 0
        self._say(count)
