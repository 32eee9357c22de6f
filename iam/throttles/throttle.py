"""How often a secret may be tried: the one place for every path that tests one (H14).

What people choose can be guessed, so a token is taken before it is tested. What we make has 256 random bits: there only what was
wrong is counted, after the test, so a right one costs nothing and never has to wait. Decisions: docs/decisions/throttling.md.
"""

import math
from collections.abc import Sequence
from typing import Final

from attrs import frozen
from twisted.logger import Logger

from iam.clock import Clock
from iam.database.errors import Unavailable
from iam.limits import Limits
from iam.networks import network, site
from iam.store.buckets import Bucket, Buckets, Empty
from iam.throttles.tally import Tally

LOGIN: Final = "login"
SECRET: Final = "secret"

log = Logger()


class Throttled(Exception):
    """Too much was wrong lately: HTTP 429, and come back in `retry_after` seconds."""

    def __init__(self, wait: float) -> None:
        super().__init__("Too many wrong secrets have come from here.")
        self.retry_after = max(1, math.ceil(wait))


@frozen
class Throttle:
    """Counts by buckets, and what it refuses by minute and network."""

    buckets: Buckets
    clock: Clock
    limits: Limits
    tally: Tally

    async def take(self, kind: str, buckets: Sequence[Bucket], address: str) -> None:
        """Take a token of each before what somebody chose is tested; raises Throttled, Unavailable."""
        self._refuse(kind, await self.buckets.take(buckets, self.clock.now()), address)

    def look(self, kind: str, buckets: Sequence[Bucket], address: str) -> None:
        """Raise Throttled where one of them is known to be empty; that takes no statement."""
        self._refuse(kind, self.buckets.empty(buckets, self.clock.now()), address)

    def look_up(self, address: str | None) -> None:
        """Raise Throttled where a secret that only the database knows has not to be looked for: too many were wrong from there."""
        self.look(SECRET, self.of_network(address or ""), address or "")

    async def wrong(self, address: str | None, client_id: str | None = None) -> None:
        """Count a wrong secret that we made, for a client; raises Throttled where too many came from there."""
        address = address or ""
        own = [self.bucket("secret client", f"{client_id} {network(address)}")] if client_id is not None else []
        try:
            await self.take(SECRET, [*own, *self.of_network(address)], address)
        except Unavailable as error:  # it is no less wrong for that
            log.debug("a wrong secret was not counted: {reason}", reason=str(error))

    def of_network(self, address: str, kind: str = SECRET) -> list[Bucket]:
        """The bucket of the address's network and, where that is part of a larger one, of the site."""
        own = self.bucket(f"{kind} network", network(address))
        return [own] if site(address) == network(address) else [own, self.bucket(f"{kind} site", site(address))]

    def bucket(self, kind: str, name: str) -> Bucket:
        """A bucket of the size that the limits of its kind say."""
        field = kind.replace(" ", "_")
        return Bucket(kind, name, getattr(self.limits, field), getattr(self.limits, f"{field}_pause"))

    def _refuse(self, kind: str, empty: Sequence[Empty], address: str) -> None:
        if empty:
            self.tally.add(kind, network(address))
            raise Throttled(max(each.wait for each in empty))
