"""Clients that are documents: what was read at their address, and until when it is good. Each change is one statement."""

from datetime import datetime
from typing import Final

from attrs import frozen

from iam.database.database import Database
from iam.records.actor import SERVER, By
from iam.records.client_metadata import Metadata
from iam.store.client_statements import CHANGED, MADE
from iam.store.clients import Clients, changes
from iam.store.registrations import ROOM, Newcomer

FRESH: Final = "select fresh_until from client_documents where client_id = %(id)s"

# Of servers that read the same document at the same time one makes the client.
READ_FIRST: Final = """
, document as (
    insert into client_documents (client_id, host, fetched_at, fresh_until)
    select created.id, %(host)s, %(now)s, %(fresh_until)s from created
)
select id from created
"""
CREATE: Final = ROOM + MADE + READ_FIRST

READ_AGAIN: Final = """
, document as (
    update client_documents d set fetched_at = %(now)s, fresh_until = %(fresh_until)s from before b where d.client_id = b.id
)
select id from before
"""
UPDATE: Final = CHANGED + READ_AGAIN


@frozen
class Reading:
    """A document that was read: the id of the client, its host, and until when what was read is good."""

    client_id: str
    host: str
    now: datetime
    fresh_until: datetime


class ClientDocuments:
    """The table of documents, beside that of clients."""

    def __init__(self, database: Database, clients: Clients) -> None:
        self._database = database
        self._clients = clients

    async def fresh_until(self, client_id: str) -> datetime | None:
        """Returns until when what was read at this address is good; None if nothing was read there."""
        rows = await self._database.query(FRESH, {"id": client_id})
        return rows[0][0] if rows else None

    async def create(self, reading: Reading, newcomer: Newcomer, most: int | None, by: By) -> bool:
        """Stores a new client. Returns False if it is there by now, or if there are `most` that nobody answers for."""
        told = {**newcomer.columns, "most": most, "host": reading.host, "fresh_until": reading.fresh_until}
        rows = await self._database.query(CREATE, {**told, "now": reading.now, **by.columns})
        self._clients.forget(reading.client_id)
        return bool(rows)

    async def update(self, reading: Reading, metadata: Metadata) -> None:
        """Stores what the document says now, as the server's own act; if that is nothing new, only when it was read."""
        told = changes(reading.client_id, metadata, reading.now, SERVER)
        await self._database.query(UPDATE, {**told, "fresh_until": reading.fresh_until})
        self._clients.forget(reading.client_id)
