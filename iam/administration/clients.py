"""Clients: the applications that get tokens here. `iam.clients.registration` checks their metadata."""

import secrets
from datetime import date, timedelta
from typing import Final
from uuid import UUID

from iam.administration import people
from iam.administration.administration import Administration
from iam.administration.ending import count_grants
from iam.administration.losses import MOST, Losses, Section, count
from iam.clients import chosen_secrets, document_identity, fapi, ids, own_clients
from iam.clients.registrants import ADMINISTRATOR
from iam.clients.registration import needs_new_secret
from iam.oauth.scopes import ADMINISTRATION
from iam.records.actor import By
from iam.records.client import Client, keeps_secret
from iam.records.client_metadata import Metadata
from iam.records.invalid import Invalid, Missing, complain
from iam.records.session import Session
from iam.secrets import minted
from iam.secrets.minted import Kind

NOT_THE_OWNERS: Final = (
    "An administrator has disabled this application, and so only an administrator can enable it again."
)
DISABLED_OWNER: Final = "This account is disabled: name somebody who can look after the application."


async def find(on: Administration, client_id: str) -> Client:
    """Returns the client with this id, as the profile of the server has it (FAPI 2.0). Raises Invalid if there is none."""
    client = await on.store.clients.read(client_id) if "\0" not in client_id else None
    if client is None:
        raise missing(client_id)
    return fapi.raised(client, on.settings.profile)


async def find_own(on: Administration, client_id: str, owner_id: UUID) -> Client:
    """Returns the client with this id. Raises Invalid if there is none, or if it is not this person's."""
    client = await find(on, client_id)
    if client.owner_id != owner_id:
        raise missing(client_id)
    return client


def unused_since(on: Administration) -> date:
    """Returns the day before which clients that are unused now were last used."""
    return on.clock.now().date() - timedelta(days=on.settings.limits.unused_client_days)


