"""What can be done with grants."""

from typing import Final
from uuid import UUID

from pydantic import Field

from iam.administration import grants, people
from iam.administration.actions.action import Action
from iam.administration.actions.models import MOST, USUAL, Model, Moment, Page
from iam.administration.actions.operator import Operator
from iam.administration.actions.paging import cut, identifier
from iam.administration.actions.person import WHO, NamedPerson
from iam.administration.actions.readers import HELPERS, HELPERS_AND_AUDITORS
from iam.administration.administration import Administration
from iam.records.grant import Grant


class ShownGrant(Model):
    """What a person allowed a client, or what a client may do for itself."""

    id: UUID
    user_id: UUID | None
    username: str | None
    client_id: str | None
    client_name: str | None
    token_name: str | None = Field(description="Of a personal or service token.")
    session_id: UUID | None
    scope: str
    created_at: Moment
    expires_at: Moment | None

    @classmethod
    def of(cls, grant: Grant) -> "ShownGrant":
        """Returns what is said about this grant."""
        return cls(
            id=grant.id,
            user_id=grant.user_id,
            username=grant.username,
            client_id=grant.client_id,
            client_name=grant.client_name,
            token_name=grant.token_name,
            session_id=grant.session_id,
            scope=grant.scope,
            created_at=grant.created_at,
            expires_at=grant.expires_at,
        )


class GrantListing(Model):
    """Which grants are wanted."""

    user: str | None = Field(default=None, description="Only what this person allowed: their id or username.")
    client: str | None = Field(default=None, description="Only what this client was allowed.")
    after: str | None = Field(default=None, description="Where the page begins: `next` of another.")
    limit: int = Field(default=USUAL, ge=1, le=MOST, description="How many items there are on a page.")


class NamedGrant(Model):
    """A grant, by its id."""

    grant: UUID = Field(description="The id of the grant.")


class RevokedGrant(Model):
    """A grant that has ended."""

    id: UUID
    revoked: bool = True


class GrantedApplication(Model):
    """A client, by its id."""

    application: str = Field(min_length=1, description="The client's id.")


class RevokedGrants(Model):
    """Grants that have ended."""

    revoked: bool = True


class Allowed(Model):
    """What one person allowed one client."""

    user: str = Field(min_length=1, description=WHO)
    client: str = Field(min_length=1, description="The client that they allowed it.")


class EveryGrant(Model):
    """All grants of everybody."""


async def list_grants(on: Administration, wish: GrantListing, _: Operator) -> Page[ShownGrant]:
    """Lists the living grants, oldest first. Raises Invalid and Missing."""
    user = await people.find(on, wish.user) if wish.user else None
    rows = await grants.list_page(on, user, wish.client, identifier(wish.after), wish.limit + 1)
    found, following = cut(rows, wish.limit, lambda grant: [str(grant.id)])
    return Page[ShownGrant](items=list(map(ShownGrant.of, found)), next=following)


async def revoke(on: Administration, wish: NamedGrant, operator: Operator) -> RevokedGrant:
    """Ends a grant. Raises Missing."""
    await grants.revoke(on, wish.grant, operator.by)
    return RevokedGrant(id=wish.grant)


async def revoke_of_person(on: Administration, wish: NamedPerson, operator: Operator) -> RevokedGrants:
    """Ends all that a person granted. Raises Missing."""
    await grants.revoke_of_user(on, wish.person, operator.by)
    return RevokedGrants()


async def revoke_of_application(on: Administration, wish: GrantedApplication, operator: Operator) -> RevokedGrants:
    """Ends all that an application was granted. Raises Missing."""
    await grants.revoke_of_client(on, wish.application, operator.by)
    return RevokedGrants()


async def withdraw(on: Administration, wish: Allowed, operator: Operator) -> RevokedGrants:
    """Ends what a person allowed a client. Raises Invalid and Missing."""
    await grants.withdraw(on, wish.user, wish.client, operator.by)
    return RevokedGrants()


async def giver(on: Administration, wish: Allowed) -> UUID:
    """Returns the id of the person. Raises Missing."""
    return (await people.find(on, wish.user)).id


async def revoke_all(on: Administration, _: EveryGrant, operator: Operator) -> RevokedGrants:
    """Ends all grants."""
    await grants.revoke_all(on, operator.by)
    return RevokedGrants()


async def named(on: Administration, wish: NamedPerson) -> UUID:
    """Returns the id of the person. Raises Missing."""
    return (await people.find(on, wish.person)).id


LIST: Final = Action(
    "grant.list",
    "List the living grants, oldest first.",
    "GET",
    "/grants",
    GrantListing,
    Page[ShownGrant],
    list_grants,
    roles=HELPERS_AND_AUDITORS,
)
REVOKE: Final = Action(
    "grant.revoke",
    "End a grant, and every code and token under it.",
    "DELETE",
    "/grants/{grant}",
    NamedGrant,
    RevokedGrant,
    revoke,
    roles=HELPERS,
    person=lambda on, wish: grants.find_giver(on, wish.grant),
    losses=lambda on, wish: grants.count_losses(on, wish.grant),
)
REVOKE_OF_PERSON: Final = Action(
    "person.revoke_grants",
    "End all that a person allowed applications so far, and every code and token under it.",
    "POST",
    "/people/{person}/revoke-grants",
    NamedPerson,
    RevokedGrants,
    revoke_of_person,
    roles=HELPERS,
    person=named,
    losses=lambda on, wish: grants.count_losses_of_user(on, wish.person),
)
REVOKE_OF_APPLICATION: Final = Action(
    "application.revoke_grants",
    "End all that an application was granted so far; what it has for itself is replaced, without tokens.",
    "POST",
    "/applications/{application}/revoke-grants",
    GrantedApplication,
    RevokedGrants,
    revoke_of_application,
    losses=lambda on, wish: grants.count_losses_of_client(on, wish.application),
)
WITHDRAW: Final = Action(
    "grant.withdraw",
    "End what a person allowed an application, as they can do it themselves: it has to ask them again.",
    "POST",
    "/grants/withdraw",
    Allowed,
    RevokedGrants,
    withdraw,
    roles=HELPERS,
    person=giver,
    losses=lambda on, wish: grants.count_losses_of_both(on, wish.user, wish.client),
)
REVOKE_ALL: Final = Action(
    "grant.revoke_all",
    "End all grants so far: everybody must allow applications again.",
    "POST",
    "/grants/revoke-all",
    EveryGrant,
    RevokedGrants,
    revoke_all,
    losses=lambda on, _: grants.count_losses_of_all(on),
    sensitive=True,
)

ACTIONS: Final = (LIST, REVOKE, REVOKE_OF_PERSON, REVOKE_OF_APPLICATION, WITHDRAW, REVOKE_ALL)
