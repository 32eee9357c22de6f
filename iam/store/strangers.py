"""The last uses of clients, and the deletion of unused clients that registered themselves and that nobody answers for.

A use is noted in memory and written from time to time, for the day: issuing tokens writes nothing for it.
"""

from collections.abc import Sequence
from datetime import date, datetime
from typing import Final

from iam.clock import Clock
from iam.database.database import Database
from iam.records.actor import SERVER
from iam.store.partitions import DAY

STEP: Final = 500  # clients at a time
MOST_NOTED: Final = 50_000  # clients that a process notes in a day; the uses of further ones are not known

USED: Final = """
with written as (
    insert into client_uses as u (client_id, day)
    select c.id, %(day)s from clients c where c.id = any(%(ids)s)
    on conflict (client_id) do update set day = excluded.day where u.day < excluded.day
    returning client_id
)
select count(*) from written
"""

# A client was used if it asked for something, was allowed something or was given something. If there are almost as many
# as there may be, those that were never used are deleted after a day: most come from somebody who registers as many as
# possible.
SWEEP: Final = """
with crowd as materialized (
    select count(*) > %(crowded)s as crowded from clients where registration_digest is not null and registration_token_id is null
), unused as (
    select c.id, c.name, coalesce(u.day, (c.created_at at time zone 'UTC')::date) as day
    from clients c cross join crowd left join client_uses u on u.client_id = c.id
    where c.registration_digest is not null and c.registration_token_id is null
        and c.created_at < %(now)s::timestamptz - interval '1 day'
        and coalesce(u.day, (c.created_at at time zone 'UTC')::date)
            < %(today)s::date - case when crowded and u.day is null then 1 else %(days)s end
        and not exists (
            select from consents k
            where k.client_id = c.id and k.granted_at > %(now)s::timestamptz - make_interval(days => %(days)s)
        )
        and not exists (
            select from grants g
            where g.client_id = c.id and g.id <> c.grant_id and g.revoked_at is null
                and (g.expires_at is null or g.expires_at > %(now)s)
                and g.created_at > %(now)s::timestamptz - make_interval(days => %(days)s)
        )
    order by c.created_at limit %(step)s
    for update of c skip locked
), ended as (
    update grants g set revoked_at = %(now)s from unused where g.client_id = unused.id and g.revoked_at is null
), forgotten as (
    delete from client_uses u using unused where u.client_id = unused.id
), gone as (
    delete from clients c using unused where c.id = unused.id
    returning audited('client.deleted', %(now)s, %(actor)s, %(address)s, client => c.id,
        detail => jsonb_build_object('name', c.name, 'unused_since', unused.day))
)
select count(*) from gone
"""

# As the function last_use says, which PostgreSQL would plan anew for each client.
LAST: Final = """
select c.id, greatest(
    (select nullif(l.day, '-infinity') from last_uses l where l.client_id = c.id),
    (
        select (g.created_at at time zone 'UTC')::date from grants g
        where g.client_id = c.id and g.id <> c.grant_id order by g.id desc limit 1
    )
)
from clients c where %(ids)s::text[] is null or c.id = any (%(ids)s)
"""


class Strangers:
    """Notes the uses of clients, and deletes those that nobody answers for and that were not used for `days`.

    `most` is how many such clients there may be.
    """

    def __init__(self, database: Database, clock: Clock, *, most: int, days: int) -> None:
        self._database = database
        self._clock = clock
        self._crowded = most - most // 5
        self._days = days
        self._day = 0.0  # since the epoch, of what was noted
        self._noted: set[str] = set()
        self._waiting: set[str] = set()

    def note(self, client_id: str) -> None:
        """Notes that this client is used today."""
        today = self._clock.seconds() // DAY
        if today != self._day:
            self._day, self._noted = today, set()
        if client_id not in self._noted and len(self._noted) < MOST_NOTED:
            self._noted.add(client_id)
            self._waiting.add(client_id)

    async def write(self, now: datetime) -> int:
        """Writes some of the uses that were noted. Returns the number of clients."""
        ids = [client_id for client_id, _ in zip(self._waiting, range(STEP), strict=False)]
        if ids:
            await self._database.aside(USED, {"ids": ids, "day": now.date()})
            self._waiting.difference_update(ids)
        return len(ids)

    async def write_all(self, now: datetime) -> None:
        """Writes all uses that were noted, before the server stops."""
        while await self.write(now):
            pass

    async def last(self, ids: Sequence[str] | None = None) -> dict[str, date | None]:
        """Returns the day on which each client, or each of these, was last used, about; None if no use is known."""
        told = {"ids": None if ids is None else list(ids)}
        return {str(client_id): day for client_id, day in await self._database.query(LAST, told)}

    async def sweep(self, now: datetime) -> int:
        """Deletes some of the unused clients and ends what they were granted. Returns their number."""
        told = {"crowded": self._crowded, "days": self._days, "today": now.date(), "now": now, "step": STEP}
        ((count,),) = await self._database.aside(SWEEP, {**told, **SERVER.columns})
        return int(count)
