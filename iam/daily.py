"""So much a day, of each network and in all: a cap on what anybody can have us write down."""

from collections import Counter
from datetime import date, datetime
from typing import Final

from iam.networks import network

KNOWN: Final = 10_000  # networks that are counted at a time; those beyond share what is left for all


class Daily:
    """Lets `most_of_network` a day of each network pass, `most` in all."""

    def __init__(self, most_of_network: int, most: int) -> None:
        self._most_of_network = most_of_network
        self._most = most
        self._day: date = date.min
        self._total = 0
        self._counts: Counter[str] = Counter()
        self.refused = 0  # today

    def admit(self, address: str | None, now: datetime) -> bool:
        """Count one more from there; False where that is too much for today."""
        if now.date() != self._day:
            self._day, self._total, self.refused = now.date(), 0, 0
            self._counts.clear()
        where = network(address or "")
        if where not in self._counts and len(self._counts) >= KNOWN:
            where = ""
        if self._total >= self._most or self._counts[where] >= self._most_of_network:
            self.refused += 1
            return False
        self._total += 1
        self._counts[where] += 1
        return True
