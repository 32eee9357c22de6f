"""Groups of people: who is in them, and who manages them."""

from typing import Final
from uuid import UUID

from attrs import frozen

from iam.administration import people
from iam.administration.administration import Administration
from iam.administration.losses import KNOWN, Losses, Section, count
from iam.people import names
from iam.records.actor import By
from iam.records.group import LONGEST_DESCRIPTION, Group, Member
from iam.records.invalid import Invalid, Missing, complain
from iam.records.role import Role, RoleGrant
from iam.records.user import User
from iam.secrets import minted
from iam.store.groups import NEEDED
from iam.store.roles import Holder

NOT_ONESELF: Final = "Nobody gives roles to themselves: ask another administrator, or use the command line."
NOBODY: Final = UUID(int=0)
ADMINISTRATORS_ONLY: Final = "This group has roles on this server, so that only administrators change who is in it."


@frozen
class GroupChange:
    """The changes to make to a group; None keeps the value."""

    name: str | None = None
    description: str | None = None


async def find(on: Administration, name: str) -> Group:
    """Returns the group with this id or else this name. Raises Invalid if there is none."""
    if "\0" in name:
        raise missing(name)
    group = await find_by_id(on, name) or await on.store.groups.by_name(names.username_key(name))
    if group is None:
        raise missing(name)
    return group


async def find_by_id(on: Administration, text: str) -> Group | None:
    """Returns the group with this id; None if the text is no UUID or no group has it."""
    try:
        group_id = UUID(text)
    except ValueError:
        return None
    return await on.store.groups.by_id(group_id)


async def list_members(on: Administration, name: str) -> list[Member]:
    """Returns the members of a group, by username. Raises Invalid if there is no such group."""
    return await on.store.groups.members((await find(on, name)).id)


async def create(on: Administration, name: str, description: str, by: By) -> Group:
    """Creates a group without members. Raises Invalid."""
    name, description = name.strip(), description.strip()
    judge(name, description)
    group_id = minted.identifier()
    key = names.username_key(name)
    if not await on.store.groups.create(group_id, name, key, description, on.clock.now(), by):
        raise Invalid({"name": f"There is a group {name} already."})
    return await find(on, str(group_id))


async def update(on: Administration, group: str, change: GroupChange, by: By) -> Group:
    """Changes name and description of a group. Raises Invalid."""
    before = await find(on, group)
    name = before.name if change.name is None else change.name.strip()
    description = before.description if change.description is None else change.description.strip()
    judge(name, description)
    if not await on.store.groups.update(before.id, name, names.username_key(name), description, on.clock.now(), by):
        raise missing(group)
    return await find(on, str(before.id))


async def delete(on: Administration, name: str, by: By) -> Group:
    """Deletes a group, with the roles that it gave its members; returns what it was.

    Raises Invalid, also if that would take the last administrator away.
    """
    group = await find(on, name)
    await refuse_needed(on, group)
    if not await on.store.groups.delete(group.id, on.clock.now(), by):
        raise missing(name)
    return group


async def add(on: Administration, group: str, person: str, by: By, *, owner: bool | None = None) -> Group:
    """Makes a person a member of a group and, unless `owner` is None, an owner or not. Raises Invalid."""
    found, user = await find(on, group), await people.find(on, person)
    await refuse_raising(on, found, user, by.user_id)
    await on.store.groups.add(found.id, user.id, on.clock.now(), by, owner=owner)
    return await find(on, str(found.id))


async def remove(on: Administration, group: str, person: str, by: By) -> Group:
    """Ends a person's membership of a group. Raises Invalid, also if they are no member."""
    found, user = await find(on, group), await people.find(on, person)
    if by.user_id is not None:
        await refuse_stranger(on, await roles_of(on, found), by.user_id)
    if not await on.store.groups.remove(found.id, user.id, on.clock.now(), by):
        raise Invalid({"user": f"{user.username} is no member of the group {found.name}."})
    return await find(on, str(found.id))


async def count_losses(on: Administration, name: str) -> Losses:
    """Returns who and what loses by the deletion of a group. Raises Invalid if there is none, or if it is needed."""
    group = await find(on, name)
    await refuse_needed(on, group)
    items = await count_members(on, group)
    items += count(await roles_of(on, group), "role", lambda grant: grant.role)
    section = Section(f"This ends with the group {group.name}:", items or ["nothing: it has no members and no roles"])
    return Losses(f"Delete the group {group.name}?", [section], for_good=True)


async def count_members(on: Administration, group: Group) -> list[str]:
    """Returns the members of a group as one item, which names the first; no item if there are none."""
    members = await on.store.groups.page_of_members(group.id, NOBODY, KNOWN + 1)
    number = group.members if len(members) > KNOWN else None
    return count(members, "member", lambda member: member.username, number)


async def count_losses_of_removing(on: Administration, group: str, person: str) -> Losses | None:
    """Returns the roles that a person loses with a membership; None if there are none. Raises Invalid."""
    found, user = await find(on, group), await people.find(on, person)
    roles = await roles_of(on, found)
    if not roles:
        return None
    items = count(roles, "role", lambda grant: grant.role)
    section = Section(f"{user.username} loses, unless they have it otherwise:", items)
    return Losses(f"Remove {user.username} from the group {found.name}?", [section])


async def roles_of(on: Administration, group: Group) -> list[RoleGrant]:
    """Returns the roles that a group gives its members."""
    return await on.store.roles.given(Holder(group_id=group.id))


async def refuse_raising(on: Administration, group: Group, user: User, actor: UUID | None) -> None:
    """Raises Invalid if the acting person would give themselves roles, or others more than they may."""
    if actor is None:
        return
    roles = await roles_of(on, group)
    if roles and actor == user.id:
        raise Invalid({"user": NOT_ONESELF})
    await refuse_stranger(on, roles, actor)


async def refuse_stranger(on: Administration, roles: list[RoleGrant], user_id: UUID) -> None:
    """Raises Invalid if these are roles on this server, and the person is no administrator."""
    here = [grant for grant in roles if grant.client_id is None]
    if here and Role.ADMINISTRATOR not in await on.store.roles.of_person(user_id):
        raise Invalid({"group": ADMINISTRATORS_ONLY})


async def refuse_needed(on: Administration, group: Group) -> None:
    """Raises Invalid if an application or a scope is for members of this group: without it, it might be for everybody."""
    clients, scopes = await on.store.restrictions.of_group(group.id)
    if clients or scopes:
        raise Invalid({"group": f"{NEEDED} {' '.join(clients + scopes)}"})


def judge(name: str, description: str) -> None:
    """Raises Invalid for a name or a description that cannot be used."""
    complain(name=name_complaint(name), description=description_complaint(description))


def name_complaint(name: str) -> str | None:
    """Returns what is wrong with the name of a group, in a sentence, or None."""
    return names.name_complaint(name) if name else "Give the group a name."


def description_complaint(description: str) -> str | None:
    """Returns what is wrong with the description of a group, in a sentence, or None."""
    if len(description) > LONGEST_DESCRIPTION:
        return f"Give a description of at most {LONGEST_DESCRIPTION} characters."
    return None if "\0" not in description else "Give a description without control characters."


def missing(name: str) -> Missing:
    """Returns the error for a group that does not exist."""
    return Missing({"group": f"There is no group {name}."})
