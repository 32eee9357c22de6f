"""Personal tokens, which people make for themselves, and service tokens, which are made for an application."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from attrs import evolve, field, frozen

from iam.administration.administration import Administration
from iam.administration.losses import Losses, Section, count
from iam.oauth.grant_types import CLIENT_CREDENTIALS
from iam.oauth.reasons import shown
from iam.people import names
from iam.records.actor import By
from iam.records.client import Client
from iam.records.invalid import Invalid, Missing, complain
from iam.records.personal_token import PERSONAL, NewToken, Owner, PersonalToken
from iam.records.resource import Resource
from iam.records.role import known
from iam.records.user import User
from iam.secrets import minted
from iam.secrets.minted import Kind
from iam.tokens.personal_scopes import Offer, PersonalScopes, fits

YEAR: Final = timedelta(days=366)  # the longest that a token lasts
USUAL: Final = timedelta(days=90)  # that a person's token lasts unless the wish says when it ends

NO_NAME: Final = "Give the token a name by which you will know later where it is used."
NAME_TAKEN: Final = "There is a token of this name already: choose another name, or remove that one first."
TOO_MANY: Final = "There are as many tokens as there may be. Remove one that is not used."
NO_SCOPE: Final = "Choose what the token may do."
NOT_GIVEN: Final = "A token cannot have this here: {}."
NOT_THERE: Final = "This means nothing at the resource that you chose: {}."
NO_TARGET: Final = "A token cannot be for this resource: it is unknown, disabled, or for others. {}"
OVER: Final = "The moment when the token is to expire is over."
TOO_LATE: Final = "A token lasts a year at most."
NOT_ALONE: Final = "This application may not act by itself: give it the grant type client_credentials first."
DISABLED: Final = "It is disabled: enable it first."
MADE_BEFORE: Final = "This form has made a token before, which is another one. Send it again to make this one too."
MADE: Final = "made"
OBSTACLES: Final = {"name": ("name", NAME_TAKEN), "number": ("token", TOO_MANY), MADE: (MADE, MADE_BEFORE)}


@frozen
class Wish:
    """A token to be made; `scopes` None are those that a request without scopes gets."""

    name: str
    scopes: Sequence[str] | None = None
    resources: Sequence[str] = ()
    expires_at: datetime | None = None


@frozen
class Made:
    """A new token and its text, which is not stored and so cannot be shown again."""

    token: NewToken
    text: str = field(repr=False)


async def create_for_person(
    on: Administration, user: User, wish: Wish, by: By, *, text: str | None = None, most: int | None = None
) -> Made:
    """Makes a token of this person's own, for USUAL unless the wish says when it ends. Raises Invalid.

    `most` is how many they may have. `text` is the token, by default a new one; the same text again is the same token.
    """
    offer = await scopes(on).of_person(user.id, known(await on.store.roles.of_person(user.id)))
    complain(user=None if user.disabled_at is None else DISABLED)
    wish = evolve(wish, expires_at=wish.expires_at or on.clock.now() + USUAL)
    text = text or minted.mint(Kind.PERSONAL_TOKEN)
    return await _create(on, Owner(user_id=user.id), PERSONAL, offer, wish, by, text=text, most=most)


async def create_for_client(
    on: Administration, client: Client, wish: Wish, by: By, *, text: str | None = None, most: int | None = None
) -> Made:
    """Makes a token of this application, which lasts a year unless the wish says when it ends. Raises Invalid."""
    offer = await scopes(on).of_client(client)
    complain(client=client_complaint(client))
    text = text or minted.mint(Kind.SERVICE_TOKEN)
    return await _create(on, Owner(client_id=client.id), CLIENT_CREDENTIALS, offer, wish, by, text=text, most=most)


async def _create(
    on: Administration, owner: Owner, grant_type: str, offer: Offer, wish: Wish, by: By, *, text: str, most: int | None
) -> Made:
    """Makes a token of this owner out of what is offered to them. Raises Invalid."""
    now = on.clock.now()
    known = {uri: await on.store.resources.find(uri) for uri in wish.resources}
    resources = [target for uri in known.values() if uri and (target := offer.target(uri.uri))]
    chosen = offer.default(resources) if wish.scopes is None else list(dict.fromkeys(wish.scopes))
    ends = wish.expires_at or now + YEAR
    name = wish.name.strip()
    complain(
        name=names.name_complaint(name) if name else NO_NAME,
        resource=None if len(resources) == len(known) else NO_TARGET.format(shown(" ".join(known))),
        scopes=scopes_complaint(chosen, offer, resources),
        expires_at=OVER if ends <= now else TOO_LATE if ends > now + YEAR else None,
    )
    uris = list(dict.fromkeys(target.uri for target in resources))
    token = NewToken(minted.identifier(), minted.digest(text), owner, grant_type, name, " ".join(chosen), uris, ends)
    obstacle = await on.store.personal_tokens.create(token, most, now, by)
    made = token if obstacle is None else await _made_before(on, token) if obstacle == MADE else None
    if made is None:
        raise Invalid(dict([OBSTACLES[str(obstacle)]]))
    return Made(made, text)


async def _made_before(on: Administration, token: NewToken) -> NewToken | None:
    """Returns the token that has this text, if it is the same but for its end, and has not ended; else None."""
    for found in await on.store.personal_tokens.living(on.clock.now(), owner=token.owner, digest=token.digest):
        if (found.name, found.scope, list(found.resources)) == (token.name, token.scope, list(token.resources)):
            return evolve(token, id=found.id, expires_at=found.expires_at)
    return None


async def list_all(on: Administration, owner: Owner) -> list[PersonalToken]:
    """Returns the tokens of an owner, or all, that were neither revoked nor have expired, oldest first."""
    return await on.store.personal_tokens.living(on.clock.now(), owner=owner)


async def find(on: Administration, token_id: UUID, owner: Owner) -> PersonalToken:
    """Returns the token with this id, if it is the owner's. Raises Invalid if there is none, or it has ended."""
    found = await on.store.personal_tokens.living(on.clock.now(), owner=owner, token_id=token_id)
    if not found:
        raise Missing({"token": f"There is no token {token_id}, or it has ended already."})
    return found[0]


