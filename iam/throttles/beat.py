"""Answers that leave at a beat: their time tells nothing about the work behind them (H15)."""

from math import ceil
from typing import Final

from twisted.internet.task import deferLater

from iam.reactor import Timer

SPAN: Final = 0.1  # seconds; the work takes a few milliseconds


class Beat:
    """Delays answers until a multiple of SPAN seconds after their requests came."""

    def __init__(self, reactor: Timer) -> None:
        self._reactor = reactor

    def begin(self) -> float:
        """Returns the moment at which a request came."""
        return self._reactor.seconds()

    async def keep(self, came: float) -> None:
        """Waits until the answer to the request that came at this moment is due."""
        spent = self._reactor.seconds() - came
        await deferLater(self._reactor, max(ceil(spent / SPAN), 1) * SPAN - spent)
