"""Browsers in which a person is not asked for another factor, by the digest of a mark in the browser's device cookie."""

from datetime import datetime
from typing import Final
from uuid import UUID

from iam.database.database import Database
from iam.records.actor import By
from iam.records.remembered_browser import RememberedBrowser

SWEPT: Final = 1000  # rows that are deleted in one statement

REMEMBER: Final = """
insert into remembered_browsers (digest, id, user_id, user_agent, created_at, expires_at)
select %(digest)s, %(id)s, u.id, %(user_agent)s, %(since)s, %(until)s
from users u where u.id = %(user_id)s and u.disabled_at is null
on conflict do nothing
returning audited('browser.remembered', %(now)s, %(actor)s, %(address)s, subject => user_id::text,
    detail => jsonb_build_object('browser', id))
"""

# A new password of the person (by a reset, or an administrator's) forgets all: it moves `logins_not_before`.
LIVING: Final = """
select b.id, b.user_agent, b.created_at, b.expires_at
from remembered_browsers b join users u on u.id = b.user_id and b.created_at >= u.logins_not_before
where b.user_id = %(user_id)s and b.expires_at > %(now)s
"""
KNOWN: Final = LIVING + "and b.digest = %(digest)s"
OF_PERSON: Final = LIVING + "order by b.created_at desc, b.id"

FORGET: Final = """
delete from remembered_browsers where user_id = %(user_id)s and id = %(id)s
returning audited('browser.forgotten', %(now)s, %(actor)s, %(address)s, subject => user_id::text,
    detail => jsonb_build_object('browser', id))
"""

SWEEP: Final = """
with old as (
    select digest from remembered_browsers where expires_at < %(now)s order by expires_at limit %(most)s
    for update skip locked
), gone as (
    delete from remembered_browsers b using old where b.digest = old.digest returning b.digest
)
select count(*) from gone
"""


class RememberedBrowserTable:
    """The browsers of one person at a time."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def remember(
        self,
        *,
        digest: bytes,
        browser_id: UUID,
        user_id: UUID,
        user_agent: str | None,
        since: datetime,
        until: datetime,
        now: datetime,
        by: By,
    ) -> bool:
        """Stores a browser. Returns False if the person is locked out."""
        told = {
            "digest": digest,
            "id": browser_id,
            "user_id": user_id,
            "user_agent": user_agent,
            "since": since,
            "until": until,
            "now": now,
            **by.columns,
        }
        return bool(await self._database.query(REMEMBER, told))

    async def known(self, user_id: UUID, digest: bytes, now: datetime) -> bool:
        """Returns whether this browser is one of the person's."""
        return bool(await self._database.query(KNOWN, {"user_id": user_id, "digest": digest, "now": now}))

    async def of_person(self, user_id: UUID, now: datetime) -> list[RememberedBrowser]:
        """Returns the person's browsers, the newest first."""
        rows = await self._database.query(OF_PERSON, {"user_id": user_id, "now": now})
        return [RememberedBrowser(*row) for row in rows]

    async def forget(self, user_id: UUID, browser_id: UUID, now: datetime, by: By) -> bool:
        """Forgets one browser of the person. Returns False if they have none with this id."""
        return bool(
            await self._database.query(FORGET, {"user_id": user_id, "id": browser_id, "now": now, **by.columns})
        )

    async def sweep(self, now: datetime) -> int:
        """Deletes some of those that have expired, and returns how many."""
        rows = await self._database.query(SWEEP, {"now": now, "most": SWEPT})
        return int(rows[0][0])
