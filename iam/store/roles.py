"""Roles on this server and in applications, and to whom they are given."""

from collections.abc import Sequence
from datetime import datetime
from typing import Final
from uuid import UUID

from attrs import frozen

from iam.database.database import Database
from iam.records.actor import By
from iam.records.role import HeldRole, RoleGrant
from iam.store.administrators import kept

COLUMNS: Final = """
select r.role, r.client_id, r.user_id, u.username, r.group_id, g.name, r.created_at
from role_grants r
left join users u on u.id = r.user_id
left join groups g on g.id = r.group_id
where (%(client_id)s::text is null or r.client_id = %(client_id)s)
    and (%(user_id)s::uuid is null or r.user_id = %(user_id)s)
    and (%(group_id)s::uuid is null or r.group_id = %(group_id)s)
"""
LIST: Final = (
    COLUMNS
    + """
    and (not %(server)s or r.client_id is null)
order by r.client_id nulls first, r.role, u.username_key, g.name_key
"""
)
# What a person has been given themselves, and what the groups that they are in were given.
OF_PERSON: Final = """
select r.role, r.client_id, c.name, r.group_id, g.name
from (
    select role, client_id, group_id from role_grants where user_id = %(user_id)s
    union all
    select r.role, r.client_id, r.group_id from group_members m join role_grants r on r.group_id = m.group_id
    where m.user_id = %(user_id)s
) r
left join clients c on c.id = r.client_id
left join groups g on g.id = r.group_id
order by r.client_id nulls first, r.role, g.name_key nulls first
"""
# In the order of the index role_grants_once.
PAGE: Final = (
    COLUMNS
    + """
    and (%(role)s::text is null or (r.role, coalesce(r.client_id, ''), coalesce(r.user_id, r.group_id))
        > (%(role)s, %(client)s, %(holder)s::uuid))
order by r.role, coalesce(r.client_id, ''), coalesce(r.user_id, r.group_id) limit %(limit)s
"""
)
GRANT: Final = """
with granted as (
    insert into role_grants (role, client_id, user_id, group_id, created_at)
    values (%(role)s, %(client_id)s, %(user_id)s, %(group_id)s, %(now)s)
    on conflict do nothing
    returning moment(%(now)s), audited('role.granted', %(now)s, %(actor)s, %(address)s, subject => user_id::text,
        client => client_id, detail => jsonb_strip_nulls(jsonb_build_object('role', role, 'group', group_id)))
)
select count(*) from granted
"""
REVOKE: Final = """
with revoked as (
    delete from role_grants
    where role = %(role)s and client_id is not distinct from %(client_id)s
        and user_id is not distinct from %(user_id)s and group_id is not distinct from %(group_id)s
    returning moment(%(now)s), audited('role.revoked', %(now)s, %(actor)s, %(address)s, subject => user_id::text,
        client => client_id, detail => jsonb_strip_nulls(jsonb_build_object('role', role, 'group', group_id)))
)
select count(*) from revoked
"""


@frozen
class Holder:
    """A person or a group that a role is given to."""

    user_id: UUID | None = None
    group_id: UUID | None = None


ANYBODY: Final = Holder()


class Roles:
    """The table of roles that are given."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def given(
        self, holder: Holder = ANYBODY, client_id: str | None = None, *, server: bool = False
    ) -> list[RoleGrant]:
        """Returns who has been given which role: everything, or of one holder, one application, or this `server` alone."""
        told = {"client_id": client_id, "user_id": holder.user_id, "group_id": holder.group_id, "server": server}
        return [RoleGrant(*row) for row in await self._database.query(LIST, told)]

    async def page(
        self, holder: Holder, client_id: str | None, after: Sequence[str] | None, limit: int
    ) -> list[RoleGrant]:
        """Returns who has been given which role, by role; `limit` at most, behind the role, client and holder of `after`."""
        role, client, last = after or (None, None, None)
        told = {"client_id": client_id, "user_id": holder.user_id, "group_id": holder.group_id, "limit": limit}
        rows = await self._database.query(PAGE, {**told, "role": role, "client": client, "holder": last})
        return [RoleGrant(*row) for row in rows]

    async def of_person(self, user_id: UUID, client_id: str | None = None) -> list[str]:
        """Returns the roles of a person, themselves or by groups, on this server or in an application."""
        ((roles,),) = await self._database.query(
            "select roles_of(%(user_id)s, %(client_id)s)", {"user_id": user_id, "client_id": client_id}
        )
        return list(roles)

    async def held(self, user_id: UUID) -> list[HeldRole]:
        """Returns the roles of a person on this server and in applications, and the groups by which they have them."""
        return [HeldRole(*row) for row in await self._database.query(OF_PERSON, {"user_id": user_id})]

    async def memberships(self, user_id: UUID, client_id: str) -> tuple[list[str], list[str]]:
        """Returns the names of the groups that a person is in, and the roles that they have in an application."""
        ((groups, roles),) = await self._database.query(
            "select groups_of(%(user_id)s), roles_of(%(user_id)s, %(client_id)s)",
            {"user_id": user_id, "client_id": client_id},
        )
        return list(groups), list(roles)

    async def grant(self, role: str, client_id: str | None, holder: Holder, now: datetime, by: By) -> bool:
        """Gives a role. Returns False if the holder has it already."""
        return await self._change(GRANT, role, client_id, holder, now, by)

    async def revoke(self, role: str, client_id: str | None, holder: Holder, now: datetime, by: By) -> bool:
        """Takes a role away. Returns False if the holder was not given it. Raises LastAdministrator."""
        return await self._change(REVOKE, role, client_id, holder, now, by)

    async def _change(
        self, statement: str, role: str, client_id: str | None, holder: Holder, now: datetime, by: By
    ) -> bool:
        """Runs GRANT or REVOKE; returns whether it changed anything."""
        told = {
            "role": role,
            "client_id": client_id,
            "user_id": holder.user_id,
            "group_id": holder.group_id,
            "now": now,
        }
        ((count,),) = await kept(self._database.query(statement, {**told, **by.columns}))
        return bool(count)
