"""PostgreSQL's programs, their user and a cluster, together; and how a new cluster is made with them."""

import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from attrs import frozen

from iam.embedded import processes
from iam.embedded.account import SystemAccount
from iam.embedded.binaries import Binaries
from iam.embedded.cluster import PORT, Cluster, open_directory
from iam.embedded.disk import FULL
from iam.embedded.errors import explain
from iam.reactor import Timer

# Written to postgresql.conf when the cluster is made, for the operator to change.
TUNING: Final = {
    "max_connections": "100",
    "shared_buffers": "128MB",
    "min_wal_size": "80MB",
    "max_wal_size": "256MB",
    "jit": "off",
}
# Given on the command line, so that nothing in the cluster can change it.
FIXED: Final = {
    "listen_addresses": "",
    "port": str(PORT),
    "unix_socket_permissions": "0700",
    "timezone": "UTC",
    "logging_collector": "off",
    "log_destination": "stderr",
    "log_timezone": "UTC",
    "log_line_prefix": "%m [%p] ",
    "log_checkpoints": "off",
    # neither statements nor their values, nor the rows that errors quote, ever reach the log (H30)
    "log_statement": "none",
    "log_min_duration_statement": "-1",
    "log_error_verbosity": "terse",
    "log_min_error_statement": "panic",
    "log_parameter_max_length": "0",
    "log_parameter_max_length_on_error": "0",
}
HASTE: Final = {
    "fsync": "off",
    "full_page_writes": "off",
    "synchronous_commit": "off",
}  # for tests: a power cut loses all

# Sorting by code points, by PostgreSQL itself, does not change with the system's libraries as a locale of theirs does.
LOCALE: Final = ("--encoding=UTF8", "--locale-provider=builtin", "--builtin-locale=C.UTF-8", "--locale=C")
INITDB: Final = ("--username=postgres", *LOCALE, "--data-checksums", "--auth=reject", "--no-instructions")

BOOTSTRAP: Final = """\
CREATE ROLE iam LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE NOREPLICATION NOBYPASSRLS
ALTER ROLE iam SET log_min_messages = log
CREATE DATABASE iam OWNER iam
REVOKE ALL ON DATABASE iam FROM PUBLIC
"""


@frozen
class Installation:
    """All that is needed to make a cluster and to run PostgreSQL on it."""

    reactor: Timer
    cluster: Cluster
    account: SystemAccount
    binaries: Binaries
    progress: Callable[[str], None]
    durable: bool

    @property
    def dsn(self) -> str:
        """The application's way in."""
        return f"host={self.cluster.sockets(self.account)} port={PORT} user=iam dbname=iam"

    @property
    def admin_dsn(self) -> str:
        """The superuser's way in."""
        return f"host={self.cluster.sockets(self.account)} port={PORT} user=postgres dbname=postgres"

    @contextmanager
    def handle(self, directory: Path) -> Iterator[tuple[str, tuple[int, ...]]]:
        """A name of the directory and files to inherit: where those above are closed, an open handle is a way in (H47)."""
        if self.account.reaches(directory):
            yield str(directory.resolve()), ()
            return
        file = open_directory(directory)
        try:
            yield f"/proc/self/fd/{file}", (file,)
        finally:
            os.close(file)

    async def create(self, running: int) -> None:
        """Make the cluster with its role and database aside, so that in its place it is whole; all hold the lock `running`."""
        self.progress(f"Creating the database in {self.cluster.home} ...")
        draft = self.cluster.draft(self.account)
        try:
            with self.handle(draft) as (where, keep):
                await self.initialise(where, (*keep, running))
            self.cluster.adopt(draft)
        finally:
            shutil.rmtree(draft, ignore_errors=True)

    async def initialise(self, where: str, keep: tuple[int, ...]) -> None:
        """Fill a directory with a cluster; single-user mode needs no way in that would have to be closed again."""
        tuning = [f"--set={name}={value}" for name, value in TUNING.items()]
        sync = [] if self.durable else ["--no-sync"]
        await self.run(["initdb", "-D", where, *INITDB, *sync, *tuning], "", keep)
        await self.run(["postgres", "--single", "-D", where, "-c", "exit_on_error=on", "postgres"], BOOTSTRAP, keep)

    async def run(self, command: list[str], given: str, keep: tuple[int, ...]) -> None:
        """Run one of PostgreSQL's programs; if it fails, what it said is part of the error."""
        words = [str(self.binaries.program(command[0])), *command[1:]]
        outcome = await processes.run(self.reactor, words, self.account.switch, given=given, keep=keep)
        if outcome.code:
            raise explain(f"The database in {self.cluster.home} could not be made: {self.cause()}", outcome.output)

    def launch(self, running: int) -> None:
        """Start a postmaster that is nobody's child, so that it outlives a server which is killed."""
        sockets = self.cluster.sockets(self.account)
        sink, source = self.cluster.open_log(), os.open(os.devnull, os.O_RDONLY)
        try:
            with self.handle(self.cluster.home) as (where, keep):
                settings = FIXED | ({} if self.durable else HASTE)
                settings["cluster_name"] = self.cluster.tag
                settings["unix_socket_directories"] = where if sockets == self.cluster.home else str(sockets)
                words = [str(self.binaries.program("postgres")), "-D", where, *options(settings)]
                shell = ["/bin/sh", "-c", '"$@" &', "sh", *words]  # which ends at once
                processes.spawn(shell, self.account.switch, source, sink, (*keep, running)).wait()
        finally:
            os.close(source)
            os.close(sink)

    def cause(self) -> str:
        """What is known of a failure without PostgreSQL's words, for which a full disk may have had no room."""
        state = os.statvfs(self.cluster.data_dir)
        if state.f_bavail * state.f_frsize < FULL:
            return "the disk is full. Make room, and start again."
        return "its log says why."


def options(settings: dict[str, str]) -> list[str]:
    """Settings as words of a command line."""
    return [word for name, value in settings.items() for word in ("-c", f"{name}={value}")]
