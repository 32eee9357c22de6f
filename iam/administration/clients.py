"""Clients: the applications that get tokens here. What may be said of one, `iam.clients.registration` judges."""

import secrets
from datetime import date, timedelta
from uuid import UUID

from iam.administration import people
from iam.administration.administration import Administration
from iam.administration.losses import Losses, Section, count, try_in_time
from iam.clients import chosen_secrets, ids
from iam.clients.registrants import ADMINISTRATOR
from iam.clients.registration import needs_new_secret
from iam.records.actor import By
from iam.records.client import Client, keeps_secret
from iam.records.client_metadata import Metadata
from iam.records.invalid import Invalid, complain
from iam.records.session import Session
from iam.secrets import minted
from iam.secrets.minted import Kind


async def find(on: Administration, client_id: str) -> Client:
    """The client with this id. Raises Invalid where there is none."""
    client = await on.store.clients.read(client_id) if "\0" not in client_id else None
    if client is None:
        raise missing(client_id)
    return client


async def find_own(on: Administration, client_id: str, owner_id: UUID) -> Client:
    """The person's own client with this id; another's is none. Raises Invalid."""
    client = await find(on, client_id)
    if client.owner_id != owner_id:
        raise missing(client_id)
    return client


async def list_uses(on: Administration, *, unused: bool = False) -> list[tuple[Client, date | None]]:
    """All clients, oldest first, with the day of their last use; or those that nobody has used, ever or lately."""
    last = await on.store.strangers.last()
    since = on.clock.now().date() - timedelta(days=on.settings.limits.unused_client_days)
    days = [(client, last.get(client.id)) for client in await on.store.clients.all()]
    return [(client, day) for client, day in days if not unused or day is None or day < since]


async def create(
    on: Administration,
    asked: Metadata,
    by: By,
    *,
    client_id: str | None = None,
    secret: str | None = None,
    owner: str | None = None,
) -> tuple[Client, str | None]:
    """Register a client for whoever administers; the client and, if it has one, its secret, which nobody is shown again.

    Id and secret are made where they are not chosen; a person is its `owner`. Raises Invalid.
    """
    complain(
        client_id=None if client_id is None else ids.complaint(client_id),
        secret=None if secret is None else secret_complaint(secret, asked.auth_method),
    )
    owner_id = (await people.find(on, owner)).id if owner else None
    metadata = await on.registration().judge(asked, unusual=True, registrant=ADMINISTRATOR)
    client_id = client_id or minted.client_id(secrets.token_bytes(32))
    secret = secret or (minted.mint(Kind.CLIENT_SECRET) if keeps_secret(metadata.auth_method) else None)
    if not await on.registration().register(client_id, metadata, secret=secret, owner_id=owner_id, by=by):
        raise Invalid({"client": f"There is a client {client_id} already."})
    return await find(on, client_id), secret


async def update(on: Administration, client: Client, asked: Metadata, by: By) -> tuple[Client, str | None]:
    """Give a client other metadata for whoever administers; the client, and its secret where it needs another. Raises Invalid."""
    metadata = await on.registration().judge(asked, before=client, unusual=True, registrant=ADMINISTRATOR)
    needed = needs_new_secret(client.auth_method, metadata.auth_method)
    secret = minted.mint(Kind.CLIENT_SECRET) if needed else None
    if not await on.registration().update(client.id, metadata, by, secret=secret):
        raise missing(client.id)
    return await find(on, client.id), secret


async def disable(on: Administration, client_id: str, by: By, *, own: bool = False) -> Client:
    """Let a client take part no longer, and end all that it was granted, for good. Raises Invalid where there is none.

    Whoever has their `own` say alone changes nothing about what an administrator has disabled.
    """
    return await _switch(on, client_id, by, disabled=True, own=own)


async def enable(on: Administration, client_id: str, by: By, *, own: bool = False) -> Client:
    """Let a client take part again. Raises Invalid where there is none.

    Whoever has their `own` say alone enables only what they have disabled themselves.
    """
    return await _switch(on, client_id, by, disabled=False, own=own)


async def may_enable(on: Administration, client: Client, session: Session) -> bool:
    """May this person enable their client again? Unless they are an administrator, only what they have disabled themselves."""
    return session.superuser or await on.store.clients.disabled_by(client.id) == f"user {session.user_id}"


async def delete(on: Administration, client_id: str, by: By) -> Client:
    """Delete a client, and end all that it was granted; what it was. Raises Invalid where there is none."""
    client = await find(on, client_id)
    if not await on.store.clients.delete(client_id, on.clock.now(), by):
        raise missing(client_id)
    return client


async def count_losses_of_disabling(on: Administration, client_id: str) -> Losses:
    """What ends with a client that takes part no longer. Raises Invalid where there is none."""
    client = await find(on, client_id)
    return Losses(f"Disable {client.name}?", await count_ending(on, client))


async def count_losses_of_deleting(on: Administration, client_id: str) -> Losses:
    """What ends with a client. Raises Invalid where there is none."""
    client = await find(on, client_id)
    return Losses(f"Delete {client.name}, for good?", await count_ending(on, client), for_good=True)


async def _switch(on: Administration, client_id: str, by: By, *, disabled: bool, own: bool) -> Client:
    """Disable or enable a client; the client from then on."""
    await find(on, client_id)
    await on.store.clients.set_disabled(client_id, on.clock.now(), by, disabled=disabled, own=own)
    return await find(on, client_id)


async def count_ending(on: Administration, client: Client) -> list[Section]:
    """What is in use of a client's, and ends."""
    grants = await try_in_time(on.store.grants.living(on.clock.now(), client_id=client.id))
    resources = [uri for uri, each in (await on.store.resources.by_uri()).items() if each.client_id == client.id]
    items = count(grants, "grant", lambda grant: grant.username)
    ended = Section(f"This ends of the client {client.name} ({client.id}):", items or ["nothing that is in use"])
    blind = Section("It can introspect tokens no longer for:", count(resources, "resource", str))
    return [ended, blind] if resources else [ended]


def secret_complaint(secret: str, auth_method: str) -> str | None:
    """What is wrong with a chosen secret, if anything."""
    if not keeps_secret(auth_method):
        return f"A client with {auth_method} has no secret."
    return chosen_secrets.complaint(secret)


def missing(client_id: str) -> Invalid:
    """The complaint that there is no such client."""
    return Invalid({"client": f"There is no client {client_id}."})
