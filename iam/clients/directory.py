"""The directory of clients: whoever has an id and wants to know whose it is, asks here."""

from collections.abc import Callable

from attrs import frozen

from iam.records.client import Client
from iam.store.clients import Clients


@frozen
class Directory:
    """Finds clients in the table; `used` is told the id of each that is found."""

    table: Clients
    used: Callable[[str], None]

    async def find(self, client_id: str) -> Client | None:
        """The client with this id, as it was at most a few seconds ago (H46)."""
        client = await self.table.by_id(client_id)
        if client is not None:
            self.used(client_id)
        return client

    async def nearest(self, client_id: str) -> str | None:
        """The id of a client that is this one, or this one but for the case of its letters."""
        return await self.table.nearest(client_id)
