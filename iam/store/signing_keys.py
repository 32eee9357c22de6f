"""The server's key pairs, and when each is published, active and removed; all servers use what this table says."""

import json
from datetime import datetime

from iam.clock import Clock
from iam.database.database import Database
from iam.database.memory import Memory
from iam.records.actor import By
from iam.records.signing_key import SigningKey

ALL = """
select kid, alg, generation, public_key, private_key, published_at, active_at, removed_at
from signing_keys order by alg, generation
"""

# Of several servers that make the key of one generation, one wins. Its key replaces the one before when it becomes
# active; that one is removed when everything it signed has expired.
ADD = """
with added as (
    insert into signing_keys (kid, alg, generation, public_key, private_key, published_at, active_at)
    values (%(kid)s, %(alg)s, %(generation)s, %(public_key)s, %(private_key)s, %(now)s, %(active_at)s)
    on conflict do nothing
    returning kid, audited('key.published', %(now)s, %(actor)s, %(address)s,
        detail => jsonb_build_object('kid', kid, 'alg', alg, 'active_at', active_at))
), replaced as (
    update signing_keys k set removed_at = %(before_removed_at)s from added
    where k.alg = %(alg)s and k.generation < %(generation)s and k.removed_at is null
)
select kid from added
"""

REMOVE = """
with removed as (
    update signing_keys set removed_at = %(now)s
    where kid = %(kid)s and (removed_at is null or removed_at > %(now)s)
    returning alg, audited('key.retired', %(now)s, %(actor)s, %(address)s,
        detail => jsonb_build_object('kid', kid, 'alg', alg))
)
select alg from removed
"""


class SigningKeys:
    """The table of signing keys, kept in memory as a whole."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._memory: Memory[None, tuple[SigningKey, ...]] = Memory(clock, self._read, database.heard)

    async def all(self) -> tuple[SigningKey, ...]:
        """Returns every key, by algorithm and generation."""
        return await self._memory.get(None) or ()

    async def shown(self) -> tuple[SigningKey, ...]:
        """Returns every key, as known last if the database does not answer: for the key set alone."""
        return await self._memory.shown(None) or ()

    def forget(self) -> None:
        """Drops the keys from memory: one may have changed."""
        self._memory.forget()

    async def add(self, key: SigningKey, before_removed_at: datetime, by: By) -> bool:
        """Publishes a key, and sets when older ones of its algorithm are removed.

        Returns False if another server has made the key of this generation.
        """
        rows = await self._database.query(
            ADD,
            {
                "kid": key.kid,
                "alg": key.alg,
                "generation": key.generation,
                "public_key": json.dumps(dict(key.public_key)),
                "private_key": key.private_key,
                "now": key.published_at,
                "active_at": key.active_at,
                "before_removed_at": before_removed_at,
                **by.columns,
            },
        )
        self.forget()
        return bool(rows)

    async def remove(self, kid: str, now: datetime, by: By) -> str | None:
        """Ends trust in a key at once. Returns its algorithm, or None if there is no such key."""
        rows = await self._database.query(REMOVE, {"kid": kid, "now": now, **by.columns})
        self.forget()
        return rows[0][0] if rows else None

    async def _read(self, _: None) -> tuple[SigningKey, ...]:
        return tuple(SigningKey(*row) for row in await self._database.query(ALL))
