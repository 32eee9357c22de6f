"""Refusals: why requests were refused, kept for a day. They are stored together, so that no request waits for that."""

from collections import Counter
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

from attrs import asdict, astuple, fields, frozen
from twisted.internet.defer import Deferred, DeferredLock
from twisted.logger import Logger

from iam.daily import Daily
from iam.database.database import Database
from iam.database.errors import NoPartition, Rejected, Unavailable
from iam.records.refusal import NOTHING, Presented, Trace
from iam.recurring import Recurring

KEPT: Final = timedelta(days=1)
PACE: Final = 1.0  # seconds between two statements, at least
MOST: Final = 1000  # refusals that wait for the next statement
MOST_OF_CLIENT: Final = 5  # of these for one client from one address
MOST_OF_ADDRESS: Final = 20
LONGEST_CLIENT_ID: Final = 255

# No request waits for this statement, so it also looks up the presented secret or token: whose it is, and how it ended.
STORE: Final = """
insert into refusals (day, id, at, endpoint, error, failed, expected, got, client_id, grant_type, address, presented, user_id)
select i.day, i.id, i.at, i.endpoint, i.error, i.failed, i.expected,
    coalesce(
        (select case when s.client_id <> i.client_id then 'of another application'
                     when s.expires_at <= i.at then 'expired' end
         from client_secrets s where s.digest = i.secret_digest limit 1),
        case when t.revoked_at is not null then 'revoked'
             when t.expires_at <= i.at then 'expired'
             when t.digest is not null then 'given out here, but what it was granted by or for has ended' end,
        i.got),
    coalesce(c.id, g.client_id), i.grant_type, i.address, i.presented, i.user_id
from unnest(%(id)s::text[], %(at)s::timestamptz[], %(endpoint)s::text[], %(error)s::text[], %(failed)s::text[],
            %(expected)s::text[], %(got)s::text[], %(client_id)s::text[], %(grant_type)s::text[], %(address)s::text[],
            %(presented)s::text[], %(user_id)s::uuid[], %(secret_digest)s::bytea[], %(token_digest)s::bytea[],
            %(token_day)s::date[], %(day)s::date[])
    as i (id, at, endpoint, error, failed, expected, got, client_id, grant_type, address, presented, user_id,
          secret_digest, token_digest, token_day, day)
left join clients c on c.id = i.client_id
left join access_tokens t on t.digest = i.token_digest and t.day = i.token_day
left join grants g on g.id = t.grant_id
on conflict do nothing
returning id
"""

COLUMNS: Final = """
select id, at, endpoint, error, failed, expected, got, client_id, grant_type, address, presented, user_id from refusals
"""
FIND: Final = COLUMNS + "where id = %(id)s and at > %(since)s"
LATEST: Final = COLUMNS + "where client_id = %(client_id)s and at > %(since)s order by at desc limit %(most)s"
# The latest first.
PAGE: Final = (
    COLUMNS
    + """
where at > %(since)s and (%(before)s::timestamptz is null or (at, id) < (%(before)s, %(id)s))
    and (%(wanted)s::text is null or id = %(wanted)s)
    and (%(client_id)s::text is null or client_id = %(client_id)s)
    and (%(user_id)s::uuid is null or user_id = %(user_id)s)
    and (%(endpoint)s::text is null or endpoint = %(endpoint)s)
    and (%(error)s::text is null or error = %(error)s)
order by at desc, id desc limit %(limit)s
"""
)

log = Logger()


@frozen
class Wanted:
    """Which refusals are wanted, `wanted` by the id; None does not restrict them."""

    client_id: str | None = None
    user_id: UUID | None = None
    endpoint: str | None = None
    error: str | None = None
    since: datetime | None = None
    wanted: str | None = None


NAMES: Final = (*(each.name for each in (*fields(Trace), *fields(Presented))), "day")


