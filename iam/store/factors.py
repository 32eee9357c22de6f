"""All second factors of a person together: which there are, and their end by an administrator."""

from datetime import datetime
from typing import Final
from uuid import UUID

from attrs import frozen

from iam.database.database import Database
from iam.records.actor import By

COUNT: Final = """
select (select count(*) from totp_secrets where user_id = %(user_id)s),
    (select count(*) from passkeys where user_id = %(user_id)s),
    (select count(*) from recovery_codes where user_id = %(user_id)s and used_at is null)
"""

# What ends in the statement in which a factor is removed, replaced, or asked for no more (docs/decisions/factors.md): what
# rests on one, by whichever it was proved. `removed` has the person. They stay logged in where they are.
RESTING: Final = """
browsers as (
    delete from remembered_browsers b using removed r where b.user_id = r.user_id returning b.digest
), logins as (
    delete from pending_logins p using removed r where p.user_id = r.user_id returning p.digest
)
"""

RESET: Final = """
with apps as (
    delete from totp_secrets where user_id = %(user_id)s returning user_id
), keys as (
    delete from passkeys where user_id = %(user_id)s returning id
), codes as (
    delete from recovery_codes where user_id = %(user_id)s returning digest
), removed as (
    select u.id as user_id from users u
    where u.id = %(user_id)s and (exists (select from apps) or exists (select from keys) or exists (select from codes))
), {resting}
select audited('factors.reset', %(now)s, %(actor)s, %(address)s, subject => u.id::text, detail => jsonb_build_object(
        'apps', (select count(*) from apps), 'passkeys', (select count(*) from keys),
        'recovery_codes', (select count(*) from codes))),
    mailed('factors_reset', u.email, u.id, %(now)s, '{}')
from users u join removed r on r.user_id = u.id
""".replace("{resting}", RESTING)


@frozen
class Held:
    """How many authenticator apps, passkeys and unused recovery codes a person has."""

    apps: int
    passkeys: int
    codes: int


class FactorTable:
    """The factors of one person at a time, of whatever kind."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def held(self, user_id: UUID) -> Held:
        """Returns how many of each kind the person has."""
        rows = await self._database.query(COUNT, {"user_id": user_id})
        return Held(*rows[0])

    async def reset(self, user_id: UUID, now: datetime, by: By) -> bool:
        """Removes all, which the person is told by mail. Returns False if there was nothing to remove."""
        return bool(await self._database.query(RESET, {"user_id": user_id, "now": now, **by.columns}))
