"""What goes with something that is destroyed, in lines for a person."""

from iam.administration.administration import Administration
from iam.commands.confirming import all_counted, counted, in_time
from iam.records.client import Client


async def of_client(on: Administration, client: Client) -> list[str]:
    """What ends with a client."""
    grants = await in_time(on.store.grants.living(on.clock.now(), client_id=client.id))
    resources = [uri for uri, each in (await on.store.resources.by_uri()).items() if each.client_id == client.id]
    ending = all_counted(grants, "grant", "username")
    ending += counted(len(resources), "resource that it can introspect tokens for no longer", resources)
    return [f"This ends of the client {client.name} ({client.id}):", *indented(ending or ["nothing that is in use"])]


def indented(lines: list[str]) -> list[str]:
    """The lines below a heading."""
    return [f"  {line}" for line in lines]
