"""Lines of the log of which others can cause any number: one a second says how many there were."""

from collections.abc import Callable
from typing import Final

from iam.reactor import Timer

SECOND: Final = 1.0


class Summary:
    """Counts for a second from the first on, then says how many."""

    def __init__(self, reactor: Timer, say: Callable[[int], None]) -> None:
        self._reactor = reactor
        self._say = say
        self._count = 0

    def add(self) -> None:
        """One more."""
        if not self._count:
            self._reactor.callLater(SECOND, self._tell)
        self._count += 1

    def _tell(self) -> None:
        count, self._count = self._count, 0
        self._say(count)
