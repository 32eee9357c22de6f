"""Finds one object of the nouns that have no page for one."""

from uuid import UUID

from iam.administration import grants as consents
from iam.administration import keys, personal_tokens, sessions
from iam.administration.actions.grants import ShownGrant
from iam.administration.actions.keys import Key
from iam.administration.actions.registration_tokens import InitialToken
from iam.administration.actions.sessions import ShownSession
from iam.administration.actions.tokens import Token
from iam.administration.administration import Administration
from iam.records.invalid import Missing
from iam.records.personal_token import ANYBODY


async def session(on: Administration, text: str) -> ShownSession:
    """Returns a session in use. Raises Missing."""
    for each in await sessions.list_page(on, None, just_before(text), 1):
        if str(each.id) == text:
            return ShownSession.of(each)
    raise missing(text)


async def grant(on: Administration, text: str) -> ShownGrant:
    """Returns a living grant. Raises Missing."""
    for each in await consents.list_page(on, None, None, just_before(text), 1):
        if str(each.id) == text:
            return ShownGrant.of(each)
    raise missing(text)


async def token(on: Administration, text: str) -> Token:
    """Returns a personal or service token that has not ended. Raises Missing."""
    return Token.of(await personal_tokens.find(on, identifier(text), ANYBODY))


async def registration_token(on: Administration, text: str) -> InitialToken:
    """Returns an initial access token. Raises Missing."""
    found = await on.store.registrations.token_by_id(identifier(text))
    if found is None:
        raise missing(text)
    return InitialToken.of(found)


async def key(on: Administration, kid: str) -> Key:
    """Returns a key. Raises Missing."""
    for each, state in await keys.list_states(on):
        if each.kid == kid:
            return Key.of(each, state)
    raise missing(kid)


def just_before(text: str) -> UUID:
    """Returns the id before this one, behind which a page begins with it. Raises Missing."""
    return UUID(int=max(identifier(text).int - 1, 0))


def identifier(text: str) -> UUID:
    """Returns the id. Raises Missing."""
    try:
        return UUID(text)
    except ValueError:
        raise missing(text) from None


def missing(text: str) -> Missing:
    """Returns the error for what is not there."""
    return Missing({"id": f"There is nothing with the id {text}."})
