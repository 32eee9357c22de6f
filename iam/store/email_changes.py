"""New e-mail addresses: asked for, proved by a link, and undone by a link to the address before (H23)."""

from datetime import datetime
from typing import Final
from uuid import UUID

from iam.database.database import Database
from iam.records.actor import By, written
from iam.records.link import Changed
from iam.store.links import Fresh

# Nothing is mailed to an address that somebody has: who asks learns nothing about it. The link ends with the password, so
# that whoever resets a stolen account ends it too.
ASK: Final = """
with person as materialized (
    select u.* from users u
    where u.id = %(user_id)s and u.disabled_at is null and u.email_key is distinct from %(email_key)s
    for no key update
)
insert into links (digest, kind, user_id, email, data, created_at, expires_at)
select %(digest)s, 'email_change', p.id, %(email)s,
    jsonb_build_object('key', %(email_key)s::text, 'password', password_version(p.password_hash)), %(now)s, %(expires_at)s
from person p
where not exists (select from users o where o.email_key = %(email_key)s)
returning audited('user.email_change_asked', %(now)s, %(actor)s, %(address)s, subject => user_id::text),
    mailed('verify', email, user_id, %(now)s, %(detail)s, %(sealed)s)
"""

# The account is locked first, as by everything else that changes it. The address before gets a link that undoes it.
CHANGE: Final = """
with held as materialized (
    select u as person from links l join users u on u.id = l.user_id
    where l.digest = %(digest)s and l.kind = 'email_change'
    for no key update of u
), used as (
    update links l set used_at = %(now)s from held h
    where l.digest = %(digest)s and link_trouble(l, h.person, %(now)s) is null
    returning l.user_id, l.email, l.data ->> 'key' as key
), changed as (
    update users u set email = k.email, email_key = k.key, email_verified = true, updated_at = %(now)s
    from used k where u.id = k.user_id
    returning u.id, u.username, audited('user.email_changed', %(now)s, 'user ' || u.id, %(address)s, subject => u.id::text)
), undoing as (
    insert into links (digest, kind, user_id, email, data, created_at, expires_at)
    select %(undo_digest)s, 'email_undo', (h.person).id, (h.person).email, jsonb_build_object('key', (h.person).email_key),
        %(now)s, %(undo_expires_at)s
    from held h join used k on k.user_id = (h.person).id
    where (h.person).email is not null
    returning mailed('email_changed', email, user_id, %(now)s,
        %(undo_detail)s::jsonb || jsonb_build_object('new_email', (select k.email from used k), 'address', %(address)s::text),
        %(undo_sealed)s)
)
select id, username from changed
"""

# The address is again what it was. Whoever changed it may be somebody else: their sessions and links end, and so does what
# was granted. Links that undo earlier changes stay: who changed the address twice has the later one, the owner the earlier.
UNDO: Final = """
with held as materialized (
    select u as person from links l join users u on u.id = l.user_id
    where l.digest = %(digest)s and l.kind = 'email_undo'
    for no key update of u
), used as (
    update links l set used_at = %(now)s from held h
    where l.digest = %(digest)s and link_trouble(l, h.person, %(now)s) is null
    returning l.user_id, l.email, l.data ->> 'key' as key, l.created_at
), voided as (
    update links l set used_at = %(now)s from used k
    where l.user_id = k.user_id and l.digest <> %(digest)s and l.used_at is null
        and not (l.kind = 'email_undo' and l.created_at < k.created_at)
), undone as (
    update users u set email = k.email, email_key = k.key, email_verified = true, updated_at = %(now)s,
        logins_not_before = greatest(u.logins_not_before, %(now)s), not_before = greatest(u.not_before, %(now)s)
    from used k where u.id = k.user_id
    returning u.id, u.username,
        audited('user.email_change_undone', %(now)s, 'anybody', %(address)s, subject => u.id::text)
), ended as (
    delete from sessions s using undone c where s.user_id = c.id returning moment(%(now)s)
)
select id, username from undone
"""


class EmailChanges:
    """The addresses in the table of users, and the links that change them."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def ask(self, user_id: UUID, email: str, email_key: str, fresh: Fresh, now: datetime, by: By) -> bool:
        """Stores a link that makes this the person's address, and mails it there.

        Returns False, and mails nothing, if somebody has the address, the person themselves too.
        """
        told = {"user_id": user_id, "email": email, "email_key": email_key, "now": now, **fresh.columns, **by.columns}
        return bool(await self._database.query(ASK, told))

    async def change(self, digest: bytes, undo: Fresh, now: datetime, address: str) -> Changed | None:
        """Uses a link: the address that it was sent to is the person's, and the one before is told, with the link `undo`.

        Returns None if the link is not good. Raises Rejected (23505) if somebody else has the address by now.
        """
        columns = {f"undo_{name}": value for name, value in undo.columns.items()}
        rows = await self._database.query(
            CHANGE, {"digest": digest, "now": now, "address": written(address), **columns}
        )
        return Changed(*rows[0]) if rows else None

    async def undo(self, digest: bytes, now: datetime, address: str) -> Changed | None:
        """Uses a link that undoes a change: ends sessions, grants and other links of the account too.

        Returns None if the link is not good. Raises Rejected (23505) if somebody else has the address by now.
        """
        rows = await self._database.query(UNDO, {"digest": digest, "now": now, "address": written(address)})
        return Changed(*rows[0]) if rows else None
