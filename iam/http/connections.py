"""Limits of connections, in all and of one network; when they run short, the network with most makes room (H6)."""

from collections import Counter
from collections.abc import Callable, Collection
from functools import lru_cache
from typing import Final

from iam.http.channel import Channel, Phase
from iam.limits import Limits
from iam.networks import KNOWN, network, site

TIGHT: Final = 0.8  # share of all connections above which networks with many of them make room
UNASKED: Final = (
    Phase.CLOSING,
    Phase.IDLE,
    Phase.HEAD,
    Phase.BODY,
)  # phases without a complete request, the cheapest to close first


class Connections:
    """Counts connections by network; `channels` are the open ones, `exempt` says whether an address is a proxy, which serves many."""

    def __init__(self, limits: Limits, channels: Collection[Channel], exempt: Callable[[str], bool]) -> None:
        self._limits = limits
        self._channels = channels
        self._exempt = lru_cache(maxsize=KNOWN)(
            exempt
        )  # called for all connections whenever one comes while they run short
        self.networks: Counter[str] = Counter()
        self.sites: Counter[str] = Counter()

    def begin(self, address: str) -> None:
        """Counts a new connection from this address."""
        self.networks[network(address)] += 1
        self.sites[site(address)] += 1

    def end(self, address: str) -> None:
        """Counts the end of a connection from this address."""
        for counts, name in ((self.networks, network(address)), (self.sites, site(address))):
            counts[name] -= 1
            if counts[name] <= 0:
                del counts[name]

    def admit(self, address: str) -> bool:
        """Whether there is room for one more connection from this address; if they run short, another one is closed for it."""
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
        """Closes a connection of the network that has most: an idle one or, if all are taken, one without a complete request.

        Does nothing, and returns False, if the newcomer's network would then have more itself.
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
        """Returns the sort key: the network with most connections, then the cheapest phase, then the oldest connection."""
        return self.networks[network(channel.address)], -UNASKED.index(channel.phase), -channel.since
