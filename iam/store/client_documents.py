"""Clients that are documents: what was read at their address, and until when it is good. Each change is one statement."""

from datetime import datetime
from typing import Final

from attrs import frozen

from iam.database.database import Database
from iam.records.actor import SERVER, By
from iam.records.client_metadata import Metadata
from iam.store.client_statements import CHANGED, FORGOTTEN, MADE
from iam.store.clients import Clients, changes
from iam.store.registrations import ROOM, Newcomer

KNOWN: Final = """
select (select d.fresh_until from client_documents d where d.client_id = %(id)s),
    exists (select from document_hosts h where h.host = %(host)s)
"""

# All clients of a host at once, and those to come: each request of theirs asks whether the host is disabled (KNOWN). The moment at
# which a client was disabled says whether that was with its host; others stay disabled when the host is enabled.
DISABLE_HOST: Final = """
with noted as (
    insert into document_hosts (host, disabled_at) values (%(host)s, %(now)s) on conflict (host) do nothing
    returning audited('client.disabled', %(now)s, %(actor)s, %(address)s, client => %(id)s,
        detail => jsonb_build_object('host', host))
), changed as (
    update clients c set disabled_at = coalesce((select disabled_at from document_hosts where host = %(host)s), %(now)s),
        updated_at = %(now)s, not_before = greatest(c.not_before, %(now)s)
    from client_documents d
    where d.client_id = c.id and d.host = %(host)s and c.disabled_at is null
    returning c.id, case when c.id <> %(id)s then audited('client.disabled', %(now)s, %(actor)s, %(address)s, client => c.id,
        detail => jsonb_build_object('host', d.host)) end
), {forgotten}
select (select count(*) from noted), (select count(*) from changed)
""".replace("{forgotten}", FORGOTTEN)
ENABLE_HOST: Final = """
with noted as (
    delete from document_hosts where host = %(host)s
    returning audited('client.enabled', %(now)s, %(actor)s, %(address)s, client => %(id)s,
        detail => jsonb_build_object('host', host))
), changed as (
    update clients c set disabled_at = null, updated_at = %(now)s, not_before = greatest(c.not_before, %(now)s)
    from client_documents d, document_hosts h
    where d.client_id = c.id and d.host = %(host)s and h.host = d.host and c.disabled_at = h.disabled_at
    returning c.id, case when c.id <> %(id)s then audited('client.enabled', %(now)s, %(actor)s, %(address)s, client => c.id,
        detail => jsonb_build_object('host', d.host)) end
), {forgotten}
select (select count(*) from noted), (select count(*) from changed)
""".replace("{forgotten}", FORGOTTEN)
OF_HOST: Final = """
select c.name from client_documents d join clients c on c.id = d.client_id
where d.host = %(host)s order by lower(c.name), c.id limit %(limit)s
"""

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
class Known:
    """Until when what was read of a document is good (None: nothing was read), and whether its host is disabled."""

    fresh_until: datetime | None
    disabled: bool


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

    async def known(self, client_id: str, host: str) -> Known:
        """Returns what is known of a document and of its host."""
        ((fresh_until, disabled),) = await self._database.query(KNOWN, {"id": client_id, "host": host})
        return Known(fresh_until, disabled)

    async def of_host(self, host: str, limit: int) -> list[str]:
        """Returns the names of the clients whose documents are at this host; `limit` at most."""
        rows = await self._database.query(OF_HOST, {"host": host, "limit": limit})
        return [str(name) for (name,) in rows]

    async def switch_host(self, client_id: str, host: str, now: datetime, by: By, *, disabled: bool) -> None:
        """Disables a host, by one of its clients: all end what they were granted, and none comes again; or enables it.

        Enabling it revives nothing, and leaves clients disabled that were disabled one by one.
        """
        statement = DISABLE_HOST if disabled else ENABLE_HOST
        await self._database.query(statement, {"id": client_id, "host": host, "now": now, **by.columns})
        self._clients.forget()

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
