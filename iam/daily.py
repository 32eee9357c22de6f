"""Daily caps, for each network and in all, on what anybody can make us write."""

from collections import Counter
from datetime import date, datetime
from typing import Final

from iam.networks import network

KNOWN: Final = 10_000  # networks that are counted at a time; further ones are counted together


class Daily:
    """Admits `most_of_network` events a day (UTC) of each network, and `most` in all."""

    def __init__(self, most_of_network: int, most: int) -> None:
        self._most_of_network = most_of_network
        self._most = most
        self._day: date = date.min
        self._total = 0
        self._counts: Counter[str] = Counter()
        self.refused = 0  # today

    def admit(self, address: str | None, now: datetime) -> bool:
        """Counts one more event from this address; False if its network, or all together, have had enough for today."""
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