async def create(
    on: Administration,
    asked: Metadata,
    by: By,
    *,
    client_id: str | None = None,
    secret: str | None = None,
    owner: str | None = None,
) -> tuple[Client, str | None]:
    """Registers a client on behalf of an administrator; returns the client and its secret, None if it has none.

    The secret is never shown again: the database has its digest, or an encrypted copy. Id and secret are made at random
    unless given; `owner` is a username or a person's id. Raises Invalid.
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
    """Replaces a client's metadata on behalf of an administrator; returns it and its new secret, if it needs one.

    Raises Invalid.
    """
    complain(scopes=scopes_complaint(client, asked))
    metadata = await on.registration().judge(asked, before=client, unusual=True, registrant=ADMINISTRATOR)
    needed = needs_new_secret(client.auth_method, metadata.auth_method)
    secret = minted.mint(Kind.CLIENT_SECRET) if needed else None
    if not await on.registration().update(client.id, metadata, by, secret=secret):
        raise missing(client.id)
    return await find(on, client.id), secret


async def transfer(on: Administration, client_id: str, owner: str | None, by: By) -> Client:
    """Gives a client to the person with this username or id, or to nobody; all it was granted stays. Raises Invalid."""
    client = await find(on, client_id)
    complain(client=own_clients.complaint(client))
    person = await people.find(on, owner) if owner else None
    complain(owner=DISABLED_OWNER if person is not None and person.disabled_at is not None else None)
    if not await on.store.clients.transfer(client.id, person.id if person else None, on.clock.now(), by):
        raise missing(client_id)
    return await find(on, client.id)


async def disable(on: Administration, client_id: str, by: By, *, own: bool = False) -> Client:
    """Disables a client and ends everything it was granted, for good. Raises Invalid if there is none.

    With `own`, for an owner who is not an administrator, a client that an administrator disabled stays the
    administrator's.
    """
    return await _switch(on, client_id, by, disabled=True, own=own)


async def enable(on: Administration, client_id: str, by: By, *, own: bool = False) -> Client:
    """Enables a client. Raises Invalid if there is none.

    With `own`, for an owner who is not an administrator, only a client that they disabled themselves is enabled.
    """
    return await _switch(on, client_id, by, disabled=False, own=own)


async def disable_host(on: Administration, client_id: str, by: By) -> Client:
    """Disables all documents of the host of a client that is one, those to come too. Raises Invalid."""
    return await _switch_host(on, client_id, by, disabled=True)


async def enable_host(on: Administration, client_id: str, by: By) -> Client:
    """Enables the documents of the host of a client that is one. Raises Invalid."""
    return await _switch_host(on, client_id, by, disabled=False)


async def may_enable(on: Administration, client: Client, session: Session) -> bool:
    """Whether this person may enable their client: an administrator always, others only if they disabled it."""
    return session.superuser or await on.store.clients.disabled_by(client.id) == f"user {session.user_id}"


async def delete(on: Administration, client_id: str, by: By) -> Client:
    """Deletes a client and ends everything it was granted; returns what it was. Raises Invalid if there is none, or if it stays."""
    client = await find(on, client_id)
    complain(client=own_clients.complaint(client))
    if not await on.store.clients.delete(client_id, on.clock.now(), by):
        raise missing(client_id)
    return client


async def count_losses_of_disabling(on: Administration, client_id: str, *, host: bool = False) -> Losses:
    """Returns what ends when this client, or its whole `host`, is disabled. Raises Invalid if there is none."""
    client = await find(on, client_id)
    sections = await count_ending(on, client)
    if not host:
        return Losses(f"Disable {client.name}?", sections)
    name = host_of(client)
    names = await on.store.client_documents.of_host(name, MOST + 1)
    all_of_them = Section(f"This ends all that these were granted, at {name}:", count(names, "client", str))
    return Losses(f"Disable all documents of {name}?", [*sections, all_of_them])


async def count_losses_of_deleting(on: Administration, client_id: str) -> Losses:
    """Returns what ends when this client is deleted. Raises Invalid if there is none, or if it stays."""
    client = await find(on, client_id)
    complain(client=own_clients.complaint(client))
    return Losses(f"Delete {client.name}, for good?", await count_ending(on, client), for_good=True)


async def _switch(on: Administration, client_id: str, by: By, *, disabled: bool, own: bool) -> Client:
    await find(on, client_id)
    await on.store.clients.set_disabled(client_id, on.clock.now(), by, disabled=disabled, own=own)
    return await find(on, client_id)


async def _switch_host(on: Administration, client_id: str, by: By, *, disabled: bool) -> Client:
    client = await find(on, client_id)
    host, now = host_of(client), on.clock.now()
    await on.store.client_documents.switch_host(client.id, host, now, by, disabled=disabled)
    return await find(on, client_id)


def host_of(client: Client) -> str:
    """Returns the host of a client that is a document; raises Invalid for another."""
    if not client.document:
        raise Invalid({"host": "Only clients that are documents have a host: their id is the URL of their metadata."})
    return document_identity.host_of(client.id)


async def count_ending(on: Administration, client: Client) -> list[Section]:
    """Returns the client's living grants, and the resources whose tokens it may introspect."""
    items = await count_grants(on, lambda grant: grant.username, client_id=client.id)
    resources = [uri for uri, each in (await on.store.resources.by_uri()).items() if each.client_id == client.id]
    ended = Section(f"This ends of the client {client.name} ({client.id}):", items or ["nothing that is in use"])
    blind = Section("It can no longer introspect tokens for:", count(resources, "resource", str))
    return [ended, blind] if resources else [ended]


def scopes_complaint(client: Client, asked: Metadata) -> str | None:
    """Returns the complaint about a client that registered itself and is to administer this server, or None."""
    if client.registered_itself and any(name.startswith(ADMINISTRATION) for name in asked.scopes):
        return (
            "It registered itself: register another client, to which you give scopes of this server's administration."
        )
    return None


def secret_complaint(secret: str, auth_method: str) -> str | None:
    """Returns what is wrong with a chosen secret, or None."""
    if not keeps_secret(auth_method):
        return f"A client with {auth_method} has no secret."
    return chosen_secrets.complaint(secret)


def missing(client_id: str) -> Missing:
    """Returns the error for a client that does not exist."""
    return Missing({"client": f"There is no client {client_id}."})
