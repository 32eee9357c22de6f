"""How much may be written: each person, client and network has a budget, so that nobody fills the disk (H14).

It is for pages, forms and registrations. What clients do that have authenticated (tokens, introspection, revocation) is not
counted: their rows go by partition.
"""

from contextlib import suppress
from math import ceil
from typing import Final

from attrs import frozen

from iam.clock import Clock
from iam.limits import Limits
from iam.networks import network
from iam.store.buckets import Bucket, Buckets
from iam.store.errors import Unavailable

PIECE: Final = 4096  # bytes of a body that cost one token more


@frozen
class WriteBudget:
    """Budgets in buckets that all servers share."""

    buckets: Buckets
    limits: Limits
    clock: Clock

    async def wait(self, address: str | None, actor: str | None, size: int) -> int:
        """Take what `size` bytes cost from the budgets of the address' network and of the actor, those that are given.

        The seconds until there is enough, 0 where there was. A database that takes nothing now takes no writes either, so
        that nothing is counted then.
        """
        wanted = [*([self._of_network(address)] if address is not None else []), *([self._of(actor)] if actor else [])]
        with suppress(Unavailable):
            empty = await self.buckets.take(wanted, self.clock.now(), 1 + size // PIECE)
            return ceil(max((each.wait for each in empty), default=0))
        return 0

    def _of(self, actor: str) -> Bucket:
        return Bucket("writes of", actor, self.limits.writes, self.limits.writes_pause)

    def _of_network(self, address: str) -> Bucket:
        limits = self.limits
        return Bucket("writes from", network(address), limits.writes_per_network, limits.writes_per_network_pause)
