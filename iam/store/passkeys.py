"""Passkeys: public keys of people, how often each was used, and who was offered one (H24)."""

from collections.abc import Iterable
from datetime import date, datetime
from typing import Any, Final
from uuid import UUID

from attrs import asdict

from iam.database.database import Database
from iam.records.actor import By
from iam.records.passkey import KnownPasskey, NewPasskey, Passkey
from iam.store.factors import RESTING

OF: Final = """
select id, credential_id, transports, name, discoverable, backed_up, created_at, last_used_at, doubted_at,
    not upgraded, user_handle
from passkeys where user_id = %(user_id)s order by created_at, id
"""

FIND: Final = """
select p.user_id, p.user_handle, p.credential_id, p.public_key, p.backup_eligible, u.disabled_at is not null
from passkeys p join users u on u.id = p.user_id
where p.credential_id = %(credential_id)s
"""

# The challenge is used up in the same statement, so that it adds one passkey on whichever server (H24). Nobody has more than `most`.
ADD: Final = """
with claimed as (
    insert into replays (digest, day) select %(challenge)s, %(day)s
    where (select count(*) from passkeys where user_id = %(user_id)s) < %(most)s
    on conflict do nothing
    returning digest
), added as (
    insert into passkeys (id, user_id, user_handle, credential_id, public_key, sign_count, transports, aaguid, name,
        discoverable, backup_eligible, backed_up, created_at, upgraded)
    select %(id)s, u.id, %(user_handle)s, %(credential_id)s, %(public_key)s, %(sign_count)s, %(transports)s, %(aaguid)s,
        %(name)s, %(discoverable)s, %(backup_eligible)s, %(backed_up)s, %(now)s, %(upgraded)s
    from users u, claimed where u.id = %(user_id)s and u.disabled_at is null
    on conflict (credential_id) do nothing
    returning id, audited('passkey.added', %(now)s, %(actor)s, %(address)s, subject => user_id::text,
            detail => jsonb_build_object('passkey', id, 'name', name)),
        mailed('factor_added', (select u.email from users u where u.id = user_id), user_id, %(now)s,
            jsonb_build_object('factor', name, 'address', %(address)s::text))
)
select id from added
"""

# One use of a challenge counts (H24). A counter that does not go up, although the authenticator has one, is the sign of a copy
# (WebAuthn Level 3 §6.1.1): it is written down, and shown to the owner from then on.
USE: Final = """
with known as materialized (
    select p.id, (%(sign_count)s > 0 or p.sign_count > 0) and %(sign_count)s <= p.sign_count as doubtful
    from passkeys p join users u on u.id = p.user_id and u.disabled_at is null
    where p.credential_id = %(credential_id)s
    for update of p
), claimed as (
    insert into replays (digest, day) select %(challenge)s, %(day)s from known
    on conflict do nothing
    returning digest
), used as (
    update passkeys p set sign_count = greatest(p.sign_count, %(sign_count)s), backed_up = %(backed_up)s, last_used_at = %(now)s,
        doubted_at = case when k.doubtful then coalesce(p.doubted_at, %(now)s) else p.doubted_at end
    from known k, claimed where p.id = k.id
    returning k.doubtful, case when k.doubtful then audited('passkey.doubted', %(now)s, %(actor)s, %(address)s,
        subject => p.user_id::text, detail => jsonb_build_object('passkey', p.id, 'name', p.name)) end
)
select doubtful from used
"""

RENAME: Final = """
with renamed as (
    update passkeys set name = %(name)s where id = %(id)s and user_id = %(user_id)s and name <> %(name)s
    returning id, audited('passkey.renamed', %(now)s, %(actor)s, %(address)s, subject => user_id::text,
        detail => jsonb_build_object('passkey', id, 'name', name))
)
select id from renamed
"""

# The last way in stays: who has no password keeps one passkey that works alone. All of the person's passkeys are locked, so that of
# two removals at once the second one sees the first.
REMOVE: Final = """
with theirs as materialized (
    select id, discoverable from passkeys where user_id = %(user_id)s order by id for update
), removed as (
    delete from passkeys p using theirs t, users u
    where p.id = %(id)s and t.id = p.id and u.id = p.user_id and (u.password_hash is not null
        or exists (select from theirs o where o.id <> t.id and o.discoverable is not false))
    returning p.id, p.user_id, audited('passkey.removed', %(now)s, %(actor)s, %(address)s, subject => p.user_id::text,
            detail => jsonb_build_object('passkey', p.id, 'name', p.name)),
        mailed('factor_removed', u.email, u.id, %(now)s, jsonb_build_object('factor', p.name, 'address', %(address)s::text))
), {resting}
select exists (select from removed) from theirs where id = %(id)s
""".replace("{resting}", RESTING)

# One that does not log in alone stays a second factor: it would be good for nothing else.
SWITCH: Final = """
with switched as (
    update passkeys p set upgraded = not %(second_factor)s
    from users u
    where p.id = %(id)s and p.user_id = %(user_id)s and p.upgraded = %(second_factor)s
        and (%(second_factor)s or p.discoverable is not false) and u.id = p.user_id and u.disabled_at is null
    returning p.user_id, audited('passkey.switched', %(now)s, %(actor)s, %(address)s, subject => p.user_id::text,
            detail => jsonb_build_object('passkey', p.id, 'name', p.name, 'second_factor', %(second_factor)s)),
        mailed('factor_switched', u.email, u.id, %(now)s, jsonb_build_object(
            'factor', p.name, 'second', %(second_factor)s, 'address', %(address)s::text))
), removed as (
    select user_id from switched where not %(second_factor)s
), {resting}
select user_id from switched
""".replace("{resting}", RESTING)

