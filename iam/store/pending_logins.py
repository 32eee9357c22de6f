"""Logins that still lack a factor: whoever has the secret of one is nobody yet, except to the pages that ask for it."""

from collections.abc import Sequence
from datetime import datetime
from typing import Final
from uuid import UUID

from iam.database.database import Database
from iam.records.actor import written
from iam.records.pending_login import PendingLogin

SWEPT: Final = 1000  # rows that are deleted in one statement

# (`session.begun` follows, once the factor is proved; without it somebody knew the password alone.)
BEGIN: Final = """
insert into pending_logins (digest, user_id, auth_time, remembered, amr, address, expires_at)
select %(digest)s, u.id, %(auth_time)s, %(remembered)s, %(amr)s, %(address)s::inet, %(expires_at)s
from users u where u.id = %(user_id)s and u.disabled_at is null
for key share of u
returning audited('login.pending', %(now)s, 'user ' || user_id, %(address)s, subject => user_id::text)
"""

# Those of people who were disabled or got another password meanwhile are over.
FIND: Final = """
select u.id, u.username, p.auth_time, p.remembered, p.amr
from pending_logins p
join users u on u.id = p.user_id and u.disabled_at is null and p.auth_time >= u.logins_not_before
where p.digest = %(digest)s and p.expires_at > %(now)s
"""

# Counted before a code is tested, so that of codes that come at once, on whichever servers, no more than `most` are.
COUNT: Final = """
update pending_logins set codes = codes + 1
where digest = %(digest)s and codes < %(most)s and expires_at > %(now)s
returning digest
"""

SWEEP: Final = """
with old as (
    select digest from pending_logins where expires_at < %(now)s order by expires_at limit %(most)s for update skip locked
), gone as (
    delete from pending_logins p using old where p.digest = old.digest returning p.digest
)
select count(*) from gone
"""


class PendingLogins:
    """The table of logins that still lack a factor; `sessions.BEGIN` deletes one as its session begins."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def begin(
        self,
        *,
        digest: bytes,
        user_id: UUID,
        auth_time: datetime,
        remembered: bool,
        amr: Sequence[str],
        now: datetime,
        expires_at: datetime,
        address: str | None,
    ) -> bool:
        """Stores a login that lacks a factor. Returns False if the person is locked out."""
        told = {
            "digest": digest,
            "user_id": user_id,
            "auth_time": auth_time,
            "remembered": remembered,
            "amr": list(amr),
            "now": now,
            "expires_at": expires_at,
            "address": written(address),
        }
        return bool(await self._database.query(BEGIN, told))

    async def find(self, digest: bytes, now: datetime) -> PendingLogin | None:
        """Returns the login with this digest; None if it expired, is a session by now, or must not become one."""
        rows = await self._database.query(FIND, {"digest": digest, "now": now})
        return PendingLogin(*rows[0]) if rows else None

    async def count(self, digest: bytes, most: int, now: datetime) -> bool:
        """Counts one more code that is typed in this login. Returns False if there were `most`, or the login is over."""
        return bool(await self._database.query(COUNT, {"digest": digest, "most": most, "now": now}))

    async def sweep(self, now: datetime) -> int:
        """Deletes some of those that have expired, and returns how many."""
        rows = await self._database.query(SWEEP, {"now": now, "most": SWEPT})
        return int(rows[0][0])
