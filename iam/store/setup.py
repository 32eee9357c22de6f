"""The setup: the link by which the first administrator is made; it works once, and only before there was one."""

from datetime import datetime
from typing import Final

from iam.database.database import Database
from iam.records.actor import By

# Each link replaces the one before: of several servers that start at once, the link of the last one is valid.
RENEW: Final = """
with renewed as (
    update setup set digest = %(digest)s, expires_at = %(expires_at)s where closed_at is null
    returning audited('setup.offered', %(now)s, %(actor)s, %(address)s)
)
select count(*) from renewed
"""
GOOD: Final = """
select exists (select from setup where digest = %(digest)s and closed_at is null and expires_at > %(now)s)
"""


class Setup:
    """The table with the one link. A trigger closes it when an administrator is made, in whatever way."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def renew(self, digest: bytes, expires_at: datetime, now: datetime, by: By) -> bool:
        """Makes the link with this digest the valid one until `expires_at`.

        Returns False if there ever was an administrator.
        """
        told = {"digest": digest, "expires_at": expires_at, "now": now, **by.columns}
        ((renewed,),) = await self._database.query(RENEW, told)
        return bool(renewed)

    async def good(self, digest: bytes, now: datetime) -> bool:
        """Returns whether this is the link and it is still valid."""
        ((good,),) = await self._database.query(GOOD, {"digest": digest, "now": now})
        return bool(good)
