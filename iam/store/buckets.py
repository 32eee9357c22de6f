"""Token buckets, shared by all servers: a bucket holds some tokens, and regains one after each pause.

A row says when its bucket is full again, and a full bucket needs no row. How much a bucket holds is said by whoever
takes from it, so a changed limit applies at once.
"""

import hashlib
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import Final

from attrs import frozen

from iam.database.database import Database

MOST_KNOWN: Final = 10_000  # empty buckets in memory
SWEPT: Final = 1000  # rows that are deleted in one statement
LEEWAY: Final = timedelta(minutes=5)  # by which the clocks of two servers may differ

TAKE: Final = """
select taken, full_ats from take_tokens(
    %(names)s::bytea[], %(seconds)s::double precision[], %(spans)s::double precision[], %(now)s
)
"""
GIVE: Final = """
with held as (
    select b.name from buckets b where b.name = any (%(names)s::bytea[]) order by b.name for update
)
update buckets b set full_at = b.full_at - make_interval(secs => i.seconds)
from held, unnest(%(names)s::bytea[], %(seconds)s::double precision[]) as i (name, seconds)
where b.name = held.name and i.name = held.name
"""
# Tokens taken while a clock was ahead would block people until that time comes: such a bucket becomes empty, and no
# more.
TURN_BACK: Final = """
with held as (
    select b.name from buckets b where b.name = any (%(names)s::bytea[]) order by b.name for update
)
update buckets b set full_at = %(now)s + make_interval(secs => i.span)
from held, unnest(%(names)s::bytea[], %(spans)s::double precision[]) as i (name, span)
where b.name = held.name and i.name = held.name and b.full_at > %(now)s + make_interval(secs => i.span)
"""
SWEEP: Final = """
with old as (
    select name from buckets where full_at < %(before)s order by full_at limit %(most)s for update skip locked
), gone as (
    delete from buckets b using old where b.name = old.name returning b.name
)
select count(*) from gone
"""


@frozen
class Bucket:
    """What is counted, by kind and name: at most `burst` tokens, and one more every `pause` seconds.

    The table keeps only a digest of kind and name.
    """

    kind: str
    name: str
    burst: float
    pause: float

    @property
    def key(self) -> bytes:
        """The bucket's name in the table: 16 bytes of the SHA-256 digest of its kind and name."""
        return hashlib.sha256(f"{self.kind}\0{self.name}".encode("utf-8", "surrogatepass")).digest()[:16]

    @property
    def span(self) -> float:
        """The seconds that an empty bucket needs to fill."""
        return self.burst * self.pause

    def seconds(self, tokens: float) -> float:
        """Returns the seconds that so many tokens need to come back; more than the bucket holds count as all."""
        return min(tokens * self.pause, self.span)

    def ahead(self, full_at: datetime, now: datetime) -> bool:
        """Returns whether `full_at` was written by a clock ahead of ours: no bucket takes longer than `span`."""
        return full_at - now > timedelta(seconds=self.span) + LEEWAY

    def wait(self, full_at: datetime, tokens: float, now: datetime) -> float:
        """Returns the seconds until a bucket that is full at `full_at` has so many tokens; 0 or less: now."""
        return (full_at - now).total_seconds() + self.seconds(tokens) - self.span


@frozen
class Empty:
    """A bucket with too few tokens, and the seconds until it has enough."""

    bucket: Bucket
    wait: float


class Buckets:
    """The table of buckets, and in memory those known to be empty; if `off`, nothing is counted."""

    def __init__(self, database: Database, *, off: bool = False) -> None:
        self._database = database
        self._off = off
        self._known: dict[bytes, datetime] = {}

    async def take(self, buckets: Iterable[Bucket], now: datetime, tokens: float = 1) -> tuple[Empty, ...]:
        """Takes so many tokens from each bucket; if some have too few, takes none and returns those.

        A bucket that was found empty is refused without a statement until it has enough. Raises Unavailable.
        """
        wanted = {bucket.key: bucket for bucket in buckets}
        empty = self.empty(wanted.values(), now, tokens)
        if self._off or empty or not wanted:
            return empty
        ((taken, full_ats),) = await self._database.query(
            TAKE,
            {
                "names": list(wanted),
                "seconds": [float(bucket.seconds(tokens)) for bucket in wanted.values()],
                "spans": [float(bucket.span) for bucket in wanted.values()],
                "now": now,
            },
        )
        if taken:
            return ()
        found = await self._turned_back(list(zip(wanted.values(), full_ats, strict=True)), now)
        waits = [(bucket, full_at, bucket.wait(full_at, tokens, now)) for bucket, full_at in found]
        self._remember((bucket.key, full_at) for bucket, full_at, wait in waits if wait > 0)
        return tuple(Empty(bucket, wait) for bucket, _, wait in waits if wait > 0)

    def empty(self, buckets: Iterable[Bucket], now: datetime, tokens: float = 1) -> tuple[Empty, ...]:
        """Returns the buckets that are known, without a statement, to have too few tokens."""
        known = [(bucket, self._known[bucket.key]) for bucket in buckets if bucket.key in self._known]
        good = [(bucket, full_at) for bucket, full_at in known if not bucket.ahead(full_at, now)]
        waits = [Empty(bucket, bucket.wait(full_at, tokens, now)) for bucket, full_at in good]
        return tuple(each for each in waits if each.wait > 0)

    async def _turned_back(self, found: list[tuple[Bucket, datetime]], now: datetime) -> list[tuple[Bucket, datetime]]:
        """Returns what was found, after it empties the buckets that were written by a clock ahead of ours."""
        late = [bucket for bucket, full_at in found if bucket.ahead(full_at, now)]
        if late:
            spans = [float(bucket.span) for bucket in late]
            await self._database.query(
                TURN_BACK, {"names": [bucket.key for bucket in late], "spans": spans, "now": now}
            )
        return [
            (bucket, now + timedelta(seconds=bucket.span) if bucket in late else full_at) for bucket, full_at in found
        ]

    async def give(self, given: Sequence[tuple[Bucket, float]]) -> None:
        """Puts tokens back, at most until a bucket is full. Raises Unavailable."""
        if self._off or not given:
            return
        for bucket, _ in given:
            self._known.pop(bucket.key, None)
        await self._database.query(
            GIVE,
            {
                "names": [bucket.key for bucket, _ in given],
                "seconds": [float(bucket.seconds(tokens)) for bucket, tokens in given],
            },
        )

    async def sweep(self, now: datetime) -> int:
        """Deletes some rows of buckets that are full again, and returns how many."""
        ((count,),) = await self._database.aside(SWEEP, {"before": now - LEEWAY, "most": SWEPT})
        return int(count)

    def forget(self) -> None:
        """Forgets which buckets are empty, since some may have been filled."""
        self._known = {}

    def _remember(self, found: Iterable[tuple[bytes, datetime]]) -> None:
        if len(self._known) >= MOST_KNOWN:
            self._known = {}
        self._known.update(found)
