"""Registration access tokens (RFC 7592 §3), with which clients that registered themselves manage their registration."""

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
    """Replaces the registration access token of a client (RFC 7592); returns the client and the new token.

    Raises Invalid for a client that did not register itself.
    """
    client, token = await find_registered(on, client_id), minted.mint(Kind.REGISTRATION_ACCESS_TOKEN)
    await on.store.registrations.retoken(client_id, minted.digest(token), on.clock.now(), by, revoked=False)
    return client, token


async def revoke(on: Administration, client_id: str, by: By) -> Client:
    """Stops a client from managing its registration; nothing else about it changes.

    Raises Invalid for a client that did not register itself.
    """
    client = await find_registered(on, client_id)
    # the digest of an unknown text: a client without one would no longer count as registered by itself
    digest = minted.digest(secrets.token_hex(32))
    await on.store.registrations.retoken(client_id, digest, on.clock.now(), by, revoked=True)
    return client


async def count_losses(on: Administration, client_id: str) -> Losses:
    """Returns the question alone: a new token can replace what is lost.

    Raises Invalid for a client that did not register itself.
    """
    client = await find_registered(on, client_id)
    return Losses(f"Revoke the registration access token of {client.name}?", [])


async def find_registered(on: Administration, client_id: str) -> Client:
    """Returns the client. Raises Invalid if there is none, or if it did not register itself."""
    client = await clients.find(on, client_id)
    if not client.registered_itself:
        raise Invalid({"client": f"The client {client.name} did not register itself: it has no such token."})
    return client
