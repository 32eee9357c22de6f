"""Numbers for who administers the server, of which none takes long to count."""

from datetime import datetime, timedelta
from typing import Final

from iam.database.database import Database
from iam.records.numbers import MOST, Logins, Numbers, RefusedClient
from iam.store.refusals import KEPT

HOUR: Final = timedelta(hours=1)
DAY: Final = timedelta(days=1)
SOON: Final = timedelta(days=7)  # in which a token ends

# Where there are many people and applications, about as many as PostgreSQL has noted for its plans.
# (`order by`: the index, which is in that order and has no others, rather than the table.)
NUMBERS: Final = """
with about as (
    select relname as name, reltuples::bigint as number from pg_class where oid in ('users'::regclass, 'clients'::regclass)
)
select (select case when n < %(most)s then n else greatest(n, (select number from about where name = 'users')) end
        from (select count(*) as n from (select from users limit %(most)s) u) u),
    (select case when n < %(most)s then n else greatest(n, (select number from about where name = 'clients')) end
        from (select count(*) as n from (select from clients limit %(most)s) c) c),
    (select count(*) from (
        select from outbox where sent_at is null and given_up_at is null order by due_at, created_at limit %(most)s
    ) w),
    (select count(*) from (
        select from outbox where sent_at is null and given_up_at is null and attempts > 0
        order by due_at, created_at limit %(most)s
    ) f),
    (select count(*) from (
        select from outbox where given_up_at > %(since)s order by given_up_at limit %(most)s
    ) g),
    (select count(*) from (
        select from grants g where g.user_id is null and g.revoked_at is null and g.expires_at > %(now)s and g.expires_at < %(soon)s
            and exists (select from personal_tokens t where t.grant_id = g.id)
        order by g.expires_at limit %(most)s
    ) t)
"""

# Of the latest events alone, so that it takes no longer where there are many.
LOGINS: Final = """
with lately as (
    select at, kind in ('session.begun', 'session.renewed') as login,
        case when kind in ('login.refused', 'login.throttled', 'factor.refused', 'factor.throttled')
            then (detail ->> 'count')::bigint else 0 end as failed
    from audit_events where day >= audit_day(%(since)s) and at > %(since)s order by at desc limit %(most)s
)
select count(*) filter (where login and at > %(hour)s), count(*) filter (where login),
    coalesce(sum(failed) filter (where at > %(hour)s), 0)::bigint, coalesce(sum(failed), 0)::bigint,
    count(*) < %(most)s
from lately
"""

# Of the latest refusals alone.
REFUSED: Final = """
select r.client_id, c.name, r.number from (
    select client_id, count(*) as number from (
        select client_id from refusals where day >= %(day)s and at > %(since)s order by at desc, id desc limit %(most)s
    ) l
    group by client_id order by count(*) desc, client_id limit %(listed)s
) r left join clients c on c.id = r.client_id
order by r.number desc, r.client_id
"""

BYTES: Final = "select pg_database_size(current_database())"

LISTED: Final = 10  # clients
EVENTS: Final = 3_000  # that are looked through for logins


class Overview:
    """Counts over several tables."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def numbers(self, now: datetime) -> Numbers:
        """Returns how much there is; mail that was given up counts for a day, and tokens that end within SOON."""
        told = {"most": MOST + 1, "since": now - DAY, "now": now, "soon": now + SOON}
        return Numbers(*(await self._database.query(NUMBERS, told))[0])

    async def logins(self, now: datetime) -> Logins:
        """Returns how many logins there were in the last hour and day; of the latest EVENTS, if there were more."""
        told = {"since": now - DAY, "hour": now - HOUR, "most": EVENTS}
        return Logins(*(await self._database.query(LOGINS, told))[0])

    async def refused(self, now: datetime) -> list[RefusedClient]:
        """Returns the clients with the most refusals in the last hour, of the latest MOST, and how many those are."""
        told = {"day": (now - HOUR + KEPT).date(), "since": now - HOUR, "listed": LISTED, "most": MOST}
        return [RefusedClient(*row) for row in await self._database.query(REFUSED, told)]

    async def bytes(self) -> int:
        """Returns the size of the database on its disk."""
        ((size,),) = await self._database.query(BYTES)
        return int(size)
