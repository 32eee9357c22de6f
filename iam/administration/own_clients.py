"""Clients of people's own: what who may register, at the page of applications and by the API alike."""

from collections.abc import Collection
from typing import Final
from uuid import UUID

from attrs import evolve

from iam.administration import clients
from iam.administration.administration import Administration
from iam.clients import sectors
from iam.clients.registrants import Registrant, Registrants
from iam.records.actor import By
from iam.records.client import AUTH_METHODS, PUBLIC, Client, keeps_secret
from iam.records.client_metadata import Metadata
from iam.records.invalid import Invalid, complain
from iam.records.role import Role

METHODS: Final = (AUTH_METHODS[0], PUBLIC)
CHOOSE: Final = f"Choose {METHODS[0]}, or {METHODS[1]} for an application that cannot keep a secret."
TOO_MANY: Final = (
    "You have {most} applications, and nobody here may have more. Delete one that is not used, or ask an administrator."
)


class TooMany(Invalid):
    """The person has as many applications as they may have."""


def registrant(on: Administration, roles: Collection[Role]) -> Registrant:
    """Returns what a person with these roles may ask for."""
    return Registrants(on.settings).person(roles)


async def usual(on: Administration, proposed: Metadata, roles: Collection[Role]) -> Metadata:
    """Returns the metadata with those of its scopes that the person may ask for."""
    scopes, allowed = await on.store.scopes.by_name(), registrant(on, roles)
    kept = (name for name in proposed.scopes if name in scopes and allowed.may_have(scopes[name]))
    return evolve(proposed, scopes=tuple(kept))


async def judge(on: Administration, asked: Metadata, roles: Collection[Role], before: Client | None = None) -> Metadata:
    """Returns the metadata in normal form; what the client `before` has already, it may keep. Raises Invalid."""
    complain(auth_method=CHOOSE if before is None and asked.auth_method not in METHODS else None)
    metadata = await on.registration().judge(asked, before=before, registrant=registrant(on, roles))
    if before is not None:
        sectors.refuse_other_names(metadata, before)
    return metadata


async def register(
    on: Administration, client_id: str, secret: str, asked: Metadata, owner_id: UUID, roles: Collection[Role], by: By
) -> tuple[Client, str | None]:
    """Registers a client of this person's own; returns it with its secret, None if it has none.

    An id that is taken is the same request once more. Raises Invalid, and TooMany.
    """
    metadata = await judge(on, asked, roles)
    kept = secret if keeps_secret(metadata.auth_method) else None
    most = None if Role.ADMINISTRATOR in roles else on.settings.limits.applications
    await on.registration().register(client_id, metadata, secret=kept, owner_id=owner_id, by=by, most=most)
    client = await on.store.clients.read(client_id)
    if client is None:
        raise TooMany({"owner": TOO_MANY.format(most=most)})
    return client, kept


async def update(on: Administration, client: Client, asked: Metadata, roles: Collection[Role], by: By) -> Client:
    """Replaces the metadata of a client of somebody's own. Raises Invalid."""
    metadata = await judge(on, asked, roles, client)
    if not await on.registration().update(client.id, metadata, by):
        raise clients.missing(client.id)
    return await clients.find(on, client.id)
