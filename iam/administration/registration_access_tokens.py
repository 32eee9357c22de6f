"""Registration access tokens (RFC 7592 §3): by them, clients that registered themselves look after their registration."""

import secrets

from iam.administration import clients
from iam.administration.administration import Administration
from iam.administration.losses import Losses
from iam.records.actor import By
from iam.records.client import Client
from iam.records.invalid import Invalid
from iam.secrets import minted
from iam.secrets.minted import Kind


async def rotate(on: Administration, client_id: str, by: By) -> tuple[Client, str]:
    """Give a client that registered itself another registration access token (RFC 7592), and what it is. Raises Invalid."""
    client, token = await find_registered(on, client_id), minted.mint(Kind.REGISTRATION_ACCESS_TOKEN)
    await on.store.registrations.retoken(client_id, minted.digest(token), on.clock.now(), by, revoked=False)
    return client, token


async def revoke(on: Administration, client_id: str, by: By) -> Client:
    """Let a client that registered itself look after its registration no longer; else it goes on as it is. Raises Invalid."""
    client = await find_registered(on, client_id)
    # the digest of something that nobody knows, since having one tells who registered itself
    digest = minted.digest(secrets.token_hex(32))
    await on.store.registrations.retoken(client_id, digest, on.clock.now(), by, revoked=True)
    return client


async def count_losses(on: Administration, client_id: str) -> Losses:
    """The question alone: nothing is lost that cannot be given anew. Raises Invalid for a client that did not register itself."""
    client = await find_registered(on, client_id)
    return Losses(f"Revoke the registration access token of {client.name}?", [])


async def find_registered(on: Administration, client_id: str) -> Client:
    """The client, if it has a registration access token. Raises Invalid."""
    client = await clients.find(on, client_id)
    if not client.registered_itself:
        raise Invalid({"client": f"The client {client.name} did not register itself: it has no such token."})
    return client
