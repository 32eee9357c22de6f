"""Answers that nobody is waiting for: those to a flood go out one after another, so that it does not take the server's time."""

from secrets import SystemRandom
from typing import Final

from twisted.internet.task import deferLater

from iam.reactor import Timer

PAUSE: Final = 0.1  # seconds between two answers to one network
LONGEST: Final = 15.0  # seconds that any of them waits
MOST: Final = 1000  # networks that are remembered


class Pace:
    """Holds up what goes to one network, while there is much of it."""

    def __init__(self, reactor: Timer) -> None:
        self._reactor = reactor
        self._random = SystemRandom()
        self._next: dict[str, float] = {}

    async def keep(self, network: str) -> None:
        """Wait until the next answer to this network is due: at once, where the last one is long ago."""
        now = self._reactor.seconds()
        due = max(self._next.get(network, now), now)
        if due > now + LONGEST:
            due = now + self._random.uniform(LONGEST / 2, LONGEST)  # not all at the same moment
        else:
            self._remember(network, due + PAUSE)
        if due > now:
            await deferLater(self._reactor, due - now)

    def _remember(self, network: str, moment: float) -> None:
        self._next.pop(network, None)
        if len(self._next) >= MOST:
            del self._next[next(iter(self._next))]  # the one that was answered longest ago
        self._next[network] = moment
