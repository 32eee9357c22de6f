"""Budgets for writing: each person, client and network has one, so that nobody fills the disk (H14).

They hold for pages, forms and registrations. Requests of authenticated clients (tokens, introspection, revocation) are not
counted, because their rows are dropped by partition.
"""

from contextlib import suppress
from math import ceil
from typing import Final

from iam.clock import Clock
from iam.database.errors import Unavailable
from iam.limits import Limits
from iam.networks import network
from iam.service import service
from iam.store.buckets import Bucket, Buckets

PIECE: Final = 4096  # bytes of a body that cost one token more
PEOPLE: Final = (
    10  # times the network's budget for all logged-in people of one network, who each have their own budget too
)


@service
class WriteBudget:
    """The budgets, in buckets that all servers share."""

    buckets: Buckets
    limits: Limits
    clock: Clock

    async def wait(self, address: str | None, actor: str | None, size: int) -> int:
        """Takes the cost of `size` bytes from the budgets of the address's network and of the actor, as far as they are given.

        A network has separate budgets for logged-in people and for strangers, so that strangers cannot hold up the former.
        Return the seconds until there is enough, 0 if there is. If the database takes no writes now, nothing is counted, because
        the request cannot write either.
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
