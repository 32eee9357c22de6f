"""Limits on wrong secrets, for every path that tests one (H14).

A secret that a person chose can be guessed, so a token is taken from a bucket before the test. A secret of ours has 256 random
bits: only a wrong one is counted, after the test, and a right one never waits. Decisions: docs/decisions/throttling.md.
"""

import math
from collections.abc import Sequence
from typing import Final

from twisted.logger import Logger

from iam.clock import Clock
from iam.database.errors import Unavailable
from iam.limits import Limits
from iam.networks import network, site
from iam.service import service
from iam.store.buckets import Bucket, Buckets, Empty
from iam.throttles.tally import Tally

LOGIN: Final = "login"
SECRET: Final = "secret"

log = Logger()


class Throttled(Exception):
    """Too many wrong secrets came lately: HTTP 429, to be tried again in `retry_after` seconds, as the `empty` buckets say."""

    def __init__(self, empty: Sequence[Empty]) -> None:
        super().__init__("Too many wrong secrets have come from here.")
        self.empty = empty
        self.retry_after = max(1, math.ceil(max(each.wait for each in empty)))


@service
class Throttle:
    """Takes tokens from buckets that all servers share, and counts its refusals by minute and network."""

    buckets: Buckets
    clock: Clock
    limits: Limits
    tally: Tally

    async def take(self, kind: str, buckets: Sequence[Bucket], address: str) -> None:
        """Takes a token from each bucket before a secret that a person chose is tested; raises Throttled or Unavailable."""
        self._refuse(kind, await self.buckets.take(buckets, self.clock.now()), address)

    def look(self, kind: str, buckets: Sequence[Bucket], address: str) -> None:
        """Raises Throttled if this server knows that one of the buckets is empty; runs no statement."""
        self._refuse(kind, self.buckets.empty(buckets, self.clock.now()), address)

    def look_up(self, address: str | None) -> None:
        """Raises Throttled, before a secret is looked up, if too many wrong ones came from this address's network; runs no statement."""
        self.look(SECRET, self.of_network(address or ""), address or "")

    async def wrong(self, address: str | None, client_id: str | None = None) -> None:
        """Counts a wrong secret of ours, also for the client if one is given; raises Throttled if too many came from this network."""
        address = address or ""
        own = [self.bucket("secret client", f"{client_id} {network(address)}")] if client_id is not None else []
        try:
            await self.take(SECRET, [*own, *self.of_network(address)], address)
        except Unavailable as error:  # the secret is still wrong, so the caller's answer stays the same
            log.debug("a wrong secret was not counted: {reason}", reason=str(error))

    def of_network(self, address: str, kind: str = SECRET) -> list[Bucket]:
        """Returns the bucket of the address's network and, for IPv6, the one of its /48."""
        own = self.bucket(f"{kind} network", network(address))
        return [own] if site(address) == network(address) else [own, self.bucket(f"{kind} site", site(address))]

    def bucket(self, kind: str, name: str) -> Bucket:
        """Returns the bucket of this kind and name, with the size and pause that the limits give for its kind."""
        field = kind.replace(" ", "_")
        return Bucket(kind, name, getattr(self.limits, field), getattr(self.limits, f"{field}_pause"))

    def _refuse(self, kind: str, empty: Sequence[Empty], address: str) -> None:
        if empty:
            self.tally.add(kind, network(address))
            raise Throttled(empty)
