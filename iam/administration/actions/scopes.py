"""What can be done with scopes."""

from collections.abc import Sequence
from typing import Final

from pydantic import Field

from iam.administration import restrictions, scopes
from iam.administration.actions.action import Action
from iam.administration.actions.models import Listing, Model, Moment, Page
from iam.administration.actions.operator import Operator
from iam.administration.actions.paging import part
from iam.administration.actions.readers import AUDITORS, DEVELOPERS
from iam.administration.administration import Administration
from iam.records.scope import Scope


class NewScope(Model):
    """A scope to be made."""

    name: str
    description: str = Field(description="What the person is asked to allow.")
    claims: list[str] = Field(default_factory=list, description="The claims that UserInfo returns for it.")
    restricted: bool = Field(default=False, description="Only administrators give it to a client.")
    acr: str | None = Field(default=None, description="How well people must have proved who they are.")
    derived: bool = Field(default=False, description="Its claim says which groups or roles people have here.")


class ShownScope(NewScope):
    """A permission that clients may request, and what people read of it."""

    members_only: bool = Field(description="It is for the members of some groups alone.")
    groups: list[str] = Field(description="Those groups; none: it is for everybody.")
    created_at: Moment | None = Field(description="Null for the scopes of this server's administration.")

    @classmethod
    def of(cls, scope: Scope, groups: Sequence[str] = ()) -> "ShownScope":
        """Returns what is said about this scope, which is for the members of these groups, if there are any."""
        return cls(
            name=scope.name,
            description=scope.description,
            claims=list(scope.claims),
            restricted=scope.restricted,
            acr=scope.acr,
            derived=scope.derived,
            members_only=scope.members_only,
            groups=list(groups),
            created_at=scope.created_at,
        )


class NamedScope(Model):
    """A scope, by its name."""

    scope: str = Field(min_length=1, description="The name of the scope.")


class Restriction(NamedScope):
    """The groups for whose members alone a scope is."""

    groups: list[str] = Field(description="Their names or ids; none: it is for everybody.")


class DeletedScope(Model):
    """A scope that is gone."""

    name: str
    deleted: bool = True


async def list_scopes(on: Administration, wish: Listing, _: Operator) -> Page[ShownScope]:
    """Lists scopes by name. Raises Invalid."""
    found, following = part(await on.store.scopes.all(), wish, lambda scope: scope.name)
    return Page[ShownScope](items=await shown(on, found), next=following)


async def show(on: Administration, wish: NamedScope, _: Operator) -> ShownScope:
    """Returns a scope. Raises Missing."""
    known = await on.store.scopes.by_name()
    if wish.scope not in known:
        raise scopes.missing(wish.scope)
    return (await shown(on, [known[wish.scope]]))[0]


async def shown(on: Administration, found: Sequence[Scope]) -> list[ShownScope]:
    """Returns what is said about these scopes."""
    groups = await on.store.restrictions.groups_of_scopes([scope.name for scope in found if scope.members_only])
    return [ShownScope.of(scope, groups.get(scope.name, ())) for scope in found]


async def create(on: Administration, wish: NewScope, operator: Operator) -> ShownScope:
    """Creates a scope. Raises Invalid."""
    asked = Scope(wish.name, wish.description, tuple(wish.claims), wish.restricted, wish.acr, wish.derived)
    return ShownScope.of(await scopes.create(on, asked, operator.by))


async def restrict(on: Administration, wish: Restriction, operator: Operator) -> ShownScope:
    """Says for whose members alone a scope is. Raises Invalid and Missing."""
    return (await shown(on, [await restrictions.restrict_scope(on, wish.scope, wish.groups, operator.by)]))[0]


async def delete(on: Administration, wish: NamedScope, operator: Operator) -> DeletedScope:
    """Deletes a scope. Raises Invalid and Missing."""
    await scopes.delete(on, wish.scope, operator.by)
    return DeletedScope(name=wish.scope)


LIST: Final = Action(
    "scope.list", "List scopes.", "GET", "/scopes", Listing, Page[ShownScope], list_scopes, roles=AUDITORS | DEVELOPERS
)
SHOW: Final = Action(
    "scope.show",
    "Show a scope.",
    "GET",
    "/scopes/{scope}",
    NamedScope,
    ShownScope,
    show,
    roles=AUDITORS | DEVELOPERS,
    identity="name",
)
CREATE: Final = Action(
    "scope.create",
    "Create a scope. Clients may ask for it once it is added to theirs.",
    "POST",
    "/scopes",
    NewScope,
    ShownScope,
    create,
    creates=True,
    identity="name",
)
RESTRICT: Final = Action(
    "scope.restrict",
    "Give a scope to the members of some groups alone; others get what they ask for without it.",
    "POST",
    "/scopes/{scope}/restrict",
    Restriction,
    ShownScope,
    restrict,
    losses=lambda on, wish: restrictions.count_losses_of_scope(on, wish.scope, wish.groups),
    sensitive=True,
)
DELETE: Final = Action(
    "scope.delete",
    "Delete a scope: no client may ask for it from now on.",
    "DELETE",
    "/scopes/{scope}",
    NamedScope,
    DeletedScope,
    delete,
    losses=lambda on, wish: scopes.count_losses(on, wish.scope),
    sensitive=True,
)

ACTIONS: Final = (LIST, SHOW, CREATE, RESTRICT, DELETE)
