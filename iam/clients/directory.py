"""The directory of clients, which finds a client by its id."""

from collections.abc import Callable

from iam.clients import fapi
from iam.records.client import Client
from iam.service import service
from iam.store.clients import Clients


@service
class Directory:
    """Finds registered clients; `used` is called with the id of each client that is found.

    Under a profile of FAPI 2.0, its own or the server's, a client is as that wants it, whatever it is registered with.
    """

    table: Clients
    used: Callable[[str], None]
    profile: str | None = None

    async def find(self, client_id: str) -> Client | None:
        """Returns the client with this id, at most a few seconds out of date (H46); None if there is none."""
        client = self.table.recent(client_id) or await self.table.by_id(client_id)
        if client is None:
            return None
        self.used(client_id)
        return fapi.held(client, self.profile)

    async def nearest(self, client_id: str) -> str | None:
        """Returns the id of a client that equals this one, or differs from it only in case; None if there is none."""
        return await self.table.nearest(client_id)
