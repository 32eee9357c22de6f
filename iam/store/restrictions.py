"""Applications and scopes that are for the members of some groups alone."""

from collections.abc import Sequence
from datetime import datetime
from typing import Final
from uuid import UUID

from iam.clock import Clock
from iam.database.database import Database
from iam.records.actor import By

# The flag of the client, which servers keep in memory, and its groups change together.
RESTRICT_CLIENT: Final = """
with client as materialized (
    select id from clients where id = %(id)s for update
), gone as (
    delete from client_groups r using client c
    where r.client_id = c.id and r.group_id <> all (%(groups)s::uuid[]) returning r.group_id
), come as (
    insert into client_groups (client_id, group_id)
    select c.id, g.id from client c, groups g where g.id = any (%(groups)s::uuid[])
    for key share of g
    on conflict do nothing returning group_id
), marked as (
    update clients c set members_only = %(groups)s::uuid[] <> '{}', updated_at = %(now)s from client where c.id = client.id
)
select c.id, case when exists (select from gone) or exists (select from come)
    then audited('client.restricted', %(now)s, %(actor)s, %(address)s, client => c.id,
        detail => jsonb_build_object('groups', %(groups)s::uuid[])) end
from client c
"""
RESTRICT_SCOPE: Final = """
with scope as materialized (
    select name from scopes where name = %(id)s for update
), gone as (
    delete from scope_groups r using scope s
    where r.scope = s.name and r.group_id <> all (%(groups)s::uuid[]) returning r.group_id
), come as (
    insert into scope_groups (scope, group_id)
    select s.name, g.id from scope s, groups g where g.id = any (%(groups)s::uuid[])
    for key share of g
    on conflict do nothing returning group_id
)
select s.name, case when exists (select from gone) or exists (select from come)
    then audited('scope.restricted', %(now)s, %(actor)s, %(address)s,
        detail => jsonb_build_object('name', s.name, 'groups', %(groups)s::uuid[])) end
from scope s
"""

OF_GROUP: Final = """
select array(select c.client_id from client_groups c where c.group_id = %(id)s order by 1),
    array(select s.scope from scope_groups s where s.group_id = %(id)s order by 1)
"""
GROUPS_OF_CLIENTS: Final = """
select r.client_id, array_agg(g.name order by g.name_key) from client_groups r join groups g on g.id = r.group_id
where r.client_id = any (%(ids)s) group by r.client_id
"""
GROUPS_OF_SCOPES: Final = """
select r.scope, array_agg(g.name order by g.name_key) from scope_groups r join groups g on g.id = r.group_id
where r.scope = any (%(ids)s) group by r.scope
"""
BARRED: Final = "select barred(%(user_id)s, %(scopes)s)"
JUDGE: Final = """
select not c.members_only or admitted(%(user_id)s, c.id), barred(%(user_id)s, %(scopes)s)
from clients c where c.id = %(client_id)s
"""
# Whose grants do not live any more, since they are in none of these groups. Only the latest grants are looked at.
OUTSIDE: Final = """
select count(distinct g.user_id) from (
    select * from grants where %(client_id)s::text is null or client_id = %(client_id)s order by id desc limit %(looked)s
) g
where g.revoked_at is null and g.user_id is not null and (g.expires_at is null or g.expires_at > %(now)s)
    and (%(scope)s::text is null or %(scope)s = any (string_to_array(g.scope, ' ')))
    and not exists (
        select from group_members m where m.user_id = g.user_id and m.group_id = any (%(groups)s::uuid[])
    )
"""


class Restrictions:
    """The tables that say for which groups' members an application or a scope is."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    async def restrict_client(self, client_id: str, groups: Sequence[UUID], now: datetime, by: By) -> bool:
        """Lets only members of these groups use a client, or everybody if there are none. Returns False if there is no such client."""
        return await self._restrict(RESTRICT_CLIENT, client_id, groups, now, by)

    async def restrict_scope(self, name: str, groups: Sequence[UUID], now: datetime, by: By) -> bool:
        """Gives a scope to members of these groups alone, or everybody if there are none. Returns False if there is no such scope."""
        return await self._restrict(RESTRICT_SCOPE, name, groups, now, by)

    async def of_group(self, group_id: UUID) -> tuple[list[str], list[str]]:
        """Returns the clients and the scopes that are for members of this group, and perhaps of others."""
        ((clients, scopes),) = await self._database.query(OF_GROUP, {"id": group_id})
        return list(clients), list(scopes)

    async def groups_of_clients(self, client_ids: Sequence[str]) -> dict[str, list[str]]:
        """Returns the names of the groups for whose members each of these clients is; those for everybody are left out."""
        return await self._groups(GROUPS_OF_CLIENTS, client_ids)

    async def groups_of_scopes(self, names: Sequence[str]) -> dict[str, list[str]]:
        """Returns the names of the groups for whose members each of these scopes is; those for everybody are left out."""
        return await self._groups(GROUPS_OF_SCOPES, names)

    async def judge(self, user_id: UUID, client_id: str, scopes: Sequence[str]) -> tuple[bool, list[str]]:
        """Returns whether this person may use the client, and which of the scopes they may not have."""
        told = {"user_id": user_id, "client_id": client_id, "scopes": list(scopes)}
        rows = await self._database.query(JUDGE, told)
        return (bool(rows[0][0]), list(rows[0][1])) if rows else (False, list(scopes))

    async def barred(self, user_id: UUID, scopes: Sequence[str]) -> list[str]:
        """Returns which of these scopes the person may not have."""
        ((names,),) = await self._database.query(BARRED, {"user_id": user_id, "scopes": list(scopes)})
        return list(names)

    async def outside(
        self, groups: Sequence[UUID], looked: int, *, client_id: str | None = None, scope: str | None = None
    ) -> int:
        """Returns how many people have living grants of the client, or of the scope, and are in none of these groups.

        Only the last `looked` grants count, of the client if one is given.
        """
        told = {"groups": list(map(str, groups)), "client_id": client_id, "scope": scope, "now": self._clock.now()}
        ((count,),) = await self._database.query(OUTSIDE, {**told, "looked": looked})
        return int(count)

    async def _groups(self, statement: str, ids: Sequence[str]) -> dict[str, list[str]]:
        return dict(await self._database.query(statement, {"ids": list(ids)})) if ids else {}

    async def _restrict(self, statement: str, name: str, groups: Sequence[UUID], now: datetime, by: By) -> bool:
        return bool(
            await self._database.query(
                statement, {"id": name, "groups": list(map(str, groups)), "now": now, **by.columns}
            )
        )
