"""What can be done with personal and service tokens, and with any token whose text is known."""

from typing import Final
from uuid import UUID

from pydantic import Field, SecretStr

from iam.administration import clients, people, personal_tokens, tokens
from iam.administration.actions.action import Action
from iam.administration.actions.models import MOST, USUAL, Instant, Model, Moment, Page
from iam.administration.actions.operator import Operator
from iam.administration.actions.paging import cut, identifier
from iam.administration.actions.readers import HELPERS, HELPERS_AND_AUDITORS
from iam.administration.administration import Administration
from iam.administration.losses import Losses
from iam.administration.personal_tokens import Wish
from iam.records.invalid import complain
from iam.records.personal_token import ANYBODY, Owner, PersonalToken
from iam.tokens.access_tokens import lasting
from iam.tokens.introspection import INACTIVE, members

ONE: Final = "Name either a person or a client."


class Token(Model):
    """A personal or service token, without its text, which is not stored."""

    id: UUID
    user_id: UUID | None
    username: str | None
    client_id: str | None
    name: str
    scope: str
    resources: list[str]
    created_at: Moment
    expires_at: Moment
    used_at: Moment | None = Field(description="The hour of its last use.")
    works: bool

    @classmethod
    def of(cls, token: PersonalToken) -> "Token":
        """Returns what is said about this token."""
        return cls(
            id=token.id,
            user_id=token.user_id,
            username=token.username,
            client_id=token.client_id,
            name=token.name,
            scope=token.scope,
            resources=list(token.resources),
            created_at=token.created_at,
            expires_at=token.expires_at,
            used_at=token.used_at,
            works=token.living,
        )


class TokenListing(Model):
    """Which tokens are wanted."""

    user: str | None = Field(default=None, description="Only those of this person: their id or username.")
    client: str | None = Field(default=None, description="Only those of this client.")
    after: str | None = Field(default=None, description="Where the page begins: `next` of another.")
    limit: int = Field(default=USUAL, ge=1, le=MOST, description="How many items there are on a page.")


class NewToken(Model):
    """A token to be made, of a person or of a client."""

    user: str | None = Field(default=None, description="The person whose own token it is: their id or username.")
    client: str | None = Field(default=None, description="The client whose own token it is.")
    name: str = Field(description="What tells it apart from the owner's other tokens.")
    scope: str | None = Field(default=None, description="What it allows, with spaces between.")
    resource: list[str] = Field(default_factory=list, description="What it is for; none: nothing in particular.")
    expires_at: Instant | None = Field(default=None, description="When it expires, at most a year from now.")


class OwnTokens(Model):
    """All tokens of a person or of a client."""

    user: str | None = Field(default=None, description="The person whose they are: their id or username.")
    client: str | None = Field(default=None, description="The client whose they are.")


class RevokedTokens(Model):
    """How many tokens have ended."""

    revoked: int


class MadeToken(Model):
    """A new token, whose text is shown this once."""

    id: UUID
    token: str
    name: str
    scope: str
    resources: list[str]
    expires_at: Moment


class NamedToken(Model):
    """A token, by its id."""

    token: UUID = Field(description="The id of the token.")


class RevokedToken(Token):
    """A token that has ended."""

    revoked: bool = True

    @classmethod
    def of(cls, token: PersonalToken) -> "RevokedToken":
        """Returns what is said about this token, which works no longer."""
        return cls(**{**Token.of(token).model_dump(), "works": False})


class TokenText(Model):
    """A token, by its text."""

    text: SecretStr = Field(min_length=1, description="The token itself: of a client, of a person, or of a service.")


class DescribedToken(Model):
    """A token as introspection tells of it (RFC 7662 §2.2); of one that is good for nothing only that."""

    active: bool
    scope: str | None = None
    client_id: str | None = None
    sub: str | None = None
    iat: int | None = None
    exp: int | None = None
    aud: str | list[str] | None = None
    username: str | None = None


class RevokedText(Model):
    """A token that has ended: the client that had it or, of a personal or service token, what it was."""

    client_id: str | None = None
    ended: RevokedToken | None = None
    revoked: bool = True


async def list_tokens(on: Administration, wish: TokenListing, _: Operator) -> Page[Token]:
    """Lists the tokens that have not ended, oldest first. Raises Invalid and Missing."""
    owner = Owner(
        (await people.find(on, wish.user)).id if wish.user else None,
        (await clients.find(on, wish.client)).id if wish.client else None,
    )
    after = identifier(wish.after)
    rows = await on.store.personal_tokens.page(on.clock.now(), owner, after, wish.limit + 1)
    found, following = cut(rows, wish.limit, lambda token: [str(token.id)])
    return Page[Token](items=list(map(Token.of, found)), next=following)


