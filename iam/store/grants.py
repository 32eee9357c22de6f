"""Grants: what a person (or a client, for itself) allowed once; codes and tokens hang on it."""

from datetime import datetime
from uuid import UUID

from attrs import frozen

from iam.store.database import Database

# A client's own grant is standing: when it is revoked, a new one takes its place and all tokens of the old one are dead.
REVOKE = """
with revoked as (
    update grants set revoked_at = %(now)s where id = %(id)s and revoked_at is null
    returning id, client_id, user_id, scope
), successor as (
    insert into grants (id, client_id, scope, created_at)
    select %(successor)s, r.client_id, r.scope, %(now)s from revoked r where r.user_id is null
    returning id, client_id
), standing as (
    update clients c set grant_id = s.id from successor s where c.id = s.client_id
)
select id from revoked
"""


@frozen
class Grant:
    """One grant; no `user_id` where the client acts for itself."""

    id: UUID
    user_id: UUID | None
    client_id: str
    session_id: UUID | None
    scope: str
    created_at: datetime
    expires_at: datetime | None


class Grants:
    """The table of grants."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def living(self) -> list[Grant]:
        """The grants that live as far as their state goes, oldest first."""
        rows = await self._database.query(
            "select id, user_id, client_id, session_id, scope, created_at, expires_at from living_grants order by id"
        )
        return [Grant(*row) for row in rows]

    async def revoke(self, grant_id: UUID, successor: UUID, now: datetime) -> bool:
        """End a grant and everything under it; False if it does not live. `successor` will be a client's next own grant."""
        return bool(await self._database.query(REVOKE, {"id": grant_id, "successor": successor, "now": now}))
