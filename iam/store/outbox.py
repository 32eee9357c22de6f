"""The outbox: mail that is to be sent, filled by the SQL function `mailed` in whatever statement has something to tell.

Any number of servers take from it. A server that takes a mail leases it for a while; if it dies, another one takes it.
"""

from collections.abc import Callable
from datetime import datetime
from typing import Final
from uuid import UUID

from iam.database.database import Database
from iam.records.mail import Mail

# To confirm an address a mail goes to whoever has it, perhaps a stranger to the account: not under a name that somebody chose.
TAKE: Final = """
with due as materialized (
    select id from outbox where sent_at is null and given_up_at is null and due_at <= %(now)s
    order by due_at, created_at limit %(most)s
    for update skip locked
)
update outbox o set attempts = o.attempts + 1, due_at = %(until)s, lent_until = %(until)s from due
where o.id = due.id
returning o.id, o.template, o.recipient, o.user_id, o.detail, o.secret, o.created_at, o.attempts,
    coalesce((select u.name from users u where u.id = o.user_id and o.template <> 'verify'), '')
"""

# Whoever sent it says so, even if another server has taken it over meanwhile.
SENT: Final = """
update outbox set sent_at = %(now)s, given_up_at = null, secret = null, reason = null where id = any(%(ids)s::uuid[])
"""

# Of two servers that have had a mail, the one that took it last says what becomes of it.
FAILED: Final = """
update outbox set due_at = %(due_at)s, reason = %(reason)s
where id = %(id)s and attempts = %(attempt)s and sent_at is null and given_up_at is null
"""
GIVE_UP: Final = """
update outbox set given_up_at = %(now)s, secret = null, reason = %(reason)s
where id = %(id)s and attempts = %(attempt)s and sent_at is null and given_up_at is null
returning audited('mail.not_delivered', %(now)s, 'server', null, subject => user_id::text,
    detail => jsonb_build_object('mail', template, 'attempts', attempts))
"""

SWEEP: Final = """
delete from outbox where id in (
    select id from outbox
    where (sent_at is not null or given_up_at is not null) and coalesce(sent_at, given_up_at) < %(before)s
    limit %(most)s
)
returning id
"""

SWEPT: Final = 1000  # rows of one statement


def nobody() -> None:
    """Does nothing; `wake` is this until it is set."""


class Outbox:
    """The table of mail; `wake` is called when there may be something new in it."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self.wake: Callable[[], None] = nobody

    def changed(self) -> None:
        """Calls `wake`, because there may be new mail."""
        self.wake()

    async def take(self, now: datetime, until: datetime, *, most: int) -> list[Mail]:
        """Leases at most so many mails that are due, until `until`."""
        told = {"now": now, "until": until, "most": most}
        return [Mail(*row) for row in await self._database.aside(TAKE, told)]

    async def sent(self, ids: list[UUID], now: datetime) -> None:
        """Notes that these mails were sent, and forgets the secrets in them."""
        await self._database.aside(SENT, {"ids": [str(one) for one in ids], "now": now})

    async def failed(self, mail: Mail, due_at: datetime, reason: str) -> None:
        """Schedules a mail again, and notes why it was not sent."""
        told = {"id": mail.id, "attempt": mail.attempt, "due_at": due_at, "reason": reason}
        await self._database.aside(FAILED, told)

    async def give_up(self, mail: Mail, now: datetime, reason: str) -> None:
        """Ends the attempts to send a mail, notes why, and forgets the secret in it."""
        told = {"id": mail.id, "attempt": mail.attempt, "now": now, "reason": reason}
        await self._database.aside(GIVE_UP, told)

    async def sweep(self, before: datetime) -> int:
        """Deletes a part of the mail that was sent or given up before `before`; returns how many rows."""
        return len(await self._database.aside(SWEEP, {"before": before, "most": SWEPT}))
