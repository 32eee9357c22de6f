"""Accounts that are to be deleted because their people asked for it, and a week to change one's mind."""

from datetime import datetime
from typing import Final
from uuid import UUID

from iam.database.database import Database
from iam.records.actor import SERVER, By

# All that the person granted ends at once, and all sessions but the one that asks. The last administrator stays.
PLAN: Final = """
with planned as (
    update users u set delete_at = %(delete_at)s, updated_at = %(now)s, not_before = greatest(not_before, %(now)s)
    where u.id = %(user_id)s and u.delete_at is null and u.disabled_at is null
        and (not u.superuser or other_administrator(u.id))
    returning u.id, audited('user.deletion_planned', %(now)s, %(actor)s, %(address)s, subject => u.id::text,
            detail => jsonb_build_object('delete_at', u.delete_at)),
        mailed('account_deletion', u.email, u.id, %(now)s,
            jsonb_strip_nulls(jsonb_build_object('until', u.delete_at, 'address', %(address)s::text)))
), ended as (
    delete from sessions s using planned p where s.user_id = p.id and s.id <> %(session_id)s returning moment(%(now)s)
)
select id from planned
"""

CANCEL: Final = """
with kept as (
    update users u set delete_at = null, updated_at = %(now)s where u.id = %(user_id)s and u.delete_at is not null
    returning u.id, audited('user.deletion_cancelled', %(now)s, %(actor)s, %(address)s, subject => u.id::text)
)
select id from kept
"""

# One account at a time, for one may have much. An account whose person became the last administrator meanwhile stays until
# there is another one.
SWEEP: Final = """
with due as materialized (
    select u.id from users u
    where u.delete_at <= %(now)s and (not u.superuser or u.disabled_at is not null or other_administrator(u.id))
    order by u.delete_at limit 1
    for update skip locked
), ended as (
    update grants g set revoked_at = %(now)s from due where g.user_id = due.id and g.revoked_at is null returning g.id
), deleted as (
    delete from users u using due where u.id = due.id
    returning u.id, moment(%(now)s), audited('user.deleted', %(now)s, %(actor)s, %(address)s, subject => u.id::text,
        detail => jsonb_build_object('grants_ended', (select count(*) from ended)))
)
select count(*) from deleted
"""


class Deletions:
    """The planned deletions in the table of users."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def planned(self, user_id: UUID) -> datetime | None:
        """Returns when this account is to be deleted; None if that is not planned."""
        rows = await self._database.query("select delete_at from users where id = %(id)s", {"id": user_id})
        return rows[0][0] if rows else None

    async def plan(self, user_id: UUID, session_id: UUID, delete_at: datetime, now: datetime, by: By) -> bool:
        """Plans a deletion, and ends the person's other sessions and all that they granted.

        Returns False if one is planned already, if the person is disabled, or if they are the last administrator.
        """
        told = {"user_id": user_id, "session_id": session_id, "delete_at": delete_at, "now": now, **by.columns}
        return bool(await self._database.query(PLAN, told))

    async def cancel(self, user_id: UUID, now: datetime, by: By) -> bool:
        """Keeps the account. Returns False if no deletion is planned."""
        return bool(await self._database.query(CANCEL, {"user_id": user_id, "now": now, **by.columns}))

    async def sweep(self, now: datetime) -> int:
        """Deletes an account that is due, with all that its person granted. Returns 0 if none is."""
        ((count,),) = await self._database.aside(SWEEP, {"now": now, **SERVER.columns})
        return int(count)
