"""Limits wrong codes: five of one factor of a person, then one more after each pause; and those of a network (H14, H24)."""

from collections.abc import Awaitable, Callable
from typing import Final
from uuid import UUID

from attrs import frozen

from iam.networks import network
from iam.store import refused_counts
from iam.store.refused_counts import RefusedCounts
from iam.throttles.throttle import Throttle

FACTOR: Final = "factor"


@frozen
class FactorAttempts:
    """Limits attempts to prove a factor."""

    throttle: Throttle
    counts: RefusedCounts

    async def make(self, name: str, user_id: UUID, address: str, test: Callable[[], Awaitable[bool]]) -> bool:
        """Returns the result of the test of what came for this factor of a person. Raises Throttled before it.

        A right one lets the person be wrong again as often as before; others of the network still count.
        """
        own, shared = self.throttle.bucket(FACTOR, f"{user_id} {name}"), self.throttle.of_network(address, FACTOR)
        await self.throttle.take(FACTOR, [own, *shared], address)
        if await test():
            await self.throttle.buckets.give([(own, own.burst), *((bucket, 1) for bucket in shared)])
            return True
        self.counts.add(refused_counts.FACTOR, network(address))
        return False
