"""Numbers for who administers the server, of which none takes long to count."""

from datetime import datetime, timedelta
from typing import Final

from iam.database.database import Database
from iam.records.numbers import MOST, Logins, Numbers, RefusedClient
from iam.store.refusals import KEPT

HOUR: Final = timedelta(hours=1)
DAY: Final = timedelta(days=1)
SOON: Final = timedelta(days=7)  # in which a token ends

# (`order by`: the index, which is in that order and has no others, rather than the table.)
NUMBERS: Final = """
select (select count(*) from (select from users limit %(most)s) u),
    (select count(*) from (select from clients limit %(most)s) c),
    (select count(*) from (select from outbox where sent_at is null and given_up_at is null order by due_at limit %(most)s) w),
    (select count(*) from (
        select from outbox where sent_at is null and given_up_at is null and attempts > 0 order by due_at limit %(most)s
    ) f),
    (select count(*) from (
        select from outbox where given_up_at > %(since)s limit %(most)s
    ) g),
    (select count(*) from (select grant_id from personal_tokens where client_id is not null order by client_id limit %(most)s) t
        cross join lateral (select expires_at, revoked_at from grants where id = t.grant_id offset 0) g
        where g.expires_at > %(now)s and g.expires_at < %(soon)s and g.revoked_at is null)
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

REFUSED: Final = """
select r.client_id, c.name, r.number from (
    select client_id, count(*) as number from refusals where day >= %(day)s and at > %(since)s
    group by client_id order by count(*) desc, client_id limit %(listed)s
) r left join clients c on c.id = r.client_id
order by r.number desc, r.client_id
"""

BYTES: Final = "select pg_database_size(current_database())"

LISTED: Final = 10  # clients


class Overview:
    """Counts over several tables."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def numbers(self, now: datetime) -> Numbers:
        """Returns how much there is; mail that was given up counts for a day, and tokens that end within SOON."""
        told = {"most": MOST + 1, "since": now - DAY, "now": now, "soon": now + SOON}
        return Numbers(*(await self._database.query(NUMBERS, told))[0])

    async def logins(self, now: datetime) -> Logins:
        """Returns how many logins there were in the last hour and day; of the latest MOST events, if there were more."""
        told = {"since": now - DAY, "hour": now - HOUR, "most": MOST}
        return Logins(*(await self._database.query(LOGINS, told))[0])

    async def refused(self, now: datetime) -> list[RefusedClient]:
        """Returns the clients with the most refusals in the last hour, and how many those are."""
        told = {"day": (now - HOUR + KEPT).date(), "since": now - HOUR, "listed": LISTED}
        return [RefusedClient(*row) for row in await self._database.query(REFUSED, told)]

    async def bytes(self) -> int:
        """Returns the size of the database on its disk."""
        ((size,),) = await self._database.query(BYTES)
        return int(size)
