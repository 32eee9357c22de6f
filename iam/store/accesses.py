"""What decides whether a person can log in, looked up together."""

from typing import Final
from uuid import UUID

from iam.database.database import Database
from iam.records.access import Access

OF_PERSON: Final = """
select u.disabled_at, coalesce(a.username, d.actor), u.delete_at, u.password_hash is not null,
    exists (select from totp_secrets t where t.user_id = u.id),
    exists (select from passkeys p where p.user_id = u.id and not p.upgraded), l.at
from users u
left join lateral (
    select e.actor from audit_events e
    where u.disabled_at is not null and e.subject = u.id::text and e.kind = 'user.disabled'
    order by e.at desc limit 1
) d on true
left join users a on a.id = case when starts_with(d.actor, 'user ') then substr(d.actor, 6)::uuid end
left join lateral (
    select e.at from audit_events e where e.subject = u.id::text and e.kind in ('session.begun', 'session.renewed')
    order by e.at desc limit 1
) l on true
where u.id = %(user_id)s
"""


class Accesses:
    """Looks over several tables, for one person at a time."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def of_person(self, user_id: UUID) -> Access | None:
        """Returns what decides whether this person can log in; None if there is nobody with this id."""
        rows = await self._database.query(OF_PERSON, {"user_id": user_id})
        return Access(*rows[0]) if rows else None
