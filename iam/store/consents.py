"""Consents: which scopes a person allowed a client; they outlive tokens."""

from uuid import UUID

from iam.store.database import Database


class Consents:
    """The table of consents; a row is written with the code it was given for (authorization_codes)."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def scopes(self, user_id: UUID, client_id: str) -> frozenset[str]:
        """The scopes that this person has allowed this client so far."""
        rows = await self._database.query(
            "select scopes from consents where user_id = %s and client_id = %s", (user_id, client_id)
        )
        return frozenset(rows[0][0]) if rows else frozenset()
