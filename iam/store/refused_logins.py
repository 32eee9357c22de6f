"""Refused logins of people who have an account, kept for a day. They are stored together, so that no answer waits for that."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

from attrs import frozen
from twisted.internet.defer import Deferred, DeferredLock
from twisted.logger import Logger

from iam.clock import Clock
from iam.database.database import Database
from iam.database.errors import Rejected, Unavailable
from iam.records.actor import By, written
from iam.records.refused_login import RefusedLogin
from iam.store.buckets import Empty

KEPT: Final = timedelta(days=1)
PACE: Final = 1.0  # seconds between two statements, at least
MOST: Final = 1000  # people and kinds that wait for the next statement
SWEPT: Final = 1000  # rows that are deleted in one statement

# A count that is a day old begins anew, and so do the buckets of a person who may try again.
STORE: Final = """
insert into refused_logins as r (user_id, kind, count, since, at, address, until, buckets)
select i.user_id, i.kind, i.count, i.since, i.at, i.address::inet, i.until,
    array(select decode(b, 'hex') from unnest(string_to_array(i.buckets, ' ')) as b)
from unnest(%(users)s::uuid[], %(kinds)s::text[], %(counts)s::bigint[], %(sinces)s::timestamptz[], %(ats)s::timestamptz[],
            %(addresses)s::text[], %(untils)s::timestamptz[], %(buckets)s::text[])
    as i (user_id, kind, count, since, at, address, until, buckets)
join users u on u.id = i.user_id
order by i.user_id, i.kind
on conflict (user_id, kind) do update set
    count = excluded.count + case when r.at > excluded.at - interval '1 day' then r.count else 0 end,
    since = case when r.at > excluded.at - interval '1 day' then r.since else excluded.since end,
    at = greatest(r.at, excluded.at), address = excluded.address, until = greatest(r.until, excluded.until),
    buckets = case when r.until > excluded.at
        then array(select distinct b from unnest(excluded.buckets || r.buckets) as b limit 50) else excluded.buckets end
returning user_id
"""

OF_PERSON: Final = """
select kind, count, since, at, host(address), until from refused_logins
where user_id = %(user_id)s and at > %(since)s order by kind
"""

# Buckets are locked in the order of their names, as whoever takes from them does. Other servers forget which were empty.
LIFT: Final = """
with lifted as (
    delete from refused_logins where user_id = %(user_id)s and until > %(now)s returning buckets
), held as (
    select b.name from buckets b where b.name = any (array(select unnest(l.buckets) from lifted l)) order by b.name for update
), filled as (
    delete from buckets b using held h where b.name = h.name returning b.name
), told as (
    select audited('user.unthrottled', %(now)s, %(actor)s, %(address)s, subject => %(user_id)s::text),
        pg_notify('iam_changed', 'buckets')
    where exists (select from lifted)
)
select count(*), (select count(*) from filled) from told
"""

SWEEP: Final = """
with old as (
    select user_id, kind from refused_logins where at < %(before)s order by at limit %(most)s for update skip locked
), gone as (
    delete from refused_logins r using old where r.user_id = old.user_id and r.kind = old.kind returning r.kind
)
select count(*) from gone
"""

log = Logger()


@frozen
class Waiting:
    """Refusals of one kind that wait to be stored."""

    count: int
    since: datetime
    at: datetime
    address: str | None = None
    until: datetime | None = None
    buckets: frozenset[bytes] = frozenset()


class RefusedLogins:
    """The table of refused logins, and those that wait for the next statement."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock
        self._waiting: dict[tuple[UUID, str], Waiting] = {}
        self._alarm: Any = None
        self._lock = DeferredLock()

    def add(self, user_id: UUID, kind: str, address: str, empty: Sequence[Empty] = ()) -> None:
        """Notes that a login of this person was refused; one that was throttled, by the buckets that were `empty`.

        Nothing of it shows in the answer: it is stored later. Beyond MOST it is not noted.
        """
        key, now = (user_id, kind), self._clock.now()
        if key not in self._waiting and len(self._waiting) >= MOST:
            return
        before = self._waiting.get(key, Waiting(0, now, now))
        until = now + timedelta(seconds=max(each.wait for each in empty)) if empty else None
        names = frozenset(each.bucket.key for each in empty)
        self._waiting[key] = Waiting(before.count + 1, before.since, now, written(address), until, names)
        if self._alarm is None:
            self._alarm = self._database.reactor.callLater(PACE, self._ring)

    async def flush(self) -> None:
        """Stores what waits, in one statement; while the database is unavailable it goes on waiting."""
        async with self._lock:
            waiting, self._waiting = self._waiting, {}
            if not waiting:
                return
            try:
                await self._database.aside(STORE, columns(waiting))
            except Rejected as error:
                log.warn("refused logins cannot be stored: {reason}", reason=str(error))
            except Unavailable:
                self._waiting = waiting | self._waiting

    async def stop(self) -> None:
        """Stores what waits, and cancels the timer."""
        if self._alarm is not None:
            self._alarm.cancel()
            self._alarm = None
        await self.flush()

    async def of_person(self, user_id: UUID) -> list[RefusedLogin]:
        """Returns what was refused to this person within a day, by kind; what waits is stored first."""
        await self.flush()
        told = {"user_id": user_id, "since": self._clock.now() - KEPT}
        return [RefusedLogin(*row) for row in await self._database.query(OF_PERSON, told)]

    async def lift(self, user_id: UUID, by: By) -> bool:
        """Fills the buckets for which this person has to wait. Returns False if there are none."""
        await self.flush()
        told = {"user_id": user_id, "now": self._clock.now(), **by.columns}
        ((count, _),) = await self._database.query(LIFT, told)
        return bool(count)

    async def sweep(self, now: datetime) -> int:
        """Deletes some rows of what is a day old, and returns how many."""
        rows = await self._database.query(SWEEP, {"before": now - KEPT, "most": SWEPT})
        return int(rows[0][0])

    def _ring(self) -> None:
        self._alarm = None
        Deferred.fromCoroutine(self._flush_again())

    async def _flush_again(self) -> None:
        await self.flush()
        if self._waiting and self._alarm is None:
            self._alarm = self._database.reactor.callLater(PACE, self._ring)


def columns(waiting: Mapping[tuple[UUID, str], Waiting]) -> dict[str, list[object]]:
    """Returns what waits as the arrays that the statement takes, by name; the names of buckets in hexadecimal digits."""
    return {
        "users": [str(user_id) for user_id, _ in waiting],
        "kinds": [kind for _, kind in waiting],
        "counts": [each.count for each in waiting.values()],
        "sinces": [each.since for each in waiting.values()],
        "ats": [each.at for each in waiting.values()],
        "addresses": [each.address for each in waiting.values()],
        "untils": [each.until for each in waiting.values()],
        "buckets": [" ".join(sorted(name.hex() for name in each.buckets)) for each in waiting.values()],
    }
