"""The audit log: what was done here, by whom (H29). Its rows are written by the statements that do it, and only ever read here."""

from collections.abc import Mapping
from datetime import datetime
from ipaddress import ip_address
from typing import Final
from uuid import UUID

from attrs import field, frozen

from iam.store.database import Database

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
        and masklen(address) = case family(address) when 4 then 32 else 128 end
)
select count(*) from looked
"""
ADDRESSES: Final = 1000  # that are shortened at a time


def written(address: str | None) -> str | None:
    """The address as PostgreSQL takes it; none where it is no address, since an event must never be in the way."""
    try:
        return str(ip_address((address or "").partition("%")[0]))
    except ValueError:
        return None


@frozen
class By:
    """Who does something, and from where.

    `user ID`, `client ID`, `registration token ID`, `anybody`, `command line`, `setup` or `server`.
    """

    actor: str
    address: str | None = field(default=None, converter=written)

    @property
    def columns(self) -> Mapping[str, str | None]:
        """Its parameters of a statement."""
        return {"actor": self.actor, "address": self.address}


SERVER: Final = By("server")


@frozen
class Event:
    """Something that was done; `subject` is the person's id that it is about."""

    id: UUID
    at: datetime
    kind: str
    actor: str
    subject: str | None
    client: str | None
    address: str | None
    detail: Mapping[str, object]


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

    async def shorten(self, before: datetime) -> int:
        """Leave of some older addresses the network alone; how many events it looked at, 0 where it has come to the end."""
        ((count,),) = await self._database.aside(SHORTEN, {"before": before, "most": ADDRESSES})
        return int(count)
