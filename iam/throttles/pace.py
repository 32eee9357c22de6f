"""Slow answers to a flood: those to one network go out one after another, so that others are served in between."""

from secrets import SystemRandom
from typing import Final

from twisted.internet.task import deferLater

from iam.reactor import Timer

PAUSE: Final = 0.1  # seconds between two answers to one network
LONGEST: Final = 15.0  # seconds that an answer waits at most
MOST: Final = 1000  # networks that are remembered


class Pace:
    """Delays the answers to a network that causes many of them."""

    def __init__(self, reactor: Timer) -> None:
        self._reactor = reactor
        self._random = SystemRandom()
        self._next: dict[str, float] = {}

    async def keep(self, network: str, pause: float = PAUSE, earliest: float = 0.0) -> None:
        """Waits until the next answer to this network is due: `pause` seconds after the last one, LONGEST seconds from now at most.

        It is not due before the reactor's time `earliest`.
        """
        now = self._reactor.seconds()
        due = max(self._next.get(network, now), now, earliest)
        if due > now + LONGEST:
            due = now + self._random.uniform(LONGEST / 2, LONGEST)  # not all at the same moment
        else:
            self._remember(network, due + pause)
        if due > now:
            await deferLater(self._reactor, due - now)

    def _remember(self, network: str, moment: float) -> None:
        self._next.pop(network, None)
        if len(self._next) >= MOST:
            del self._next[next(iter(self._next))]  # the one that was answered longest ago
        self._next[network] = moment
