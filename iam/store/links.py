"""Links: what each stands for, by its digest, and those that verify an e-mail address (H22, H23)."""

import json
from collections.abc import Mapping
from datetime import datetime
from typing import Final
from uuid import UUID

from attrs import frozen

from iam.database.database import Database
from iam.records.actor import By, written
from iam.records.link import Changed, Link
from iam.records.user import User

FIND: Final = """
select l.email, l.data, link_trouble(l, u, %(now)s),
    u.id, u.username, u.email, u.email_verified, u.name, u.claims, u.superuser, u.created_at, u.updated_at, u.disabled_at
from links l left join users u on u.id = l.user_id
where l.digest = %(digest)s and l.kind = %(kind)s
"""

ASK_VERIFICATION: Final = """
insert into links (digest, kind, user_id, email, created_at, expires_at)
select %(digest)s, 'verify', u.id, u.email, %(now)s, %(expires_at)s
from users u
where u.id = %(user_id)s and u.disabled_at is null and u.email is not null and not u.email_verified
returning audited('user.verification_asked', %(now)s, %(actor)s, %(address)s, subject => user_id::text),
    mailed('verify', email, user_id, %(now)s, %(detail)s, %(sealed)s)
"""

# The account is locked first, as by everything else that changes it, and read as it is then.
VERIFY: Final = """
with held as materialized (
    select u as person from links l join users u on u.id = l.user_id
    where l.digest = %(digest)s and l.kind = 'verify'
    for no key update of u
), used as (
    update links l set used_at = %(now)s from held h
    where l.digest = %(digest)s and link_trouble(l, h.person, %(now)s) is null
    returning l.user_id
), verified as (
    update users u set email_verified = true, updated_at = %(now)s from used k
    where u.id = k.user_id
    returning u.id, u.username,
        audited('user.email_verified', %(now)s, 'user ' || u.id, %(address)s, subject => u.id::text)
)
select id, username from verified
"""

# Those that expired are kept for a while, so that whoever opens one late is told what is wrong with it.
SWEEP: Final = """
with old as (
    select digest from links where expires_at < %(before)s order by expires_at limit %(most)s for update skip locked
), gone as (
    delete from links l using old where l.digest = old.digest returning l.digest
)
select count(*) from gone
"""
SWEPT: Final = 1000  # rows that are deleted in one statement


@frozen
class Fresh:
    """A link that is about to be stored: its digest, its end, and its address, encrypted for the mail that it goes into."""

    digest: bytes
    expires_at: datetime
    sealed: bytes | None
    detail: Mapping[str, object]

    @property
    def columns(self) -> dict[str, object]:
        """The link as parameters of a statement."""
        return {
            "digest": self.digest,
            "expires_at": self.expires_at,
            "sealed": self.sealed,
            "detail": json.dumps(dict(self.detail)),
        }


class Links:
    """The table of links."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def find(self, digest: bytes, kind: str, now: datetime) -> Link | None:
        """Returns the link of this kind, good or not, and whose it is; None if there is none."""
        rows = await self._database.query(FIND, {"digest": digest, "kind": kind, "now": now})
        if not rows:
            return None
        email, data, trouble, *person = rows[0]
        return Link(email, data, trouble, User(*person) if person[0] is not None else None)

    async def ask_verification(self, user_id: UUID, fresh: Fresh, now: datetime, by: By) -> bool:
        """Stores a link that verifies the person's address, and mails it there.

        Returns False if there is nothing to verify.
        """
        told = {"user_id": user_id, "now": now, **fresh.columns, **by.columns}
        return bool(await self._database.query(ASK_VERIFICATION, told))

    async def confirm(self, digest: bytes, now: datetime, address: str) -> Changed | None:
        """Uses a link: the address that it was sent to is the person's. Returns None if the link is not good."""
        told = {"digest": digest, "now": now, "address": written(address)}
        rows = await self._database.query(VERIFY, told)
        return Changed(*rows[0]) if rows else None

    async def sweep(self, before: datetime) -> int:
        """Deletes some of the links that expired before this moment, and returns how many."""
        rows = await self._database.query(SWEEP, {"before": before, "most": SWEPT})
        return int(rows[0][0])
