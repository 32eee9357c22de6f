"""Tokens, found by their text."""

from iam.administration.administration import Administration
from iam.clients.targets import Targets
from iam.records.actor import By
from iam.records.invalid import Invalid
from iam.records.token import LiveToken
from iam.secrets import minted
from iam.tokens.access_tokens import AccessTokenFormat, lasting, refresh_place


async def find(on: Administration, text: str) -> LiveToken | None:
    """Returns the token; None if this server did not issue it, or if it is no longer good."""
    now = on.clock.now()
    if place := await build_form(on).place(text):
        return await on.store.access_tokens.find(place.digest, place.day, now)
    if place := refresh_place(text):
        return await on.store.refresh_tokens.find(place.digest, place.day, now)
    return await on.store.personal_tokens.find(minted.digest(text), now, use=False) if lasting(text) else None


async def revoke(on: Administration, text: str, by: By) -> str:
    """Revokes an access or refresh token and, if a person gave it, its grant; returns the id of the client that had it.

    A refresh token that was used already still ends its grant. Raises Invalid for a text that is no token of this
    server.
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
    """Builds the format of access tokens; a JWT is found by its claims, whichever issuer name it carries."""
    return AccessTokenFormat(on.keys(), Targets(on.store.resources, on.store.scopes), None)
