"""Limits wrong codes (H14, H24).

Of one factor of a person five are tested, then one more after each pause; of a network more; in one login five, whatever
the limits are.
"""

from collections.abc import Awaitable, Callable, Sequence
from typing import Final
from uuid import UUID

from iam.networks import network
from iam.records import refused_login
from iam.service import service
from iam.store import refused_counts
from iam.store.buckets import Bucket
from iam.store.refused_counts import RefusedCounts
from iam.store.refused_logins import RefusedLogins
from iam.throttles.throttle import Throttle, Throttled

FACTOR: Final = "factor"
MOST: Final = 5  # codes that are typed in one login

Count = Callable[[], Awaitable[bool]]


class Spent(Exception):
    """So many codes were typed in this login that no more is tested: it has to begin anew."""


@service
class FactorAttempts:
    """Limits attempts to prove a factor."""

    throttle: Throttle
    counts: RefusedCounts
    refused: RefusedLogins

    async def make(
        self, name: str, user_id: UUID, address: str, test: Callable[[], Awaitable[bool]], count: Count | None = None
    ) -> bool:
        """Returns the result of the test of what came for this factor of a person. Raises Throttled before it.

        A right one lets the person be wrong again as often as before; others of the network still count. `count` counts
        it in the login; raises Spent if it says False.
        """
        own, shared = self.throttle.bucket(FACTOR, f"{user_id} {name}"), self.throttle.of_network(address, FACTOR)
        await self._take([own, *shared], user_id, address)
        if count is not None and not await count():
            raise Spent
        if await test():
            await self.throttle.buckets.give([(own, own.burst), *((bucket, 1) for bucket in shared)])
            return True
        self.counts.add(refused_counts.FACTOR, network(address))
        self.refused.add(user_id, refused_login.FACTOR, address)
        return False

    async def _take(self, buckets: Sequence[Bucket], user_id: UUID, address: str) -> None:
        """Takes a token from each bucket; notes whose code is held up. Raises Throttled."""
        try:
            await self.throttle.take(FACTOR, buckets, address)
        except Throttled as error:
            self.refused.add(user_id, refused_login.THROTTLED, address, error.empty)
            raise
