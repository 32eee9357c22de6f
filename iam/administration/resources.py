"""Resources: what clients request tokens for by `resource` (RFC 8707), and the form of those tokens."""

import re
from collections.abc import Collection
from typing import Final

from attrs import evolve, frozen

from iam.administration.administration import Administration
from iam.administration.ending import count_using
from iam.administration.losses import Losses, Section
from iam.oauth.resources import FORMATS, LIFETIMES
from iam.records.actor import By
from iam.records.invalid import Invalid, Missing, complain
from iam.records.resource import ADMINISTERED, AUDIENCES, Resource
from iam.secrets.signing_keys import ALGORITHMS

URI: Final = re.compile(
    r"[A-Za-z][A-Za-z0-9+.-]*:(?:[A-Za-z0-9._~:/?\[\]@!$&'()*+,;=-]|%[0-9A-Fa-f]{2})+"
)  # RFC 3986 §4.3
LONGEST_URI: Final = 2048
API: Final = "/api/v1"  # below the issuer: the administration of this server


@frozen
class Terms:
    """The settings to give a resource; None means the default for a new one, and no change for an existing one."""

    scopes: frozenset[str] | None = None
    token_format: str | None = None
    signing_alg: str | None = None
    lifetime: int | None = None  # seconds
    client_id: str | None = None
    clients: str | None = None
    allowed_clients: frozenset[str] | None = None

    @property
    def say_who_may_ask(self) -> bool:
        """Whether they change which clients may request tokens."""
        return self.clients is not None or self.allowed_clients is not None


async def find(on: Administration, uri: str) -> Resource:
    """Returns the resource with an equivalent URI (RFC 3986 §6.2). Raises Invalid if there is none."""
    resource = await on.store.resources.find(uri)
    if resource is None:
        raise missing(uri)
    return resource


async def find_changeable(on: Administration, uri: str) -> Resource:
    """Returns the resource. Raises Invalid if there is none, or if it is that of the administration itself."""
    resource = await find(on, uri)
    if resource.uri == (await on.store.service.issuer() or on.settings.issuer) + API:
        raise Invalid({"uri": f"The resource {resource.uri} is this server's own: it stays as it is."})
    return resource


async def create(on: Administration, uri: str, terms: Terms, by: By) -> Resource:
    """Registers a resource. Raises Invalid."""
    token_format = terms.token_format or FORMATS[0]
    usual = LIFETIMES[token_format].default if token_format in LIFETIMES else 0
    resource = Resource(
        uri=uri,
        scopes=terms.scopes or frozenset(),
        token_format=token_format,
        lifetime=usual if terms.lifetime is None else terms.lifetime,
        client_id=terms.client_id,
        created_at=on.clock.now(),
        disabled_at=None,
        signing_alg=terms.signing_alg or ALGORITHMS[0],
        clients=terms.clients or ADMINISTERED,
        allowed_clients=terms.allowed_clients or frozenset(),
    )
    await judge(on, resource)
    if not await on.store.resources.create(
        uri,
        scopes=sorted(resource.scopes),
        token_format=resource.token_format,
        signing_alg=resource.signing_alg,
        lifetime=resource.lifetime,
        client_id=resource.client_id,
        clients=resource.clients,
        allowed_clients=resource.allowed_clients,
        now=resource.created_at,
        by=by,
    ):
        there = await on.store.resources.find(uri)
        raise Invalid({"uri": f"There is a resource {there.uri if there else uri} already."})
    return await find(on, uri)


async def update(on: Administration, uri: str, terms: Terms, by: By) -> Resource:
    """Changes a resource; a lifetime too long for a new token format is shortened. Raises Invalid."""
    on.store.resources.forget()  # what is in memory may be behind what is replaced
    before = await find_changeable(on, uri)
    resource = apply(before, terms)
    await judge(on, resource, before)
    if not await on.store.resources.update(resource, on.clock.now(), by):
        raise missing(uri)
    return await find(on, uri)


async def disable(on: Administration, uri: str, by: By) -> Resource:
    """Disables a resource: its tokens do not work until it is enabled. Raises Invalid if there is none."""
    uri, now = (await find_changeable(on, uri)).uri, on.clock.now()
    await on.store.resources.set_disabled(uri, now, now, by)
    return await find(on, uri)


async def enable(on: Administration, uri: str, by: By) -> Resource:
    """Enables a resource: its tokens work again. Raises Invalid if there is none."""
    uri = (await find(on, uri)).uri
    await on.store.resources.set_disabled(uri, None, on.clock.now(), by)
    return await find(on, uri)