async def create(on: Administration, wish: NewToken, operator: Operator) -> MadeToken:
    """Makes a token. Raises Invalid."""
    complain(user=ONE if (wish.user is None) == (wish.client is None) else None)
    asked = Wish(wish.name, None if wish.scope is None else wish.scope.split(), wish.resource, wish.expires_at)
    if wish.user is not None:
        made = await personal_tokens.create_for_person(on, await people.find(on, wish.user), asked, operator.by)
    else:
        client = await clients.find(on, str(wish.client))
        made = await personal_tokens.create_for_client(on, client, asked, operator.by)
    return MadeToken(
        id=made.token.id,
        token=made.text,
        name=made.token.name,
        scope=made.token.scope,
        resources=list(made.token.resources),
        expires_at=made.token.expires_at,
    )


async def revoke(on: Administration, wish: NamedToken, operator: Operator) -> RevokedToken:
    """Ends a token. Raises Missing."""
    token = await personal_tokens.find(on, wish.token, ANYBODY)
    await personal_tokens.revoke(on, token, operator.by)
    return RevokedToken.of(token)


async def revoke_all(on: Administration, wish: OwnTokens, operator: Operator) -> RevokedTokens:
    """Ends all tokens of a person or a client. Raises Invalid and Missing."""
    _, owner = await named(on, wish)
    return RevokedTokens(revoked=await personal_tokens.revoke_all(on, owner, operator.by))


async def count_all(on: Administration, wish: OwnTokens) -> Losses | None:
    """Returns the tokens that end. Raises Invalid and Missing."""
    return await personal_tokens.count_losses(on, *await named(on, wish))


async def named(on: Administration, wish: OwnTokens) -> tuple[str, Owner]:
    """Returns the name of a person or a client, and the owner that they are. Raises Invalid and Missing."""
    complain(user=ONE if (wish.user is None) == (wish.client is None) else None)
    if wish.user is not None:
        user = await people.find(on, wish.user)
        return user.username, Owner(user_id=user.id)
    client = await clients.find(on, str(wish.client))
    return client.name, Owner(client_id=client.id)


async def owner_of_all(on: Administration, wish: OwnTokens) -> UUID | None:
    """Returns whose tokens they are, None being a client's own. Raises Invalid and Missing."""
    return (await named(on, wish))[1].user_id


async def show(on: Administration, wish: TokenText, _: Operator) -> DescribedToken:
    """Returns what a token is good for."""
    found = await tokens.find(on, wish.text.get_secret_value())
    told = members(found, on.settings.issuer) if found else INACTIVE
    return DescribedToken.model_validate({name: value for name, value in told.items() if name != "iss"})


async def revoke_text(on: Administration, wish: TokenText, operator: Operator) -> RevokedText:
    """Ends a token and, if a person gave it to a client, its grant. Raises Invalid."""
    text = wish.text.get_secret_value()
    if not lasting(text):
        return RevokedText(client_id=await tokens.revoke(on, text, operator.by))
    token = await personal_tokens.find_text(on, text)
    await personal_tokens.revoke(on, token, operator.by)
    return RevokedText(ended=RevokedToken.of(token))


async def holder(on: Administration, wish: NamedToken) -> UUID | None:
    """Returns whose token it is, None being a client's own. Raises Missing."""
    return (await personal_tokens.find(on, wish.token, ANYBODY)).user_id


LIST: Final = Action(
    "token.list",
    "List personal and service tokens, without their texts, which are not stored.",
    "GET",
    "/tokens",
    TokenListing,
    Page[Token],
    list_tokens,
    roles=HELPERS_AND_AUDITORS,
)
CREATE: Final = Action(
    "token.create",
    "Make a personal token of a person, or a service token of a client. It is shown once.",
    "POST",
    "/tokens",
    NewToken,
    MadeToken,
    create,
    creates=True,
    sensitive=True,
)
REVOKE: Final = Action(
    "token.revoke",
    "Revoke a personal or service token.",
    "DELETE",
    "/tokens/{token}",
    NamedToken,
    RevokedToken,
    revoke,
    roles=HELPERS,
    person=holder,
)
REVOKE_ALL: Final = Action(
    "token.revoke_all",
    "Revoke all personal tokens of a person, or all service tokens of a client.",
    "POST",
    "/tokens/revoke-all",
    OwnTokens,
    RevokedTokens,
    revoke_all,
    roles=HELPERS,
    person=owner_of_all,
    losses=count_all,
)
SHOW: Final = Action(
    "token.show",
    "Say what a token is good for, whose text is known.",
    "POST",
    "/tokens/show",
    TokenText,
    DescribedToken,
    show,
    roles=HELPERS_AND_AUDITORS,
    looks=True,
)
REVOKE_TEXT: Final = Action(
    "token.revoke_text",
    "Revoke a token whose text is known; with one that a person gave a client, its grant ends too.",
    "POST",
    "/tokens/revoke",
    TokenText,
    RevokedText,
    revoke_text,
)

ACTIONS: Final = (LIST, CREATE, REVOKE, REVOKE_ALL, SHOW, REVOKE_TEXT)
