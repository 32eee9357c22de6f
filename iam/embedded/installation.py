"""PostgreSQL's programs, their system user and a cluster, and how to create and start the cluster with them."""

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
}  # for tests alone: a power cut would lose data

# PostgreSQL itself sorts by code point; the order of a system locale could change with a system update and corrupt indexes.
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
    """Everything that it takes to create a cluster and to run PostgreSQL on it."""

    reactor: Timer
    cluster: Cluster
    account: SystemAccount
    binaries: Binaries
    progress: Callable[[str], None]
    durable: bool

    @property
    def dsn(self) -> str:
        """The connection string of the application, as the role iam."""
        return f"host={self.cluster.sockets(self.account)} port={PORT} user=iam dbname=iam"

    @property
    def admin_dsn(self) -> str:
        """The connection string of the superuser."""
        return f"host={self.cluster.sockets(self.account)} port={PORT} user=postgres dbname=postgres"

    @contextmanager
    def handle(self, directory: Path) -> Iterator[tuple[str, tuple[int, ...]]]:
        """Yields a path of the directory for a program, and the descriptors that it has to inherit.

        If the account cannot enter the directories above, the path goes by an open descriptor (H47).
        """
        if self.account.reaches(directory):
            yield str(directory.resolve()), ()
            return
        file = open_directory(directory)
        try:
            yield f"/proc/self/fd/{file}", (file,)
        finally:
            os.close(file)

    async def create(self, running: int) -> None:
        """Creates the cluster with role and database in a draft, and moves it into place; its programs inherit the lock `running`."""
        self.progress(f"Creating the database in {self.cluster.home} ...")
        draft = self.cluster.draft(self.account)
        try:
            with self.handle(draft) as (where, keep):
                await self.initialise(where, (*keep, running))
            self.cluster.adopt(draft)
        finally:
            shutil.rmtree(draft, ignore_errors=True)

    async def initialise(self, where: str, keep: tuple[int, ...]) -> None:
        """Fills a directory with a cluster; role and database are made in single-user mode, so that nobody can connect meanwhile."""
        tuning = [f"--set={name}={value}" for name, value in TUNING.items()]
        sync = [] if self.durable else ["--no-sync"]
        await self.run(["initdb", "-D", where, *INITDB, *sync, *tuning], "", keep)
        await self.run(["postgres", "--single", "-D", where, "-c", "exit_on_error=on", "postgres"], BOOTSTRAP, keep)

    async def run(self, command: list[str], given: str, keep: tuple[int, ...]) -> None:
        """Runs one of PostgreSQL's programs; raises EmbeddedError with the end of its output if it fails."""
        words = [str(self.binaries.program(command[0])), *command[1:]]
        outcome = await processes.run(self.reactor, words, self.account.switch, given=given, keep=keep)
        if outcome.code:
            raise explain(f"The database in {self.cluster.home} could not be made: {self.cause()}", outcome.output)

    def launch(self, running: int) -> None:
        """Starts a postmaster that is not our child, so that it outlives a server that is killed."""
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
        """Returns the likely cause of a failure: a full disk, on which PostgreSQL may have failed to log it, or what its log says."""
        state = os.statvfs(self.cluster.data_dir)
        if state.f_bavail * state.f_frsize < FULL:
            return "the disk is full. Make room, and start again."
        return "its log says why."


def options(settings: dict[str, str]) -> list[str]:
    """Returns the settings as words of a command line."""
    return [word for name, value in settings.items() for word in ("-c", f"{name}={value}")]
