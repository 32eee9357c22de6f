"""The audit log: what was done, and by whom (H29). Its events are written by the statements that do it."""

import json
from collections.abc import Mapping
from datetime import date, datetime
from typing import Final

from attrs import asdict
from psycopg2 import errorcodes

from iam.database.database import Database
from iam.database.errors import Rejected
from iam.records.actor import By
from iam.records.audit import Event, Month, Wanted
from iam.records.invalid import Invalid

NOT_OURS: Final = (
    "The role that this runs as in the database does not own the audit log: only its owner removes months."
)

LIST: Final = """
select id, at, kind, actor, subject, client, host(address), detail from audit_events
where (%(since)s::timestamptz is null or at >= %(since)s)
    and (%(client)s::text is null or client = %(client)s)
    and (%(user)s::text is null or subject = %(user)s or actor = 'user ' || %(user)s)
    and (%(kind)s::text is null or kind = %(kind)s)
order by at, n
"""

# The latest first. Events are found by the network that their address is in, as SHORTEN cuts it down to.
PAGE: Final = """
select n, id, at, kind, actor, subject, client, host(address), detail from audit_events
where (%(before)s::timestamptz is null or (at, n) < (%(before)s, %(number)s))
    and (%(since)s::timestamptz is null or at >= %(since)s)
    and (%(client)s::text is null or client = %(client)s)
    and (%(user)s::text is null or {whose})
    and (%(kind)s::text is null or kind = %(kind)s)
    and (%(until)s::timestamptz is null or at < %(until)s)
    and (%(by)s::text is null or actor = %(by)s)
    and (%(network)s::inet is null or address is not null and address && %(network)s::inet
        and network(set_masklen(address, case family(address) when 4 then 24 else 48 end))
            = network(set_masklen(%(network)s::inet, case family(%(network)s::inet) when 4 then 24 else 48 end)))
order by at desc, n desc limit %(limit)s
"""
ABOUT: Final = PAGE.format(whose="subject = %(user)s")
DONE: Final = PAGE.format(whose="actor = 'user ' || %(user)s")

# What is about a person and what they did are two indexes, each in the order of time.
INVOLVED: Final = f"(({ABOUT}) union ({DONE})) order by at desc, n desc limit %(limit)s"

# After a month an address is cut down to its network (H39), some at a time; `progress` holds how far this has come.
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

# Whole months are dropped, and the month that is written to gets an event about it.
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

EXPORTED: Final = "select audited('audit.exported', %(now)s, %(actor)s, %(address)s, detail => %(terms)s::jsonb)"

EVERYTHING: Final = Wanted()
ADDRESSES: Final = 1000  # events that are looked at in one statement


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
        """Returns events, oldest first; None does not restrict them.

        They are since a moment, about a client, about or by a person, and of a kind.
        """
        asked = {"since": since, "client": client, "user": user, "kind": kind}
        return [Event(*row) for row in await self._database.query(LIST, asked)]

    async def page(
        self, before: datetime | None, number: int, limit: int, wanted: Wanted = EVERYTHING
    ) -> list[tuple[int, Event]]:
        """Returns events with their numbers, the latest first, those in front of a moment and number; `limit` at most."""
        told = {"before": before, "number": number, "limit": limit, **terms(wanted)}
        sql = INVOLVED if wanted.did and wanted.user else ABOUT
        return [(n, Event(*row)) for n, *row in await self._database.query(sql, told)]

    async def note_export(self, wanted: Wanted, now: datetime, by: By) -> None:
        """Notes that somebody took these events along."""
        told = {name: str(value) for name, value in asdict(wanted).items() if value}
        await self._database.query(EXPORTED, {"terms": json.dumps(told), "now": now, **by.columns})

    async def months(self) -> list[Month]:
        """Returns the parts of the audit log, oldest first; those of a server of the version before are wider."""
        return [Month(*row) for row in await self._database.query(MONTHS)]

    async def prune(self, before: date, now: datetime, by: By) -> list[Month]:
        """Drops the months that ended by this day, and returns them.

        Raises Invalid for a role that does not own the log.
        """
        told = {"before": before, "now": now, **by.columns}
        try:
            return [Month(*row) for row in await self._database.query(PRUNE, told)]
        except Rejected as rejected:
            if rejected.sqlstate != errorcodes.INSUFFICIENT_PRIVILEGE:
                raise
            raise Invalid({"before": NOT_OURS}) from None

    async def shorten(self, before: datetime) -> int:
        """Cuts the addresses in some events from before this moment down to their networks.

        Returns the number of events that it looked at, which is 0 when all are done.
        """
        ((count,),) = await self._database.aside(SHORTEN, {"before": before, "most": ADDRESSES})
        return int(count)


def terms(wanted: Wanted) -> Mapping[str, object]:
    """Returns what is wanted, by the names that the statement has for it."""
    told = asdict(wanted)
    return {**told, "by": told.pop("actor"), "network": told.pop("address")}
