"""How much may be written: each person, client and network has a budget, so that nobody fills the disk (H14).

It is for pages, forms and registrations. What clients do that have authenticated (tokens, introspection, revocation) is not
counted: their rows go by partition.
"""

from contextlib import suppress
from math import ceil
from typing import Final

from attrs import frozen

from iam.clock import Clock
from iam.database.errors import Unavailable
from iam.limits import Limits
from iam.networks import network
from iam.store.buckets import Bucket, Buckets

PIECE: Final = 4096  # bytes of a body that cost one token more
PEOPLE: Final = 10  # times as much for all who are logged in from one network: each of them has a budget besides


@frozen
class WriteBudget:
    """Budgets in buckets that all servers share."""

    buckets: Buckets
    limits: Limits
    clock: Clock

    async def wait(self, address: str | None, actor: str | None, size: int) -> int:
        """Take what `size` bytes cost from the budgets of the address' network and of the actor, those that are given.

        Who is known and who is not have separate budgets of their network, so that nobody's forms hold up who is logged in.
        The seconds until there is enough, 0 where there was. A database that takes nothing now takes no writes either, so
        that nothing is counted then.
        """
        shared = [self._of_network(address, known=actor is not None)] if address is not None else []
        wanted = [*shared, *([self._of(actor)] if actor else [])]
        with suppress(Unavailable):
            empty = await self.buckets.take(wanted, self.clock.now(), 1 + size // PIECE)
            return ceil(max((each.wait for each in empty), default=0))
        return 0

    def _of(self, actor: str) -> Bucket:
        return Bucket("writes of", actor, self.limits.writes, self.limits.writes_pause)

    def _of_network(self, address: str, *, known: bool) -> Bucket:
        burst, pause = self.limits.writes_per_network, self.limits.writes_per_network_pause
        if known:
            return Bucket("writes of people from", network(address), burst * PEOPLE, pause / PEOPLE)
        return Bucket("writes from", network(address), burst, pause)
