"""The secrets of authenticator apps, each with the newest step whose code was used (RFC 6238 §5.2)."""

from datetime import datetime
from typing import Final
from uuid import UUID

from attrs import field, frozen

from iam.database.database import Database
from iam.records.actor import By
from iam.store.factors import RESTING

FIND: Final = "select sealed, last_step, created_at from totp_secrets where user_id = %(user_id)s"

# A second app takes the place of the first, which is removed thereby. The code by which the person has confirmed it is used
# with it.
PUT: Final = """
with before as (
    select user_id from totp_secrets where user_id = %(user_id)s
), put as (
    insert into totp_secrets as t (user_id, sealed, last_step, created_at)
    select id, %(sealed)s, %(step)s, %(now)s from users where id = %(user_id)s and disabled_at is null
    on conflict (user_id) do update
        set sealed = excluded.sealed, last_step = excluded.last_step, created_at = excluded.created_at
        where t.sealed <> excluded.sealed
    returning user_id, audited('factor.added', %(now)s, %(actor)s, %(address)s, subject => user_id::text,
        detail => jsonb_build_object('factor', 'totp')),
        (select mailed('factor_added', u.email, u.id, %(now)s, jsonb_build_object(
            'factor', %(label)s::text, 'address', %(address)s::text))
            from users u where u.id = t.user_id)
), removed as (
    select user_id from before join put using (user_id)
), {resting}
select user_id from put
""".replace("{resting}", RESTING)

# Of any number of logins with one code, on whichever servers, one finds that its step is new.
USE: Final = """
update totp_secrets set last_step = %(step)s
where user_id = %(user_id)s and sealed = %(sealed)s and last_step < %(step)s
returning user_id
"""

REMOVE: Final = """
with removed as (
    delete from totp_secrets t where user_id = %(user_id)s
    returning user_id, audited('factor.removed', %(now)s, %(actor)s, %(address)s, subject => user_id::text,
        detail => jsonb_build_object('factor', 'totp')),
        (select mailed('factor_removed', u.email, u.id, %(now)s, jsonb_build_object(
            'factor', %(label)s::text, 'address', %(address)s::text))
            from users u where u.id = t.user_id)
), {resting}
select user_id from removed
""".replace("{resting}", RESTING)


@frozen
class TOTPSecret:
    """An authenticator app's secret, encrypted, and the newest step of which a code was used."""

    sealed: bytes = field(repr=False)
    last_step: int
    created_at: datetime


class TOTPSecrets:
    """The table of authenticator apps: one of each person at most."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def find(self, user_id: UUID) -> TOTPSecret | None:
        """Returns the person's app, or None."""
        rows = await self._database.query(FIND, {"user_id": user_id})
        return TOTPSecret(bytes(rows[0][0]), *rows[0][1:]) if rows else None

    async def put(self, user_id: UUID, sealed: bytes, step: int, now: datetime, by: By, label: str) -> bool:
        """Stores the person's app in place of the one before; the codes up to `step` are used.

        The person is told by mail, with the `label` of such factors. Returns False for a form that is sent a second
        time.
        """
        told = {"user_id": user_id, "sealed": sealed, "step": step, "now": now, "label": label, **by.columns}
        return bool(await self._database.query(PUT, told))

    async def use(self, user_id: UUID, sealed: bytes, step: int) -> bool:
        """Uses the code of this step. Returns False if it or a newer one was used, or the app is another one by now."""
        return bool(await self._database.query(USE, {"user_id": user_id, "sealed": sealed, "step": step}))

    async def remove(self, user_id: UUID, now: datetime, by: By, label: str) -> bool:
        """Deletes the person's app, which they are told by mail. Returns False if they have none."""
        told = {"user_id": user_id, "now": now, "label": label, **by.columns}
        return bool(await self._database.query(REMOVE, told))
