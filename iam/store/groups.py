"""Groups of people, their members and their owners."""

from datetime import datetime
from typing import Final
from uuid import UUID

from iam.database.database import Database
from iam.database.errors import Rejected
from iam.records.actor import By
from iam.records.group import Group, Member
from iam.records.invalid import Invalid
from iam.store.administrators import kept
from iam.store.keyset import beyond

UNIQUE_VIOLATION: Final = "23505"
FOREIGN_KEY_VIOLATION: Final = "23503"
NEEDED: Final = "Applications or scopes are for members of this group alone; change that first:"

COLUMNS: Final = """
select g.id, g.name, g.description, g.created_at, g.updated_at, g.members from groups g
"""
ALL: Final = COLUMNS + "order by g.name_key"
BY_ID: Final = COLUMNS + "where g.id = %(id)s"
BY_NAME: Final = COLUMNS + "where g.name_key = %(name_key)s"
PAGE: Final = (
    COLUMNS
    + """
where g.name_key collate "C" > %(after)s and g.name_key collate "C" >= %(prefix)s and g.name_key collate "C" < %(beyond)s
order by g.name_key collate "C" limit %(limit)s
"""
)
OF_PERSON: Final = COLUMNS + "join group_members i on i.group_id = g.id and i.user_id = %(user_id)s order by g.name_key"
OWNED_BY: Final = (
    COLUMNS + "join group_members i on i.group_id = g.id and i.user_id = %(user_id)s and i.owner order by g.name_key"
)
MEMBERS: Final = """
select u.id, u.username, u.name, m.owner, m.since
from group_members m join users u on u.id = m.user_id
where m.group_id = %(id)s order by u.username_key
"""

PAGE_OF_MEMBERS: Final = """
select u.id, u.username, u.name, m.owner, m.since
from group_members m join users u on u.id = m.user_id
where m.group_id = %(id)s and m.user_id > %(after)s
order by m.user_id limit %(limit)s
"""
OWNED: Final = """
select exists (select from group_members m where m.group_id = %(id)s and m.user_id = %(user_id)s and m.owner)
"""

CREATE: Final = """
with created as (
    insert into groups (id, name, name_key, description, created_at, updated_at)
    values (%(id)s, %(name)s, %(name_key)s, %(description)s, %(now)s, %(now)s)
    on conflict do nothing
    returning id, audited('group.created', %(now)s, %(actor)s, %(address)s,
        detail => jsonb_build_object('group', id, 'name', name))
)
select id from created
"""
# If nothing changes, nothing is written.
UPDATE: Final = """
with before as materialized (
    select * from groups where id = %(id)s
), changed as (
    update groups g set name = %(name)s, name_key = %(name_key)s, description = %(description)s, updated_at = %(now)s
    from before b where g.id = b.id and (g.name, g.description) is distinct from (%(name)s::text, %(description)s::text)
    returning audited('group.changed', %(now)s, %(actor)s, %(address)s, detail => jsonb_build_object('group', g.id)
        || changes(to_jsonb(b) - '{name_key,updated_at}'::text[], to_jsonb(g) - '{name_key,updated_at}'::text[]))
)
select id from before
"""
DELETE: Final = """
with deleted as (
    delete from groups g where g.id = %(id)s
    returning g.id, moment(%(now)s), audited('group.deleted', %(now)s, %(actor)s, %(address)s,
        detail => jsonb_build_object('group', g.id, 'name', g.name,
            'members', (select count(*) from group_members m where m.group_id = g.id)))
)
select id from deleted
"""

# What the person has of applications and scopes that were for members of this group, and of no other that they are in, ends for
# good.
REMOVE: Final = """
with removed as (
    delete from group_members m where m.group_id = %(id)s and m.user_id = %(user_id)s
    returning m.user_id, moment(%(now)s), audited('group.member_removed', %(now)s, %(actor)s, %(address)s,
        subject => m.user_id::text, detail => jsonb_build_object('group', m.group_id,
            'name', (select g.name from groups g where g.id = m.group_id)))
), others as (
    select m.group_id from group_members m where m.user_id = %(user_id)s and m.group_id <> %(id)s
), ended as (
    update grants g set revoked_at = %(now)s from removed r
    where g.user_id = r.user_id and g.revoked_at is null and (
        g.client_id in (
            select c.client_id from client_groups c where c.group_id = %(id)s and not exists (
                select from client_groups o join others using (group_id) where o.client_id = c.client_id
            )
        ) or exists (
            select from scope_groups s
            where s.group_id = %(id)s and s.scope = any (string_to_array(g.scope, ' ')) and not exists (
                select from scope_groups o join others using (group_id) where o.scope = s.scope
            )
        )
    )
)
select user_id from removed
"""

