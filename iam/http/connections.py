"""Who may connect: so many in all, so many of one network, and where it grows tight the greediest make room (H6)."""

from collections import Counter
from collections.abc import Callable, Collection
from functools import lru_cache
from typing import Final

from iam.http.channel import Channel, Phase
from iam.limits import Limits
from iam.networks import KNOWN, network, site

TIGHT: Final = 0.8  # of all connections, from which on the networks with most of them make room
UNASKED: Final = (
    Phase.CLOSING,
    Phase.IDLE,
    Phase.HEAD,
    Phase.BODY,
)  # nobody has asked anything in full: cheapest first


class Connections:
    """Counts connections by network; `channels` are those that are open, `exempt` knows the proxies, who speak for many."""

    def __init__(self, limits: Limits, channels: Collection[Channel], exempt: Callable[[str], bool]) -> None:
        self._limits = limits
        self._channels = channels
        self._exempt = lru_cache(maxsize=KNOWN)(
            exempt
        )  # asked of all connections, for each that comes while it is tight
        self.networks: Counter[str] = Counter()
        self.sites: Counter[str] = Counter()

    def begin(self, address: str) -> None:
        """A connection from there is open."""
        self.networks[network(address)] += 1
        self.sites[site(address)] += 1

    def end(self, address: str) -> None:
        """It is gone."""
        for counts, name in ((self.networks, network(address)), (self.sites, site(address))):
            counts[name] -= 1
            if counts[name] <= 0:
                del counts[name]

    def admit(self, address: str) -> bool:
        """Is there room for one more from this address? Where it is tight, room is made."""
        exempt = self._exempt(address)
        if not exempt and self._crowded(address):
            return False
        full = len(self._channels) >= self._limits.connections
        tight = len(self._channels) >= self._limits.connections * TIGHT
        if tight and self._limits.connections_per_network is not None:
            made = self._make_room("" if exempt else network(address), full=full)
            return made or not full
        return not full

    def _crowded(self, address: str) -> bool:
        most = self._limits.connections_per_network
        if most is None:
            return False
        wider = max(most, self._limits.connections_per_site)
        return self.networks[network(address)] >= most or self.sites[site(address)] >= wider

    def _make_room(self, comer: str, *, full: bool) -> bool:
        """Close a connection of the network that has most: one that is idle, or where all is full, on which nothing is asked yet.

        Never in favour of a network that would then have more itself.
        """
        candidates = [
            channel
            for channel in self._channels
            if (channel.idle or (full and channel.phase in UNASKED)) and not self._exempt(channel.address)
        ]
        if not candidates:
            return False
        greediest = max(candidates, key=self._greed)
        if self.networks[network(greediest.address)] <= self.networks[comer] + 1:
            return False
        greediest.leave(at_once=full)
        return True

    def _greed(self, channel: Channel) -> tuple[int, int, float]:
        """Who has most comes first, of those the cheapest to lose, of those the oldest."""
        return self.networks[network(channel.address)], -UNASKED.index(channel.phase), -channel.since
