"""Links to passwords that are still good, without their secrets: listed for who administers the server, and withdrawn."""

from datetime import datetime
from typing import Final
from uuid import UUID

from iam.database.database import Database
from iam.records.actor import By
from iam.records.offered_link import OfferedLink

# A link that an administrator makes is two, to be handed over and to be mailed, of the same moment: they are shown as one.
# One that nobody was shown is left out.
# Those first that are good for longest.
# (`case`: PostgreSQL takes what functions say of a row for a rare thing, and would sort the few that it expects.)
PAGE: Final = """
select l.id, l.kind, u.id, u.username,
    (select coalesce((select w.username from users w
            where w.id = case when starts_with(e.actor, 'user ') then substr(e.actor, 6)::uuid end), e.actor) from audit_events e
        where e.day = audit_day(l.created_at) and e.subject = l.user_id::text and e.at = l.created_at
            and e.kind in ('user.invited', 'user.reset_offered', 'user.reset_asked') limit 1),
    l.created_at, l.expires_at, l.email is null,
    coalesce(l.email, (select m.email from links m
        where m.user_id = l.user_id and m.kind = l.kind and m.created_at = l.created_at and m.email is not null
            and link_trouble(m, u, %(now)s) is null limit 1))
from links l join users u on u.id = l.user_id
where l.kind in ('invite', 'reset') and l.used_at is null and l.expires_at > %(now)s
    and case when link_trouble(l, u, %(now)s) is null and coalesce(l.data ->> 'shown', 'true') = 'true' then true end
    and (l.email is null or not exists (select from links p
        where p.user_id = l.user_id and p.kind = l.kind and p.created_at = l.created_at and p.email is null
            and coalesce(p.data ->> 'shown', 'true') = 'true'
            and link_trouble(p, u, %(now)s) is null))
    and (%(id)s::uuid is null or l.id = %(id)s)
    and (%(before)s::timestamptz is null or (l.expires_at, l.id) < (%(before)s, %(before_id)s))
    and (%(user_id)s::uuid is null or l.user_id = %(user_id)s)
    and (%(kind)s::text is null or l.kind = %(kind)s)
order by l.expires_at desc, l.id desc limit %(limit)s
"""

# The account is locked first, as by everything else that changes it. A link that is withdrawn has expired; it stays, so that
# it goes on replacing those from before it.
WITHDRAW: Final = """
with held as materialized (
    select u as person, l.kind, l.created_at from links l join users u on u.id = l.user_id
    where l.id = %(id)s and l.kind in ('invite', 'reset')
    for no key update of u
), ended as (
    update links l set expires_at = %(now)s from held h
    where l.user_id = (h.person).id and l.kind = h.kind and l.created_at = h.created_at
        and link_trouble(l, h.person, %(now)s) is null
    returning l.user_id, l.kind
)
select audited('user.invitation_withdrawn', %(now)s, %(actor)s, %(address)s, subject => e.user_id::text,
    detail => jsonb_build_object('link', e.kind))
from (select distinct user_id, kind from ended) e
"""


class Invitations:
    """The table of links, as far as they lead to passwords."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def find(self, link_id: UUID, now: datetime) -> OfferedLink | None:
        """Returns the link with this id, if it is good."""
        found = await self._select(now, None, None, 1, id=link_id)
        return found[0] if found else None

    async def page(
        self,
        now: datetime,
        before: datetime | None,
        link_id: UUID,
        limit: int,
        *,
        user_id: UUID | None = None,
        kind: str | None = None,
    ) -> list[OfferedLink]:
        """Returns links that are good, those first that are so for longest, from before an end and id; `limit` at most.

        They are for a person and of a kind; None does not restrict them.
        """
        return await self._select(now, before, link_id, limit, user_id=user_id, kind=kind)

    async def _select(
        self, now: datetime, before: datetime | None, before_id: UUID | None, limit: int, **filters: object
    ) -> list[OfferedLink]:
        place = {"now": now, "before": before, "before_id": before_id, "limit": limit}
        told = {**dict.fromkeys(("id", "user_id", "kind")), **filters, **place}
        return [OfferedLink(*row) for row in await self._database.query(PAGE, told)]

    async def withdraw(self, link_id: UUID, now: datetime, by: By) -> bool:
        """Ends a link, and the one of the same moment that was mailed. Returns False if it is not good."""
        return bool(await self._database.query(WITHDRAW, {"id": link_id, "now": now, **by.columns}))
