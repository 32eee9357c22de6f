"""The resources that this server is itself, which it registers at each start."""

from attrs import evolve

from iam.clock import Clock
from iam.endpoints import resource
from iam.endpoints.api import api
from iam.oauth.resources import FORMATS, LIFETIMES
from iam.records.actor import SERVER
from iam.records.resource import ADMINISTERED, EVERYBODY
from iam.records.scope import ADMINISTRATIVE
from iam.settings import Settings
from iam.store.store import Store


async def register_own_resource(store: Store, settings: Settings, clock: Clock) -> None:
    """Registers our own /resource as one that any client may ask tokens for (RFC 8707), as its metadata says (RFC 9728).

    A server of an earlier version may have registered it without saying which clients may ask.
    """
    uri = settings.issuer + resource.PATH
    known = await store.resources.find(uri)
    if known is not None and known.clients_since is None:
        return  # no write, so that a start on a full disk succeeds
    if known is not None:
        await store.resources.update(evolve(known, clients=EVERYBODY, clients_since=None), clock.now(), SERVER)
        return
    await _create(store, settings, clock, uri, (), EVERYBODY)


async def register_api(store: Store, settings: Settings, clock: Clock) -> None:
    """Registers /api/v1 as a resource for clients that somebody here answers for, with the scopes that it has now.

    It is as the server makes it, whatever an earlier version or a person has made of it.
    """
    uri, scopes = settings.issuer + api.PATH, frozenset(ADMINISTRATIVE)
    known = await store.resources.find(uri)
    if known is None:
        await _create(store, settings, clock, uri, sorted(scopes), ADMINISTERED)
        return
    wanted = evolve(known, scopes=scopes, token_format=FORMATS[0], clients=ADMINISTERED, allowed_clients=frozenset())
    if wanted != known:
        await store.resources.update(wanted, clock.now(), SERVER)


async def _create(
    store: Store, settings: Settings, clock: Clock, uri: str, scopes: list[str] | tuple[str, ...], clients: str
) -> None:
    """Registers a resource with opaque tokens that live as long as others."""
    await store.resources.create(
        uri,
        scopes=scopes,
        token_format=FORMATS[0],
        lifetime=min(settings.access_token_lifetime, LIFETIMES[FORMATS[0]].longest),
        client_id=None,
        clients=clients,
        now=clock.now(),
        by=SERVER,
    )