async def find_text(on: Administration, text: str) -> PersonalToken:
    """Returns the token with this text. Raises Invalid if there is none, or it has ended."""
    found = await on.store.personal_tokens.living(on.clock.now(), digest=minted.digest(text))
    if not found:
        raise Invalid({"token": "This is no token of this server, or it has ended already: nothing was revoked."})
    return found[0]


async def revoke(on: Administration, token: PersonalToken, by: By) -> None:
    """Ends a token, at once and everywhere; one that has ended meanwhile stays as it is."""
    owner = Owner(token.user_id, token.client_id)
    await on.store.personal_tokens.revoke(token.id, owner, on.clock.now(), by)


async def revoke_all(on: Administration, owner: Owner, by: By) -> int:
    """Ends all tokens of a person or an application, at once and everywhere; returns how many."""
    return await on.store.personal_tokens.revoke_all(owner, on.clock.now(), by)


async def count_losses(on: Administration, whose: str, owner: Owner) -> Losses | None:
    """Returns the tokens of an owner that end; None if there are none."""
    items = count(await list_all(on, owner), "token", lambda token: token.name)
    return Losses(f"Revoke all tokens of {whose}?", [Section("These stop working:", items)]) if items else None


def scopes(on: Administration) -> PersonalScopes:
    """Returns what tokens may be given."""
    return PersonalScopes(on.store.scopes, on.store.resources, on.store.restrictions)


def client_complaint(client: Client) -> str | None:
    """Returns why an application cannot have tokens of its own, or None."""
    if not client.enabled:
        return DISABLED
    return None if CLIENT_CREDENTIALS in client.grant_types else NOT_ALONE


def scopes_complaint(chosen: Sequence[str], offer: Offer, resources: Sequence[Resource]) -> str | None:
    """Returns the complaint about the scopes of a token for these resources, or None."""
    offered = {scope.name for scope in offer.scopes}
    if strange := [name for name in chosen if name not in offered]:
        return NOT_GIVEN.format(shown(" ".join(strange)))
    if useless := [name for name in chosen if not fits(name, resources)]:
        return NOT_THERE.format(shown(" ".join(useless)))
    return None if chosen else NO_SCOPE
