"""The service: the public address that its servers have."""

from datetime import datetime
from typing import Final

from iam.database.database import Database

# A start where nothing has changed writes nothing, so that it succeeds on a full disk.
NOTE: Final = """
insert into service as s (issuer, noted_at) select %(issuer)s, %(now)s
where not exists (select from service where issuer = %(issuer)s)
on conflict (single) do update set issuer = excluded.issuer, noted_at = excluded.noted_at
"""
ISSUER: Final = "select issuer from service"


class Service:
    """The table with the one row about all servers on this database."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def note(self, issuer: str, now: datetime) -> None:
        """Notes the public address of a server that starts."""
        await self._database.query(NOTE, {"issuer": issuer, "now": now})

    async def issuer(self) -> str | None:
        """Returns the public address of the server that started last, or None if none ever did."""
        rows = await self._database.query(ISSUER)
        return str(rows[0][0]) if rows else None
