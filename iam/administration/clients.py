"""Clients: the applications that get tokens here."""

from iam.administration.administration import Administration
from iam.people.invalid import Invalid
from iam.records.client import Client


async def find(on: Administration, client_id: str) -> Client:
    """The client with this id. Raises Invalid where there is none."""
    client = await on.store.clients.read(client_id) if "\0" not in client_id else None
    if client is None:
        raise missing(client_id)
    return client


def missing(client_id: str) -> Invalid:
    """The complaint that there is no such client."""
    return Invalid({"client": f"There is no client {client_id}."})
