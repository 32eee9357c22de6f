"""Access and refresh tokens, by their text."""

from iam.administration.administration import Administration
from iam.clients.targets import Targets
from iam.records.actor import By
from iam.records.invalid import Invalid
from iam.records.token import LiveToken
from iam.tokens.access_tokens import AccessTokenFormat, refresh_place


async def find(on: Administration, text: str) -> LiveToken | None:
    """The token, if it is one of ours and good."""
    now = on.clock.now()
    if place := await build_form(on).place(text):
        return await on.store.access_tokens.find(place.digest, place.day, now)
    if place := refresh_place(text):
        return await on.store.refresh_tokens.find(place.digest, place.day, now)
    return None


async def revoke(on: Administration, text: str, by: By) -> str:
    """End the token, and with it the grant that it stands for; the id of the client it was given to.

    Whatever became of it: a used refresh token still ends what it stood for. Raises Invalid for what is no token of ours.
    """
    place = await build_form(on).place(text)
    tokens = on.store.access_tokens if place else on.store.refresh_tokens
    place = place or refresh_place(text)
    client_id = await on.store.grants.client_of(place.digest, place.day) if place else None
    if place is None or client_id is None:
        raise Invalid({"token": "This is no token of this server: nothing was revoked."})
    await tokens.revoke(place.digest, place.day, client_id, on.clock.now(), by)
    return client_id


def build_form(on: Administration) -> AccessTokenFormat:
    """What access tokens look like; a JWT is looked up by what it says, whoever issued it."""
    return AccessTokenFormat(on.keys(), Targets(on.store.resources, on.store.scopes), None)
