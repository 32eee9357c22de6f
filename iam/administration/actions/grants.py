"""What can be done with grants."""

from typing import Final
from uuid import UUID

from pydantic import Field

from iam.administration import grants, people
from iam.administration.actions.action import Action
from iam.administration.actions.models import MOST, USUAL, Model, Moment, Page
from iam.administration.actions.operator import Operator
from iam.administration.actions.paging import cut, identifier
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

ACTIONS: Final = (LIST, REVOKE)
