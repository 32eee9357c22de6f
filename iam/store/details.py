"""The details of an account, as its person changes them."""

import json
from collections.abc import Mapping
from datetime import datetime
from typing import Final
from uuid import UUID

from iam.database.database import Database
from iam.records.actor import By

# The audit log gets the names of what changed, but not the values, which are personal.
CHANGE: Final = """
with before as materialized (
    select * from users where id = %(id)s and updated_at = %(seen)s and disabled_at is null for no key update
), changed as (
    update users u set username = %(username)s, username_key = %(username_key)s, name = %(name)s, claims = %(claims)s,
        updated_at = %(now)s
    from before b
    where u.id = b.id and (u.username, u.name, u.claims) is distinct from (%(username)s::text, %(name)s::text, %(claims)s::jsonb)
    returning audited('user.changed', %(now)s, %(actor)s, %(address)s, subject => u.id::text,
        detail => jsonb_build_object('changed', array_remove(array[
            case when u.username <> b.username then 'username' end,
            case when u.name <> b.name then 'name' end,
            case when u.claims <> b.claims then 'claims' end
        ], null)))
)
select b.id from before b left join changed on true
"""


class Details:
    """What the table of users has for its people to change."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def change(
        self,
        user_id: UUID,
        *,
        username: str,
        username_key: str,
        name: str,
        claims: Mapping[str, object],
        seen: datetime,
        now: datetime,
        by: By,
    ) -> bool:
        """Replaces these details of an account that was last changed at `seen`.

        Returns False if it was changed since, or is disabled or gone. Raises Rejected (23505) if the username is taken.
        """
        told = {"username": username, "username_key": username_key, "name": name, "claims": json.dumps(claims)}
        rows = await self._database.query(CHANGE, {"id": user_id, **told, "seen": seen, "now": now, **by.columns})
        return bool(rows)
