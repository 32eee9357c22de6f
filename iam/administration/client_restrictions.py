"""Applications that are for the members of some groups alone."""

from collections.abc import Sequence

from iam.administration import clients
from iam.administration.administration import Administration
from iam.administration.losses import Losses
from iam.administration.restrictions import count_outside, find_groups, losses, spoken
from iam.records.actor import By
from iam.records.client import Client


async def restrict_client(on: Administration, client_id: str, names: Sequence[str], by: By) -> Client:
    """Lets only the members of these groups use an application; with none, everybody. Raises Invalid."""
    client = await clients.find(on, client_id)
    found = await find_groups(on, names)
    if not await on.store.restrictions.restrict_client(client.id, [group.id for group in found], on.clock.now(), by):
        raise clients.missing(client_id)
    on.store.clients.forget(client.id)
    return await clients.find(on, client.id)


async def count_losses_of_client(on: Administration, client_id: str, names: Sequence[str]) -> Losses | None:
    """Returns how many people could use the application no longer; None if nobody loses it. Raises Invalid."""
    client = await clients.find(on, client_id)
    outside = await count_outside(on, await find_groups(on, names), client_id=client.id)
    return losses(f"Restrict {client.name} to {spoken(names)}?", outside)
