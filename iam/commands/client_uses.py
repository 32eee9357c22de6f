"""When clients were last used, for `iam client list`."""

from datetime import date, timedelta

from iam.administration.administration import Administration
from iam.records.client import Client


async def listed(on: Administration, *, unused: bool) -> list[tuple[Client, date | None]]:
    """All clients, or those that nobody has used lately, oldest first, each with the day of its last use."""
    last = await on.store.strangers.last()
    since = on.clock.now().date() - timedelta(days=on.settings.limits.unused_client_days)
    listed = [(client, last.get(client.id)) for client in await on.store.clients.all()]
    return [(client, day) for client, day in listed if not unused or day is None or day < since]
