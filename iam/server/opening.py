"""The opening of a database with its schema, and of the store on it, for the server and the command line."""

from collections.abc import Callable
from typing import Final

from attrs import frozen

from iam.clock import Clock
from iam.database import migration
from iam.database.addresses import target
from iam.database.database import Database
from iam.database.survey import survey
from iam.database.threads import in_thread
from iam.embedded.supervisor import Embedded
from iam.reactor import Reactor
from iam.settings import Settings
from iam.store.store import Store, open_store

SERVING: Final = 8  # connections for requests

Progress = Callable[[str], None]
Found = Callable[[], None]


@frozen
class Foundation:
    """An open store, its connection string, and the embedded PostgreSQL under it, if there is one."""

    store: Store
    dsn: str
    embedded: Embedded | None

    def heed_disk(self) -> None:
        """Makes this server read-only while the disk of an embedded database is almost full (H51); commands may still write."""
        if self.embedded is not None:
            disk = self.embedded.disk
            self.store.database.guard = lambda: disk.obstacle

    async def close(self) -> None:
        """Closes the store; stops an embedded database that no other server uses."""
        await self.store.refusals.stop()
        await self.store.refused_counts.stop()
        await self.store.refused_logins.stop()
        await self.store.database.stop()
        if self.embedded is not None:
            await self.embedded.stop()


async def open_database(
    reactor: Reactor,
    settings: Settings,
    clock: Clock,
    progress: Progress,
    found: Found = lambda: None,
    *,
    connections: int = SERVING,
) -> Foundation:
    """Opens the database of `settings`, migrated unless they forbid it; `found` is called once a writable database is known.

    There are as many `connections` for statements, one more in reserve and one to listen.
    Raises EmbeddedError, MigrationError or Unavailable, each with a sentence for the operator.
    """
    embedded = await start_embedded(reactor, settings, progress)
    try:
        dsn, primary = (embedded.dsn, embedded.dsn) if embedded else await survey_hosts(reactor, settings)
        found()
        if not settings.no_migrate and (names := await in_thread(reactor, migration.migrate, primary)):
            progress("Migrated: " + (names[0] if len(names) == 1 else f"{names[0]} to {names[-1]}"))
        database = Database(reactor, dsn, connections=connections, look=settings.limits.database_look)
        store = open_store(database, clock, settings)
        await database.start()
        await store.partitions.tend(clock.now())
    except BaseException:
        if embedded is not None:
            await embedded.stop()
        raise
    return Foundation(store, dsn, embedded)


async def survey_hosts(reactor: Reactor, settings: Settings) -> tuple[str, str]:
    """Returns two connection strings: all hosts of `settings` in the order to use them, and the primary; raises Unavailable."""
    found = await survey(reactor, target(str(settings.database)))
    return found.target.dsn, found.primary


async def start_embedded(reactor: Reactor, settings: Settings, progress: Progress) -> Embedded | None:
    """Starts the PostgreSQL in the data directory; None if `settings` name another database."""
    if settings.database is not None:
        return None
    embedded = Embedded(reactor, settings.data_dir, progress=progress, reserve=settings.disk_reserve)
    await embedded.start()
    return embedded
