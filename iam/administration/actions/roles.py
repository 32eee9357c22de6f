"""What can be done with roles on this server and in applications."""

from typing import Final
from uuid import UUID

from pydantic import Field

from iam.administration import roles
from iam.administration.actions.action import Action
from iam.administration.actions.models import LONGEST_CURSOR, MOST, USUAL, Model, Moment, Page
from iam.administration.actions.operator import Operator
from iam.administration.actions.paging import NO_CURSOR, cut, is_uuid, place
from iam.administration.actions.readers import AUDITORS
from iam.administration.administration import Administration
from iam.administration.roles import Place
from iam.records.invalid import Invalid
from iam.records.role import RoleGrant

ONE_OF_THEM: Final = "Name one: a person or a group."


class GivenRole(Model):
    """A role, and whom it is given to: a person, or the members of a group."""

    role: str
    client_id: str | None = Field(description="The application that it is a role in; null: it is one on this server.")
    user_id: UUID | None
    username: str | None
    group_id: UUID | None
    group: str | None
    created_at: Moment

    @classmethod
    def of(cls, grant: RoleGrant) -> "GivenRole":
        """Returns what is said about this role."""
        return cls(
            role=grant.role,
            client_id=grant.client_id,
            user_id=grant.user_id,
            username=grant.username,
            group_id=grant.group_id,
            group=grant.group_name,
            created_at=grant.created_at,
        )


class WantedRoles(Model):
    """Which roles are wanted: all, or those of a person, of a group or in an application."""

    person: str | None = Field(default=None, description="Only those of this person themselves, by id or username.")
    group: str | None = Field(default=None, description="Only those of this group, by id or name.")
    client: str | None = Field(default=None, description="Only those in the application with this id.")
    after: str | None = Field(default=None, max_length=LONGEST_CURSOR, description="Where the page begins.")
    limit: int = Field(default=USUAL, ge=1, le=MOST, description="How many items there are on a page.")


class NamedRole(Model):
    """A role, and the person or the group that it is about."""

    role: str = Field(description="One of this server's roles, or any name with an application.")
    person: str | None = Field(default=None, description="The person: their id or their username.")
    group: str | None = Field(default=None, description="The group, in place of a person: its id or its name.")
    client: str | None = Field(default=None, description="The application that it is a role in; null: this server.")


async def list_roles(on: Administration, wish: WantedRoles, _: Operator) -> Page[GivenRole]:
    """Lists the roles that are given, by name. Raises Invalid and Missing."""
    client_id, holder, _name = await roles.find(on, Place(wish.person, wish.group, wish.client))
    after = place(wish.after, 3)
    if after and not is_uuid(after[2]):
        raise Invalid({"after": NO_CURSOR})
    rows = await on.store.roles.page(holder, client_id, after, wish.limit + 1)
    found, following = cut(
        rows, wish.limit, lambda each: [each.role, each.client_id or "", str(each.user_id or each.group_id)]
    )
    return Page[GivenRole](items=list(map(GivenRole.of, found)), next=following)


async def grant(on: Administration, wish: NamedRole, operator: Operator) -> GivenRole:
    """Gives a role. Raises Invalid and Missing."""
    where = named(wish)
    await roles.grant(on, wish.role, where, operator.by)
    return await shown(on, wish, where)


async def revoke(on: Administration, wish: NamedRole, operator: Operator) -> GivenRole:
    """Takes a role away; returns what it was. Raises Invalid, Missing and LastAdministrator."""
    where = named(wish)
    before = await shown(on, wish, where)
    await roles.revoke(on, wish.role, where, operator.by)
    return before


async def shown(on: Administration, wish: NamedRole, where: Place) -> GivenRole:
    """Returns what is said about the role. Raises Invalid if it is not given."""
    _, _, name = await roles.find(on, where)
    for each in await roles.list_given(on, where):
        if (each.role, each.client_id) == (wish.role.strip(), where.client):
            return GivenRole.of(each)
    raise roles.not_given(name, wish.role)


def named(wish: NamedRole) -> Place:
    """Returns whom the role is about. Raises Invalid unless it is one person or one group."""
    if (wish.person is None) == (wish.group is None):
        raise Invalid({"person": ONE_OF_THEM})
    return Place(wish.person, wish.group, wish.client)


LIST: Final = Action(
    "role.list",
    "List the roles that are given, by name.",
    "GET",
    "/roles",
    WantedRoles,
    Page[GivenRole],
    list_roles,
    AUDITORS,
)
GRANT: Final = Action(
    "role.grant",
    "Give a role on this server, or in an application, to a person or to the members of a group.",
    "POST",
    "/roles",
    NamedRole,
    GivenRole,
    grant,
    sensitive=True,
)
REVOKE: Final = Action(
    "role.revoke",
    "Take a role away. The last administrator stays one.",
    "DELETE",
    "/roles",
    NamedRole,
    GivenRole,
    revoke,
    losses=lambda on, wish: roles.count_losses(on, wish.role, named(wish)),
    sensitive=True,
)

ACTIONS: Final = (LIST, GRANT, REVOKE)