async def delete(on: Administration, uri: str, by: By) -> Resource:
    """Deletes a resource with all tokens for it; returns what it was. Raises Invalid if there is none."""
    resource = await find_changeable(on, uri)
    if not await on.store.resources.delete(resource.uri, on.clock.now(), by):
        raise missing(uri)
    return resource


async def count_losses_of_disabling(on: Administration, uri: str) -> Losses:
    """Returns the grants whose tokens stop working while it is disabled. Raises Invalid if there is none."""
    uri = (await find_changeable(on, uri)).uri
    return Losses(f"Disable the resource {uri}?", [await count_given_for(on, uri)])


async def count_losses_of_deleting(on: Administration, uri: str) -> Losses:
    """Returns the grants whose tokens end with the resource. Raises Invalid if there is none."""
    uri = (await find_changeable(on, uri)).uri
    return Losses(f"Delete the resource {uri}?", [await count_given_for(on, uri)], for_good=True)


async def count_given_for(on: Administration, uri: str) -> Section:
    """Returns the living grants that include this resource."""
    items = await count_using(on, resource=uri)
    return Section(f"All tokens for {uri} stop working:", items or ["there is no grant for it"])


def apply(resource: Resource, terms: Terms) -> Resource:
    """Returns the resource with these terms.

    Terms about which clients may request tokens apply to older grants too.
    """
    token_format = terms.token_format or resource.token_format
    lifetime = resource.lifetime if terms.lifetime is None else terms.lifetime
    if terms.token_format in LIFETIMES and terms.lifetime is None:
        lifetime = min(lifetime, LIFETIMES[token_format].longest)
    allowed = resource.allowed_clients if terms.allowed_clients is None else terms.allowed_clients
    return evolve(
        resource,
        scopes=resource.scopes if terms.scopes is None else terms.scopes,
        token_format=token_format,
        signing_alg=terms.signing_alg or resource.signing_alg,
        lifetime=lifetime,
        client_id=resource.client_id if terms.client_id is None else terms.client_id or None,
        clients=terms.clients or resource.clients,
        allowed_clients=allowed,
        clients_since=None if terms.say_who_may_ask else resource.clients_since,
    )


async def judge(on: Administration, resource: Resource, before: Resource | None = None) -> None:
    """Raises Invalid for a resource that breaks the rules; unchanged scopes may have been deleted since."""
    known = [scope.name for scope in await on.store.scopes.all()]
    if before is not None and resource.scopes == before.scopes:
        known += sorted(before.scopes.difference(known))
    complain(
        uri=uri_complaint(resource.uri),
        scopes=scopes_complaint(resource.scopes, known),
        token_format=choice_complaint("format", resource.token_format, FORMATS),
        lifetime=lifetime_complaint(resource),
        signing_alg=choice_complaint("algorithm", resource.signing_alg, ALGORITHMS),
        clients=choice_complaint("audience", resource.clients, AUDIENCES),
    )
    complain(
        client_id=await client_complaint(on, [resource.client_id] if resource.client_id else []),
        allowed_clients=await client_complaint(on, resource.allowed_clients),
    )


def uri_complaint(uri: str) -> str | None:
    """Returns what is wrong with the URI (RFC 8707 §2), or None."""
    if len(uri) <= LONGEST_URI and URI.fullmatch(uri):
        return None
    return "A resource is an absolute URI without fragment, such as https://api.example.org."


def scopes_complaint(scopes: Collection[str], known: Collection[str]) -> str | None:
    """Returns the complaint about scopes that do not exist, or None."""
    if set(scopes).issubset(known):
        return None
    return f"Choose among the scopes that exist: {', '.join(known) or 'there is none yet'}."


def lifetime_complaint(resource: Resource) -> str | None:
    """Returns what is wrong with the lifetime of its tokens, or None."""
    lifetimes = LIFETIMES.get(resource.token_format)
    if lifetimes is None or 1 <= resource.lifetime <= lifetimes.longest:
        return None
    return f"The lifetime is 1 to {lifetimes.longest} seconds for tokens of this format."


def choice_complaint(noun: str, choice: str, choices: Collection[str]) -> str | None:
    """Returns the complaint about a choice that is not offered, or None."""
    return None if choice in choices else f"The {noun} is one of {', '.join(choices)}."


async def client_complaint(on: Administration, client_ids: Collection[str]) -> str | None:
    """Returns the complaint about a client that does not exist, or None."""
    for client_id in sorted(client_ids):
        if await on.store.clients.read(client_id) is None:
            return f"There is no client {client_id}."
    return None


def missing(uri: str) -> Missing:
    """Returns the error for a resource that does not exist."""
    return Missing({"uri": f"There is no resource {uri}."})
