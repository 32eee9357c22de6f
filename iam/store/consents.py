"""Consents: the scopes that a person allowed a client, and at which resources. They outlive tokens."""

from uuid import UUID

from iam.database.database import Database
from iam.records.consent import NOTHING, Consented


class Consents:
    """The table of consents; a row is written together with the code it was given for (authorization_codes)."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def given(self, user_id: UUID, client_id: str) -> Consented:
        """Returns what this person has allowed this client so far; NOTHING if that is none."""
        rows = await self._database.query(
            "select scopes, resources from consents where user_id = %s and client_id = %s", (user_id, client_id)
        )
        return Consented(frozenset(rows[0][0]), rows[0][1]) if rows else NOTHING
