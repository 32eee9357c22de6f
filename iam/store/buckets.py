"""Token buckets, shared by all servers: each holds some tokens, and one comes back after each pause.

A row says when its bucket is full again. Which bucket holds how much is said by whoever takes from it, so a changed limit holds at
once, and a bucket that is full has no row.
"""

import hashlib
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import Final

from attrs import frozen

from iam.database.database import Database

MOST_KNOWN: Final = 10_000  # empty buckets that are remembered
SWEPT: Final = 1000  # rows at a time
LEEWAY: Final = timedelta(minutes=5)  # that the clocks of two servers may differ

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
# What was counted while a clock was ahead would hold people up until that time comes: such a bucket is empty, and no more.
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
    """What is counted, as its kind and name, of which the table has a digest alone; `burst` tokens, one more each `pause` seconds."""

    kind: str
    name: str
    burst: float
    pause: float

    @property
    def key(self) -> bytes:
        """Its name in the table."""
        return hashlib.sha256(f"{self.kind}\0{self.name}".encode("utf-8", "surrogatepass")).digest()[:16]

    @property
    def span(self) -> float:
        """Seconds that it takes to fill."""
        return self.burst * self.pause

    def seconds(self, tokens: float) -> float:
        """So many tokens as seconds; who wants more than there ever are, takes all."""
        return min(tokens * self.pause, self.span)

    def ahead(self, full_at: datetime, now: datetime) -> bool:
        """Was this moment written while a clock was ahead of ours? None is full later than it takes to fill."""
        return full_at - now > timedelta(seconds=self.span) + LEEWAY

    def wait(self, full_at: datetime, tokens: float, now: datetime) -> float:
        """Seconds until it has so many tokens, if it is full at this moment; 0 or less: it has them now."""
        return (full_at - now).total_seconds() + self.seconds(tokens) - self.span


@frozen
class Empty:
    """A bucket that has too little, and the seconds until it has enough."""

    bucket: Bucket
    wait: float


class Buckets:
    """The table of buckets, and those that are known to be empty; `off`: nothing is counted."""

    def __init__(self, database: Database, *, off: bool = False) -> None:
        self._database = database
        self._off = off
        self._known: dict[bytes, datetime] = {}

    async def take(self, buckets: Iterable[Bucket], now: datetime, tokens: float = 1) -> tuple[Empty, ...]:
        """Take so many tokens from each; where some have too little, from none, and these are the answer.

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
        """Those of which is known, without a statement, that they have too little."""
        known = [(bucket, self._known[bucket.key]) for bucket in buckets if bucket.key in self._known]
        good = [(bucket, full_at) for bucket, full_at in known if not bucket.ahead(full_at, now)]
        waits = [Empty(bucket, bucket.wait(full_at, tokens, now)) for bucket, full_at in good]
        return tuple(each for each in waits if each.wait > 0)

    async def _turned_back(self, found: list[tuple[Bucket, datetime]], now: datetime) -> list[tuple[Bucket, datetime]]:
        """What was found, where a clock was ahead as it is from now on."""
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
        """Put tokens back; as many as it holds, or more, fill a bucket. Raises Unavailable."""
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
        """Remove rows of buckets that are full again, some at a time; how many it were."""
        ((count,),) = await self._database.aside(SWEEP, {"before": now - LEEWAY, "most": SWEPT})
        return int(count)

    def forget(self) -> None:
        """Some may have been filled."""
        self._known = {}

    def _remember(self, found: Iterable[tuple[bytes, datetime]]) -> None:
        if len(self._known) >= MOST_KNOWN:
            self._known = {}
        self._known.update(found)
