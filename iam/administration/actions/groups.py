"""What can be done with groups of people."""

from typing import Final
from uuid import UUID

from pydantic import Field

from iam.administration import groups
from iam.administration.actions.action import Action
from iam.administration.actions.models import Listing, Model, Moment, Page
from iam.administration.actions.operator import Operator
from iam.administration.actions.paging import cut, identifier, place
from iam.administration.actions.person import WHO
from iam.administration.actions.readers import AUDITORS, HELPERS_AND_AUDITORS
from iam.administration.administration import Administration
from iam.administration.groups import GroupChange
from iam.administration.replacing import replaced
from iam.people import names
from iam.records import group as records

WHICH: Final = "The group: its id or its name."


class Group(Model):
    """A group of people."""

    id: UUID
    name: str
    description: str = Field(description="What it is for.")
    members: int = Field(description="How many people are in it.")
    created_at: Moment
    updated_at: Moment

    @classmethod
    def of(cls, group: records.Group) -> "Group":
        """Returns what is said about this group."""
        return cls(
            id=group.id,
            name=group.name,
            description=group.description,
            members=group.members,
            created_at=group.created_at,
            updated_at=group.updated_at,
        )


class ShownGroup(Group):
    """A group of people, and what is for its members alone."""

    clients: list[str] | None = Field(description="The applications; null for who may not see them.")
    scopes: list[str] | None = Field(description="The scopes; null for who may not see them.")


class Member(Model):
    """A member of a group."""

    id: UUID
    username: str
    name: str = Field(description="The name that others see.")
    owner: bool = Field(description="Whether they manage the group.")
    since: Moment

    @classmethod
    def of(cls, member: records.Member) -> "Member":
        """Returns what is said about this member."""
        return cls(
            id=member.user_id, username=member.username, name=member.name, owner=member.owner, since=member.since
        )


class NamedGroup(Model):
    """A group, by id or name."""

    group: str = Field(min_length=1, description=WHICH)


class NewGroup(Model):
    """A group to be made."""

    name: str = Field(description="Its name, which no other group has.")
    description: str = Field(default="", description="What it is for.")


class ChangedGroup(NamedGroup):
    """The changes to a group; what is not named stays."""

    name: str | None = Field(default=None, description="Another name.")
    description: str | None = Field(default=None, description="What it is for.")


class Members(NamedGroup, Listing):
    """Which members of a group are wanted."""

    search: str = Field(default="", max_length=0, description="Members are not searched: leave it empty.")


class NewMember(NamedGroup):
    """Who comes into a group."""

    person: str = Field(min_length=1, description=WHO)
    owner: bool | None = Field(default=None, description="Whether they manage the group; null keeps what is.")


class NamedMember(NamedGroup):
    """Who leaves a group."""

    person: str = Field(min_length=1, description=WHO)


class DeletedGroup(Model):
    """A group that is gone."""

    id: UUID
    name: str
    deleted: bool = True


async def list_groups(on: Administration, wish: Listing, _: Operator) -> Page[Group]:
    """Lists groups by name. Raises Invalid."""
    after = place(wish.after)
    rows = await on.store.groups.page(names.username_key(wish.search), after[0] if after else "", wish.limit + 1)
    found, following = cut(rows, wish.limit, lambda group: [names.username_key(group.name)])
    return Page[Group](items=list(map(Group.of, found)), next=following)


async def show(on: Administration, wish: NamedGroup, operator: Operator) -> ShownGroup:
    """Returns the group, with what is for its members alone for who may see all of it. Raises Missing."""
    group = await groups.find(on, wish.group)
    clients, scopes = await on.store.restrictions.of_group(group.id) if operator.has_one_of(AUDITORS) else (None, None)
    return ShownGroup(**Group.of(group).model_dump(), clients=clients, scopes=scopes)


async def create(on: Administration, wish: NewGroup, operator: Operator) -> Group:
    """Creates a group. Raises Invalid."""
    return Group.of(await groups.create(on, wish.name, wish.description, operator.by))


