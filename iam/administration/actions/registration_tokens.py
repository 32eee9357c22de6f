"""What can be done with initial access tokens, by which clients register themselves (RFC 7591 §1.2)."""

from typing import Final
from uuid import UUID

from pydantic import Field

from iam.administration import registration_tokens
from iam.administration.actions.action import Action
from iam.administration.actions.models import Instant, Listing, Model, Moment, Page
from iam.administration.actions.operator import Operator
from iam.administration.actions.paging import cut, identifier
from iam.administration.actions.readers import AUDITORS
from iam.administration.administration import Administration
from iam.records.registration import RegistrationToken


class InitialToken(Model):
    """An initial access token, without its text, which is not stored."""

    id: UUID
    uses_left: int | None = Field(description="How many clients more it registers; null: any number.")
    scope: str
    created_at: Moment
    expires_at: Moment | None
    revoked_at: Moment | None

    @classmethod
    def of(cls, token: RegistrationToken) -> "InitialToken":
        """Returns what is said about this token."""
        return cls(
            id=token.id,
            uses_left=token.uses_left,
            scope=" ".join(token.scopes),
            created_at=token.created_at,
            expires_at=token.expires_at,
            revoked_at=token.revoked_at,
        )


class NewInitialToken(Model):
    """An initial access token to be made."""

    uses: int | None = Field(default=None, description="How many clients it registers; null: any number.")
    expires_at: Instant | None = Field(default=None, description="When it expires; null: never.")
    scope: str = Field(default="", description="What its clients may ask for besides the scopes of OpenID Connect.")


class MadeInitialToken(InitialToken):
    """A new initial access token, whose text is shown this once."""

    initial_access_token: str


class NamedInitialToken(Model):
    """An initial access token, by its id."""

    token: UUID = Field(description="The id of the token.")


class RevokedInitialToken(Model):
    """An initial access token that registers no more clients."""

    id: UUID
    revoked: bool = True


async def list_tokens(on: Administration, wish: Listing, _: Operator) -> Page[InitialToken]:
    """Lists initial access tokens, oldest first. Raises Invalid."""
    rows = await on.store.registrations.page(wish.search.lower(), identifier(wish.after), wish.limit + 1)
    found, following = cut(rows, wish.limit, lambda token: [str(token.id)])
    return Page[InitialToken](items=list(map(InitialToken.of, found)), next=following)


async def create(on: Administration, wish: NewInitialToken, operator: Operator) -> MadeInitialToken:
    """Makes an initial access token. Raises Invalid."""
    token, text = await registration_tokens.create(on, wish.scope.split(), wish.uses, wish.expires_at, operator.by)
    return MadeInitialToken(**InitialToken.of(token).model_dump(), initial_access_token=text)


async def revoke(on: Administration, wish: NamedInitialToken, operator: Operator) -> RevokedInitialToken:
    """Revokes an initial access token. Raises Missing."""
    await registration_tokens.revoke(on, wish.token, operator.by)
    return RevokedInitialToken(id=wish.token)


LIST: Final = Action(
    "registration_token.list",
    "List initial access tokens, without their texts, which are not stored.",
    "GET",
    "/registration-tokens",
    Listing,
    Page[InitialToken],
    list_tokens,
    roles=AUDITORS,
)
CREATE: Final = Action(
    "registration_token.create",
    "Make an initial access token, by which clients register themselves. It is shown once.",
    "POST",
    "/registration-tokens",
    NewInitialToken,
    MadeInitialToken,
    create,
    creates=True,
    sensitive=True,
)
REVOKE: Final = Action(
    "registration_token.revoke",
    "Revoke an initial access token: it registers no more clients, and those that it registered stay.",
    "DELETE",
    "/registration-tokens/{token}",
    NamedInitialToken,
    RevokedInitialToken,
    revoke,
    losses=lambda on, wish: registration_tokens.count_losses(on, wish.token),
)

ACTIONS: Final = (LIST, CREATE, REVOKE)
