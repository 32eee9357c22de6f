"""The audit log: what was done here, by whom (H29). Its rows are written by the statements that do it, and only ever read here."""

from datetime import date, datetime
from typing import Final

from iam.database.database import Database
from iam.records.actor import By
from iam.records.audit import Event, Month

LIST: Final = """
select id, at, kind, actor, subject, client, host(address), detail from audit_events
where (%(since)s::timestamptz is null or at >= %(since)s)
    and (%(client)s::text is null or client = %(client)s)
    and (%(user)s::text is null or subject = %(user)s or actor = 'user ' || %(user)s)
    and (%(kind)s::text is null or kind = %(kind)s)
order by at, n
"""

# After a month only the network is left of an address (H39), some at a time: how far they have come stands in `progress`.
SHORTEN: Final = """
with looked as materialized (
    select at from audit_events
    where at < %(before)s and at > coalesce((select until from progress where task = 'addresses'), '-infinity')
    order by at limit %(most)s
), progressed as (
    insert into progress as p (task, until)
    select 'addresses', max(at) from looked having max(at) is not null
    on conflict (task) do update set until = greatest(p.until, excluded.until)
    returning until
), shortened as (
    update audit_events e
    set address = network(set_masklen(address, case family(address) when 4 then 24 else 48 end))
    from progressed p
    where e.at <= p.until and e.at > coalesce((select until from progress where task = 'addresses'), '-infinity')
        and masklen(address) > case family(address) when 4 then 24 else 48 end
)
select count(*) from looked
"""
MONTHS: Final = "select name, since, until, events, bytes from audit_months()"

# Whole months go, with a word of it in the one that is written to.
PRUNE: Final = """
with pruned as materialized (
    select name, since, until, events, bytes from prune_audit(%(before)s)
), audited as materialized (
    select audited('audit.pruned', %(now)s, %(actor)s, %(address)s, detail =>
        jsonb_build_object('before', %(before)s, 'since', min(since), 'until', max(until), 'events', sum(events)))
    from pruned having count(*) > 0
)
select name, since, until, events, bytes from pruned where exists (select from audited)
"""

ADDRESSES: Final = 1000  # that are shortened at a time


class Audit:
    """The table of audit events."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def events(
        self,
        *,
        since: datetime | None = None,
        client: str | None = None,
        user: str | None = None,
        kind: str | None = None,
    ) -> list[Event]:
        """What was done, oldest first: since then, about this client, about or by this person, of this kind."""
        asked = {"since": since, "client": client, "user": user, "kind": kind}
        return [Event(*row) for row in await self._database.query(LIST, asked)]

    async def months(self) -> list[Month]:
        """The parts of the audit log, oldest first; those of a server of the version before are wider."""
        return [Month(*row) for row in await self._database.query(MONTHS)]

    async def prune(self, before: date, now: datetime, by: By) -> list[Month]:
        """Drop the months that were over by this day; what they were. Raises Rejected for a role that does not own the log."""
        told = {"before": before, "now": now, **by.columns}
        return [Month(*row) for row in await self._database.query(PRUNE, told)]

    async def shorten(self, before: datetime) -> int:
        """Leave of some older addresses the network alone; how many events it looked at, 0 where it has come to the end."""
        ((count,),) = await self._database.aside(SHORTEN, {"before": before, "most": ADDRESSES})
        return int(count)