async def update(on: Administration, wish: ChangedGroup, operator: Operator) -> Group:
    """Changes a group. Raises Invalid and Missing."""
    key, change = str((await groups.find(on, wish.group)).id), GroupChange(wish.name, wish.description)
    return Group.of(await replaced(on, "groups", key, lambda: groups.update(on, key, change, operator.by)))


async def delete(on: Administration, wish: NamedGroup, operator: Operator) -> DeletedGroup:
    """Deletes a group. Raises Invalid and Missing."""
    group = await groups.delete(on, wish.group, operator.by)
    return DeletedGroup(id=group.id, name=group.name)


async def list_members(on: Administration, wish: Members, _: Operator) -> Page[Member]:
    """Lists the members of a group, in the order of their ids. Raises Invalid and Missing."""
    group = await groups.find(on, wish.group)
    rows = await on.store.groups.page_of_members(group.id, identifier(wish.after), wish.limit + 1)
    found, following = cut(rows, wish.limit, lambda member: [str(member.user_id)])
    return Page[Member](items=list(map(Member.of, found)), next=following)


async def add(on: Administration, wish: NewMember, operator: Operator) -> Group:
    """Makes a person a member. Raises Invalid and Missing."""
    return Group.of(await groups.add(on, wish.group, wish.person, operator.by, owner=wish.owner))


async def remove(on: Administration, wish: NamedMember, operator: Operator) -> Group:
    """Ends a membership. Raises Invalid and Missing."""
    return Group.of(await groups.remove(on, wish.group, wish.person, operator.by))


async def owns(on: Administration, wish: NamedGroup, operator: Operator) -> bool:
    """Whether the operator is an owner of the group. Raises Missing for who may know of no others, and for a group that is not there."""
    group = await groups.find(on, wish.group)
    if operator.user_id is not None and await on.store.groups.owned(group.id, operator.user_id):
        return True
    if not operator.has_one_of(HELPERS_AND_AUDITORS):
        raise groups.missing(wish.group)
    return False


LIST: Final = Action(
    "group.list", "List groups by name.", "GET", "/groups", Listing, Page[Group], list_groups, HELPERS_AND_AUDITORS
)
SHOW: Final = Action(
    "group.show", "Show a group.", "GET", "/groups/{group}", NamedGroup, ShownGroup, show, HELPERS_AND_AUDITORS, owns
)
CREATE: Final = Action(
    "group.create", "Create a group without members.", "POST", "/groups", NewGroup, Group, create, creates=True
)
UPDATE: Final = Action(
    "group.update",
    "Change the name or the description of a group.",
    "PATCH",
    "/groups/{group}",
    ChangedGroup,
    Group,
    update,
    owns=owns,
)
DELETE: Final = Action(
    "group.delete",
    "Delete a group: its members lose the roles that it gave them.",
    "DELETE",
    "/groups/{group}",
    NamedGroup,
    DeletedGroup,
    delete,
    losses=lambda on, wish: groups.count_losses(on, wish.group),
    sensitive=True,
)
LIST_MEMBERS: Final = Action(
    "group.list_members",
    "List the members of a group, in the order of their ids.",
    "GET",
    "/groups/{group}/members",
    Members,
    Page[Member],
    list_members,
    HELPERS_AND_AUDITORS,
    owns,
)
ADD: Final = Action(
    "group.add",
    "Make a person a member of a group, or an owner, who manages it.",
    "POST",
    "/groups/{group}/members",
    NewMember,
    Group,
    add,
    owns=owns,
)
REMOVE: Final = Action(
    "group.remove",
    "End a person's membership of a group.",
    "DELETE",
    "/groups/{group}/members/{person}",
    NamedMember,
    Group,
    remove,
    owns=owns,
    losses=lambda on, wish: groups.count_losses_of_removing(on, wish.group, wish.person),
)

ACTIONS: Final = (LIST, SHOW, CREATE, UPDATE, DELETE, LIST_MEMBERS, ADD, REMOVE)
