"""The change of a password by the person whose it is."""

from datetime import date, datetime
from typing import Final
from uuid import UUID

from attrs import asdict, frozen

from iam.database.database import Database
from iam.records.actor import By

# The session at the browser goes on with another cookie (H17). What else ends is the person's choice; where sessions end,
# logins end too that are under way with the password of before, so the one at the browser counts from now on: its person has
# just given the password that holds.
CHANGE: Final = """
with changed as (
    update users u set password_hash = %(password_hash)s, updated_at = %(now)s,
        logins_not_before = case
            when %(end_sessions)s then greatest(u.logins_not_before, %(now)s) else u.logins_not_before
        end,
        applications_not_before = case
            when %(end_applications)s then greatest(u.applications_not_before, %(now)s) else u.applications_not_before
        end,
        tokens_not_before = case when %(end_tokens)s then greatest(u.tokens_not_before, %(now)s) else u.tokens_not_before end
    from sessions s
    where u.id = %(user_id)s and u.disabled_at is null and s.id = %(session_id)s and s.day = %(day)s and s.user_id = u.id
    returning u.id, audited('user.password_changed', %(now)s, %(actor)s, %(address)s, subject => u.id::text,
            detail => jsonb_strip_nulls(jsonb_build_object(
                'sessions_ended', case when %(end_sessions)s then (
                    select count(*) from sessions o where o.user_id = u.id and o.id <> %(session_id)s
                ) end,
                'sessions_kept', nullif(not %(end_sessions)s, false),
                'grants_kept', nullif(not %(end_applications)s, false),
                'tokens_kept', nullif(not %(end_tokens)s, false)))),
        mailed('password_changed', u.email, u.id, %(now)s,
            jsonb_strip_nulls(jsonb_build_object('address', %(address)s::text, 'device', nullif(%(device)s, ''))))
), rotated as (
    update sessions s set digest = %(digest)s, step = 0, stepped_at = %(now)s, auth_time = %(now)s
    from changed c where s.user_id = c.id and s.id = %(session_id)s and s.day = %(day)s
), ended as (
    delete from sessions s using changed c where s.user_id = c.id and s.id <> %(session_id)s and %(end_sessions)s
    returning moment(%(now)s)
)
select id from changed
"""


@frozen
class Change:
    """A new password, and what else ends with it; `digest` is of the cookie that the session goes on with."""

    user_id: UUID
    session_id: UUID
    day: date
    digest: bytes
    password_hash: str
    end_sessions: bool
    end_applications: bool
    end_tokens: bool
    now: datetime
    device: str


class OwnPasswords:
    """The passwords in the table of users."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def change(self, change: Change, by: By) -> bool:
        """Changes a password. Returns False if the session has ended, or the person is disabled."""
        return bool(await self._database.query(CHANGE, {**asdict(change), **by.columns}))
