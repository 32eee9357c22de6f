"""Recovery codes, of which the table has only digests: each is good once, in place of a lost factor (H24)."""

from collections.abc import Sequence
from datetime import datetime
from typing import Final
from uuid import UUID

from iam.database.database import Database
from iam.records.actor import By
from iam.store.factors import RESTING

LEFT: Final = "select count(*) from recovery_codes where user_id = %(user_id)s and used_at is null"

# New codes take the place of all that were there, which are removed thereby. They come with a person's first factor, too, so
# that no browser knows it that was remembered for one from before.
RENEW: Final = """
with gone as (
    delete from recovery_codes where user_id = %(user_id)s returning digest
), made as (
    insert into recovery_codes (user_id, digest, created_at)
    select u.id, code.digest, %(now)s
    from users u, unnest(%(digests)s::bytea[]) as code (digest)
    where u.id = %(user_id)s and u.disabled_at is null
    returning user_id, digest
), removed as (
    select distinct user_id from made
), {resting}
select audited('recovery_codes.made', %(now)s, %(actor)s, %(address)s, subject => u.id::text,
    detail => jsonb_build_object('codes', (select count(*) from made), 'before', (select count(*) from gone)))
from users u where u.id = %(user_id)s and exists (select from made)
""".replace("{resting}", RESTING)

USE: Final = """
update recovery_codes c set used_at = %(now)s
where c.user_id = %(user_id)s and c.digest = %(digest)s and c.used_at is null
returning audited('recovery_code.used', %(now)s, 'user ' || c.user_id, %(address)s, subject => c.user_id::text),
    (select mailed('recovery_code_used', u.email, u.id, %(now)s, jsonb_build_object('left', (
        select count(*) from recovery_codes o where o.user_id = u.id and o.used_at is null and o.digest <> %(digest)s
    ), 'address', %(address)s::text)) from users u where u.id = c.user_id)
"""


class RecoveryCodeTable:
    """What is kept of the codes by which people get in without their other factors."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def left(self, user_id: UUID) -> int:
        """Returns how many codes the person has that were not used."""
        rows = await self._database.query(LEFT, {"user_id": user_id})
        return int(rows[0][0])

    async def renew(self, user_id: UUID, digests: Sequence[bytes], now: datetime, by: By) -> bool:
        """Replaces the person's codes. Returns False if they are locked out."""
        told = {"user_id": user_id, "digests": list(digests), "now": now, **by.columns}
        return bool(await self._database.query(RENEW, told))

    async def use(self, user_id: UUID, digest: bytes, now: datetime, by: By) -> bool:
        """Uses a code, which the person is told of by mail. Returns False if it is not theirs, or was used."""
        told = {"user_id": user_id, "digest": digest, "now": now, "address": by.address}
        return bool(await self._database.query(USE, told))
