"""What is known of one person, for themselves to take along."""

from datetime import datetime
from typing import Final
from uuid import UUID

from iam.database.database import Database
from iam.records.actor import By

NOTE: Final = "select audited('user.exported', %(now)s, %(actor)s, %(address)s, subject => %(person)s)"


class Exports:
    """Writes down that somebody took their data along."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def note(self, user_id: UUID, now: datetime, by: By) -> None:
        """Notes an export in the audit log."""
        await self._database.query(NOTE, {"person": str(user_id), "now": now, **by.columns})
