"""Links to a new password: those that people ask for, those that administrators make, and their use (H22)."""

import json
from datetime import datetime
from typing import Final
from uuid import UUID

from iam.database.database import Database
from iam.records.actor import By, written
from iam.records.link import Changed
from iam.store.links import Fresh

# The same rows are written whether there is such an account or not, so that the time does not tell (H15): a link of nobody
# is good for nothing.
ASK: Final = """
with asked as materialized (
    select u as person from users u where u.id = %(user_id)s and u.disabled_at is null and u.email is not null
)
insert into links (digest, kind, user_id, email, data, created_at, expires_at)
select %(digest)s, 'reset', (a.person).id, (a.person).email,
    jsonb_build_object('password', password_version((a.person).password_hash), 'next', %(next)s::text), %(now)s, %(expires_at)s
from (select) one left join asked a on true
returning audited('user.reset_asked', %(now)s, 'anybody', %(address)s, subject => user_id::text),
    mailed('reset', email, user_id, %(now)s, %(detail)s, %(sealed)s)
"""

# Two links, of which the use of one ends the other: the one that is printed proves nothing about the address. One that is made
# but shown to nobody still replaces those from before.
OFFER: Final = """
with asked as materialized (
    select u as person from users u
    where u.id = %(user_id)s and u.disabled_at is null and (u.password_hash is null or not %(invited)s)
), made as (
    insert into links (digest, kind, user_id, email, data, created_at, expires_at)
    select n.digest, %(kind)s, (a.person).id, case when n.mailed then (a.person).email end,
        jsonb_build_object('password', password_version((a.person).password_hash))
            || case when n.mailed or %(shown)s then '{}' else '{"shown": false}'::jsonb end, %(now)s, n.expires_at
    from asked a, (values
        (%(printed)s::bytea, false, %(printed_expires_at)s::timestamptz),
        (%(digest)s::bytea, true, %(expires_at)s::timestamptz)
    ) n (digest, mailed, expires_at)
    where n.digest is not null and (not n.mailed or (a.person).email is not null)
    returning digest
)
select audited(case when %(invited)s then 'user.invited' else 'user.reset_offered' end, %(now)s, %(actor)s, %(address)s,
        subject => (a.person).id::text),
    mailed(%(kind)s, case when %(digest)s::bytea is not null then (a.person).email end, (a.person).id, %(now)s, %(detail)s, %(sealed)s)
from asked a
where exists (select from made)
"""

# The account is locked first, as by everything else that changes it, and read as it is then. What the old password opened
# ends with it: sessions, grants and tokens. Other factors stay. A link that was sent to the address proves it.
USE: Final = """
with held as materialized (
    select u as person from links l join users u on u.id = l.user_id
    where l.digest = %(digest)s and l.kind = %(kind)s
    for no key update of u
), used as (
    update links l set used_at = %(now)s from held h
    where l.digest = %(digest)s and link_trouble(l, h.person, %(now)s) is null
    returning l.user_id, l.email
), changed as (
    update users u set password_hash = %(password_hash)s, name = coalesce(%(name)s, u.name), updated_at = %(now)s,
        email_verified = u.email_verified or k.email is not null,
        logins_not_before = greatest(u.logins_not_before, %(now)s), not_before = greatest(u.not_before, %(now)s)
    from used k
    where u.id = k.user_id
    returning u.id, u.username,
        audited(case when %(invited)s then 'user.invitation_accepted' else 'user.password_reset' end,
            %(now)s, 'user ' || u.id, %(address)s, subject => u.id::text, detail => jsonb_build_object(
                'by_mail', k.email is not null, 'sessions_ended', (select count(*) from sessions s where s.user_id = u.id))),
        mailed('password_changed', case when not %(invited)s then u.email end, u.id, %(now)s, %(detail)s)
), ended as (
    delete from sessions s using changed c where s.user_id = c.id returning moment(%(now)s)
)
select id, username from changed
"""

INVITATION: Final = "invite"
RESET: Final = "reset"
NO_MAIL: Final = {"digest": None, "expires_at": None, "sealed": None, "detail": "{}"}


class NewPasswords:
    """The links to new passwords, and the passwords that they set."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def ask(self, user_id: UUID | None, fresh: Fresh, next_address: str, now: datetime, address: str) -> None:
        """Stores a link for this person and mails it to their address.

        Writes as much, but mails nothing, for None, and for a person without an address or who is disabled.
        """
        told = {"user_id": user_id, "next": next_address, "now": now, "address": written(address), **fresh.columns}
        await self._database.query(ASK, told)

    async def offer(
        self, kind: str, user_id: UUID, printed: Fresh, mailed: Fresh | None, now: datetime, by: By, *, shown: bool
    ) -> bool:
        """Stores a link to print, which is `shown` to who asks or to nobody, and, unless None, one that is mailed.

        Returns False if there is no such person, or if they are disabled, or are invited and have a password already.
        """
        told = {
            "kind": kind,
            "invited": kind == INVITATION,
            "user_id": user_id,
            "shown": shown,
            "printed": printed.digest,
            "printed_expires_at": printed.expires_at,
            **(mailed.columns if mailed else NO_MAIL),
            "now": now,
            **by.columns,
        }
        return bool(await self._database.query(OFFER, told))

    async def use(
        self, kind: str, digest: bytes, password_hash: str, now: datetime, address: str, *, name: str | None = None
    ) -> Changed | None:
        """Uses a link: sets the password and, unless None, the name; ends the person's sessions and grants.

        Returns None if the link is not good.
        """
        told = {
            "kind": kind,
            "invited": kind == INVITATION,
            "digest": digest,
            "password_hash": password_hash,
            "name": name,
            "now": now,
            "address": written(address),
            "detail": json.dumps({"address": address}),
        }
        rows = await self._database.query(USE, told)
        return Changed(*rows[0]) if rows else None