class Refusals:
    """The table of refusals, and those that wait for the next statement."""

    def __init__(self, database: Database, daily: Daily | None = None) -> None:
        self._daily = daily
        self._database = database
        self._waiting: list[tuple[object, ...]] = []
        self._counts: Counter[tuple[str | None, ...]] = Counter()
        self._alarm: Any = None
        self._lock = DeferredLock()
        self._unstored = Recurring(database.reactor, tell)
        self.dropped = 0  # refusals that were not stored

    def add(self, trace: Trace, presented: Presented = NOTHING) -> bool:
        """Queues a refusal to be stored soon.

        Returns False, and drops it, if there are too many: of this client and address, of this address, in all, or
        today.
        """
        client_id = trace.client_id if len(trace.client_id or "") <= LONGEST_CLIENT_ID else None
        of_client, of_address = (trace.address, client_id), (trace.address,)
        if (
            len(self._waiting) >= MOST
            or self._counts[of_client] >= MOST_OF_CLIENT
            or self._counts[of_address] >= MOST_OF_ADDRESS
            or (self._daily is not None and not self._daily.admit(trace.address, trace.at))
        ):
            self.dropped += 1
            return False
        self._counts.update((of_client, of_address))
        self._waiting.append((*astuple(trace), *astuple(presented), (trace.at + KEPT).date()))
        self._schedule()
        return True

    async def flush(self) -> None:
        """Stores the refusals that wait, in one statement. Those that cannot be stored are dropped.

        While the database is unavailable they go on waiting, up to MOST; while it is only read they are dropped too.
        """
        async with self._lock:
            rows, self._waiting = self._waiting, []
            self._counts.clear()
            if not rows:
                return
            if self._database.obstacle():
                self.dropped += len(rows)
                return
            try:
                await self._database.aside(STORE, columns(rows))
            except (
                NoPartition,
                Rejected,
            ) as error:  # there is no partition for the day, or something else that waiting does not mend
                self._unstored.add(str(error))
                self.dropped += len(rows)
            except Unavailable:
                self._waiting = (rows + self._waiting)[:MOST]

    async def stop(self) -> None:
        """Stores the refusals that wait, and cancels the timers."""
        if self._alarm is not None:
            self._alarm.cancel()
            self._alarm = None
        await self.flush()
        self._unstored.stop()

    async def find(self, identifier: str, now: datetime) -> Trace | None:
        """Returns the refusal with this id, or None if there is none of the last day; those that wait are stored first."""
        await self.flush()
        rows = await self._database.query(FIND, {"id": identifier, "since": now - KEPT})
        return Trace(*rows[0]) if rows else None

    async def latest(self, client_id: str, now: datetime, most: int) -> list[Trace]:
        """Returns the last `most` refusals of a client within a day, the latest first."""
        rows = await self._database.query(LATEST, {"client_id": client_id, "since": now - KEPT, "most": most})
        return [Trace(*row) for row in rows]

    async def page(
        self, wanted: Wanted, now: datetime, limit: int, before: datetime | None = None, identifier: str = ""
    ) -> list[Trace]:
        """Returns the refusals of a day that are wanted, the latest first; `limit` at most.

        These are the ones in front of the moment `before` and the id. Those that wait are stored first.
        """
        await self.flush()
        told = {
            "before": before,
            "id": identifier,
            "limit": limit,
            "since": max(now - KEPT, wanted.since or now - KEPT),
        }
        return [Trace(*row) for row in await self._database.query(PAGE, {**asdict(wanted), **told})]

    def _schedule(self) -> None:
        if self._alarm is None:
            self._alarm = self._database.reactor.callLater(PACE, self._ring)

    def _ring(self) -> None:
        self._alarm = None
        Deferred.fromCoroutine(self._flush_again())

    async def _flush_again(self) -> None:
        await self.flush()
        if self._waiting:
            self._schedule()


def tell(reason: str, count: int) -> None:
    """Logs that refusals are lost, why, and how often."""
    log.warn("refusals cannot be stored: {reason} (times: {count})", reason=reason, count=count)


def columns(rows: Sequence[tuple[object, ...]]) -> dict[str, list[object]]:
    """Returns the rows as the arrays that the statement takes, by name."""
    return dict(zip(NAMES, map(list, zip(*rows, strict=True)), strict=True))
