"""New secrets for clients, on an administrator's request."""

from typing import Final

from iam.administration import clients
from iam.administration.administration import Administration
from iam.administration.losses import Losses, Section
from iam.records.actor import By
from iam.records.client import Client
from iam.records.invalid import Invalid, complain
from iam.secrets import minted
from iam.secrets.minted import Kind

LONGEST_KEEP: Final = 90 * 86400  # seconds that the newest old secret may stay good


async def rotate(on: Administration, client_id: str, by: By, *, keep: int = 0) -> tuple[Client, str]:
    """Gives a client a new secret; returns the client and the secret.

    The newest of the old secrets stays good for `keep` seconds, 0 to 90 days. Raises Invalid for any other `keep`, for
    a client without secrets, and if the client changed in the meantime.
    """
    client, secret = await find_with_secret(on, client_id), minted.mint(Kind.CLIENT_SECRET)
    complain(keep=None if 0 <= keep <= LONGEST_KEEP else f"An old secret stays good for 0 to {LONGEST_KEEP} seconds.")
    if not await on.registration().rotate_secret(client, secret, by, keep=keep):
        raise Invalid({"client": f"The client {client.name} has changed meanwhile: try again."})
    return client, secret


async def count_losses(on: Administration, client_id: str, *, keep: int = 0) -> Losses | None:
    """Says that the old secret stops working; None if it is kept. Raises Invalid for a client without secrets."""
    client = await find_with_secret(on, client_id)
    lost = Section("Its old secret stops working at once; to have time to install the new one, keep it for a while.")
    return None if keep else Losses(f"Give {client.name} ({client.id}) a new secret?", [lost])


async def find_with_secret(on: Administration, client_id: str) -> Client:
    """Returns the client. Raises Invalid if there is none, or if it has no secret."""
    client = await clients.find(on, client_id)
    if not client.confidential:
        raise Invalid({"client": f"The client {client.name} is public: it has no secret."})
    if not client.has_secret:
        raise Invalid({"client": f"The client {client.name} has no secret: it proves itself in another way."})
    return client