# Who is a member already stays one, and an owner remains an owner unless that is said.
ADD: Final = """
with added as (
    insert into group_members as m (group_id, user_id, owner, since)
    select g.id, u.id, coalesce(%(owner)s, false), %(now)s from groups g, users u
    where g.id = %(id)s and u.id = %(user_id)s
    for key share of g, u
    on conflict (group_id, user_id) do update set owner = excluded.owner
    where m.owner <> excluded.owner and %(owner)s::boolean is not null
    returning moment(%(now)s), audited(case when m.xmax = 0 then 'group.member_added' else 'group.member_changed' end,
        %(now)s, %(actor)s, %(address)s, subject => m.user_id::text, detail => jsonb_build_object('group', m.group_id,
            'name', (select g.name from groups g where g.id = m.group_id), 'owner', m.owner))
)
select count(*) from added
"""


class Groups:
    """The tables of groups and of their members. `name_key` is the canonical form of iam.people.names."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def all(self) -> list[Group]:
        """Returns every group, by name."""
        return [Group(*row) for row in await self._database.query(ALL)]

    async def by_id(self, group_id: UUID) -> Group | None:
        """Returns the group with this id, or None."""
        rows = await self._database.query(BY_ID, {"id": group_id})
        return Group(*rows[0]) if rows else None

    async def by_name(self, name_key: str) -> Group | None:
        """Returns the group with this canonical name, or None."""
        rows = await self._database.query(BY_NAME, {"name_key": name_key})
        return Group(*rows[0]) if rows else None

    async def of_person(self, user_id: UUID) -> list[Group]:
        """Returns the groups that this person is a member of, by name."""
        return [Group(*row) for row in await self._database.query(OF_PERSON, {"user_id": user_id})]

    async def owned_by(self, user_id: UUID) -> list[Group]:
        """Returns the groups that this person is an owner of, by name."""
        return [Group(*row) for row in await self._database.query(OWNED_BY, {"user_id": user_id})]

    async def page(self, prefix: str, after: str, limit: int) -> list[Group]:
        """Returns groups whose canonical names begin with `prefix` and come behind `after`, by name; `limit` at most."""
        told = {"prefix": prefix, "after": after, "beyond": beyond(prefix), "limit": limit}
        return [Group(*row) for row in await self._database.query(PAGE, told)]

    async def page_of_members(self, group_id: UUID, after: UUID, limit: int) -> list[Member]:
        """Returns the members of a group whose ids come behind `after`, by id; `limit` at most."""
        told = {"id": group_id, "after": after, "limit": limit}
        return [Member(*row) for row in await self._database.query(PAGE_OF_MEMBERS, told)]

    async def owned(self, group_id: UUID, user_id: UUID) -> bool:
        """Returns whether this person is an owner of the group."""
        ((found,),) = await self._database.query(OWNED, {"id": group_id, "user_id": user_id})
        return bool(found)

    async def members(self, group_id: UUID) -> list[Member]:
        """Returns the members of a group, by username."""
        return [Member(*row) for row in await self._database.query(MEMBERS, {"id": group_id})]

    async def create(self, group_id: UUID, name: str, name_key: str, description: str, now: datetime, by: By) -> bool:
        """Adds a group. Returns False if the name is taken."""
        told = {"id": group_id, "name": name, "name_key": name_key, "description": description, "now": now}
        return bool(await self._database.query(CREATE, {**told, **by.columns}))

    async def update(self, group_id: UUID, name: str, name_key: str, description: str, now: datetime, by: By) -> bool:
        """Replaces name and description. Returns False if there is no such group. Raises Invalid if the name is taken."""
        told = {"id": group_id, "name": name, "name_key": name_key, "description": description, "now": now}
        try:
            return bool(await self._database.query(UPDATE, {**told, **by.columns}))
        except Rejected as error:
            if error.sqlstate != UNIQUE_VIOLATION:
                raise
            raise Invalid({"name": f"There is a group {name} already."}) from None

    async def delete(self, group_id: UUID, now: datetime, by: By) -> bool:
        """Deletes a group; its members lose the roles that it gave them. Returns False if there is none.

        Raises LastAdministrator, and Invalid if an application or a scope is for its members alone.
        """
        try:
            return bool(await kept(self._database.query(DELETE, {"id": group_id, "now": now, **by.columns})))
        except Rejected as error:
            if error.sqlstate != FOREIGN_KEY_VIOLATION:
                raise
            raise Invalid({"group": NEEDED.replace(":", ".")}) from None

    async def add(self, group_id: UUID, user_id: UUID, now: datetime, by: By, *, owner: bool | None = None) -> bool:
        """Makes a person a member, and unless `owner` is None an owner or not. Returns False if nothing changed."""
        told = {"id": group_id, "user_id": user_id, "owner": owner, "now": now, **by.columns}
        ((count,),) = await kept(self._database.query(ADD, told))
        return bool(count)

    async def remove(self, group_id: UUID, user_id: UUID, now: datetime, by: By) -> bool:
        """Ends a membership. Returns False if the person is no member. Raises LastAdministrator."""
        told = {"id": group_id, "user_id": user_id, "now": now, **by.columns}
        return bool(await kept(self._database.query(REMOVE, told)))