# Whoever has a passkey, or said that they want none, is not asked, and nobody twice within the pause.
OFFER: Final = """
insert into passkey_offers as o (user_id, offered_at)
select u.id, %(now)s from users u
where u.id = %(user_id)s and not exists (select from passkeys p where p.user_id = u.id)
on conflict (user_id) do update set offered_at = %(now)s where not o.declined and o.offered_at <= %(offered_before)s
returning user_id
"""
OPEN: Final = """
select not exists (select from passkeys where user_id = %(user_id)s)
    and not exists (select from passkey_offers where user_id = %(user_id)s and declined)
"""
DECLINE: Final = """
insert into passkey_offers (user_id, offered_at, declined) select id, %(now)s, true from users where id = %(user_id)s
on conflict (user_id) do update set declined = true
"""


class Passkeys:
    """The tables of passkeys and of offers to make one."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def of(self, user_id: UUID) -> list[Passkey]:
        """Returns the person's passkeys, oldest first."""
        rows = await self._database.query(OF, {"user_id": user_id})
        return [Passkey(*plain(row)) for row in rows]

    async def find(self, credential_id: bytes) -> KnownPasskey | None:
        """Returns the passkey with this credential id, or None."""
        rows = await self._database.query(FIND, {"credential_id": credential_id})
        return KnownPasskey(*plain(rows[0])) if rows else None

    async def add(
        self,
        passkey: NewPasskey,
        *,
        passkey_id: UUID,
        user_id: UUID,
        user_handle: bytes,
        name: str,
        challenge: bytes,
        day: date,
        most: int,
        upgraded: bool,
        now: datetime,
        by: By,
    ) -> bool:
        """Stores a passkey and uses up the challenge with this digest, which is good until `day` at the latest.

        Returns False if the challenge was used before, somebody has the passkey already, or the person has `most`.
        """
        told = {
            "id": passkey_id,
            "user_id": user_id,
            "user_handle": user_handle,
            "name": name,
            "challenge": challenge,
            "day": day,
            "most": most,
            "upgraded": upgraded,
            "now": now,
            **asdict(passkey, filter=lambda attribute, _: attribute.name != "transports"),
            "transports": list(passkey.transports),
        }
        return bool(await self._database.query(ADD, {**told, **by.columns}))

    async def use(
        self,
        credential_id: bytes,
        *,
        sign_count: int,
        backed_up: bool,
        challenge: bytes,
        day: date,
        now: datetime,
        by: By,
    ) -> bool | None:
        """Counts a use and uses up the challenge with this digest, which is good until `day` at the latest.

        Returns whether the counter raises doubts; None if the challenge was used before or the passkey is gone.
        """
        told = {
            "credential_id": credential_id,
            "sign_count": sign_count,
            "backed_up": backed_up,
            "challenge": challenge,
            "day": day,
            "now": now,
        }
        rows = await self._database.query(USE, {**told, **by.columns})
        return bool(rows[0][0]) if rows else None

    async def rename(self, passkey_id: UUID, user_id: UUID, name: str, now: datetime, by: By) -> bool:
        """Gives the person's passkey another name. Returns False if nothing changes."""
        told = {"id": passkey_id, "user_id": user_id, "name": name, "now": now, **by.columns}
        return bool(await self._database.query(RENAME, told))

    async def remove(self, passkey_id: UUID, user_id: UUID, now: datetime, by: By) -> bool | None:
        """Removes the person's passkey. Returns False if it is their last way in, None if they have none with this id."""
        told = {"id": passkey_id, "user_id": user_id, "now": now, **by.columns}
        rows = await self._database.query(REMOVE, told)
        return bool(rows[0][0]) if rows else None

    async def switch(self, passkey_id: UUID, user_id: UUID, now: datetime, by: By, *, second_factor: bool) -> bool:
        """Lets the person's passkey be asked for after the password, or not. Returns False if nothing changes."""
        told = {"id": passkey_id, "user_id": user_id, "second_factor": second_factor, "now": now, **by.columns}
        return bool(await self._database.query(SWITCH, told))

    async def offer(self, user_id: UUID, now: datetime, offered_before: datetime) -> bool:
        """Records that the person is offered a passkey now; returns False if they are not to be asked."""
        told = {"user_id": user_id, "now": now, "offered_before": offered_before}
        return bool(await self._database.query(OFFER, told))

    async def open(self, user_id: UUID) -> bool:
        """Returns whether the person has no passkey and has not said that they want none."""
        ((wanting,),) = await self._database.query(OPEN, {"user_id": user_id})
        return bool(wanting)

    async def decline(self, user_id: UUID, now: datetime) -> None:
        """Records that the person wants to be asked no more."""
        await self._database.query(DECLINE, {"user_id": user_id, "now": now})


def plain(row: Iterable[Any]) -> list[Any]:
    """Returns the row with octets as bytes."""
    return [bytes(value) if isinstance(value, memoryview) else value for value in row]
