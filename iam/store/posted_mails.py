"""The mail of the outbox, listed for who administers the server, who may hurry a mail that waits or discard it."""

from datetime import datetime
from typing import Final
from uuid import UUID

from iam.database.database import Database
from iam.records.actor import By
from iam.records.posted_mail import PostedMail

# The latest first. A mail that a server is sending is due again when that one may have died.
PAGE: Final = """
select o.id, o.template, o.recipient, o.user_id, u.username,
    case when sent_at is not null then 'delivered' when given_up_at is not null then 'failed' else 'waiting' end,
    w.waits and w.lent, o.attempts, o.reason, o.created_at,
    case when w.waits and not w.lent then greatest(o.due_at, o.created_at) end, coalesce(o.sent_at, o.given_up_at)
from outbox o left join users u on u.id = o.user_id
cross join lateral (select o.sent_at is null and o.given_up_at is null as waits,
    coalesce(o.lent_until = o.due_at and o.due_at > %(now)s, false) as lent) w
where (%(id)s::uuid is null or o.id = %(id)s)
    and (%(before)s::timestamptz is null or (o.created_at, o.id) < (%(before)s, %(before_id)s))
    and (%(state)s::text is null or %(state)s =
        case when sent_at is not null then 'delivered' when given_up_at is not null then 'failed' else 'waiting' end)
    and (%(user_id)s::uuid is null or o.user_id = %(user_id)s)
    and (%(since)s::timestamptz is null or o.created_at >= %(since)s)
order by o.created_at desc, o.id desc limit %(limit)s
"""

# Not one that a server is sending: it would go twice.
RETRY: Final = """
update outbox set due_at = %(now)s
where id = %(id)s and sent_at is null and given_up_at is null
    and (lent_until is null or lent_until <> due_at or due_at <= %(now)s)
returning audited('mail.retried', %(now)s, %(actor)s, %(address)s, subject => user_id::text,
    detail => jsonb_build_object('mail', template)), pg_notify('iam_changed', 'outbox')
"""
DISCARD: Final = """
delete from outbox
where id = %(id)s and sent_at is null and given_up_at is null
    and (lent_until is null or lent_until <> due_at or due_at <= %(now)s)
returning audited('mail.discarded', %(now)s, %(actor)s, %(address)s, subject => user_id::text,
    detail => jsonb_build_object('mail', template))
"""

TEST: Final = """
select u.email, mailed('test', u.email, u.id, %(now)s, jsonb_build_object('address', %(address)s::text)),
    audited('mail.tested', %(now)s, %(actor)s, %(address)s, subject => u.id::text)
from users u
where u.id = %(user_id)s and u.email is not null and u.email_verified and u.disabled_at is null
"""


class PostedMails:
    """The table of mail, without what is secret in it."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def find(self, mail_id: UUID, now: datetime) -> PostedMail | None:
        """Returns the mail with this id."""
        found = await self._select(now, None, None, 1, id=mail_id)
        return found[0] if found else None

    async def page(
        self,
        now: datetime,
        before: datetime | None,
        mail_id: UUID,
        limit: int,
        *,
        state: str | None = None,
        user_id: UUID | None = None,
        since: datetime | None = None,
    ) -> list[PostedMail]:
        """Returns mail, the latest first, that from before a moment and id; `limit` at most.

        It is in a state, about a person, and was written since a moment; None does not restrict it.
        """
        return await self._select(now, before, mail_id, limit, state=state, user_id=user_id, since=since)

    async def _select(
        self, now: datetime, before: datetime | None, before_id: UUID | None, limit: int, **filters: object
    ) -> list[PostedMail]:
        place = {"now": now, "before": before, "before_id": before_id, "limit": limit}
        told = {**dict.fromkeys(("id", "state", "user_id", "since")), **filters, **place}
        return [PostedMail(*row) for row in await self._database.query(PAGE, told)]

    async def retry(self, mail_id: UUID, now: datetime, by: By) -> bool:
        """Has a mail that waits sent now. Returns False if it does not wait, or is under way."""
        return bool(await self._database.query(RETRY, {"id": mail_id, "now": now, **by.columns}))

    async def discard(self, mail_id: UUID, now: datetime, by: By) -> bool:
        """Deletes a mail that waits. Returns False if it does not wait, or is under way."""
        return bool(await self._database.query(DISCARD, {"id": mail_id, "now": now, **by.columns}))

    async def test(self, user_id: UUID, now: datetime, by: By) -> str | None:
        """Mails a person that mail arrives; returns their address, or None if it is not known to be theirs."""
        rows = await self._database.query(TEST, {"user_id": user_id, "now": now, **by.columns})
        return str(rows[0][0]) if rows else None
