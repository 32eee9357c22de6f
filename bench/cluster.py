"""A durable PostgreSQL of the bench's own, which all sides share in turns: each has a database in it."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import psycopg2

from bench import figures
from iam.embedded.installation import TUNING
from tests.faults.mortal import Mortal

# As the embedded database, but without checkpoints that would fall into the turn of one side alone.
SETTINGS = {
    **TUNING,
    "listen_addresses": "",
    "unix_socket_permissions": "0777",
    "max_wal_size": "8GB",
    "checkpoint_timeout": "1h",
}


class Cluster(Mortal):
    """Its processes, what they used, and ways into its databases."""

    tuning = SETTINGS

    def database(self, name: str) -> str:
        """Make a database; the way into it, as the owner of everything in it."""
        self.ask(f"create database {name} owner iam")
        return self.dsn(user="iam", dbname=name)

    def cursor(self, name: str) -> Any:
        """A superuser's cursor there, which commits each statement."""
        connection = psycopg2.connect(self.dsn(dbname=name))
        connection.autocommit = True
        return connection.cursor()

    def cpu(self) -> float:
        """CPU seconds of all its processes so far, those that have ended included."""
        return figures.cpu_of_family(self.postmaster.pid)

    def wal(self) -> int:
        """Bytes of WAL so far."""
        [(written,)] = self.ask("select pg_wal_lsn_diff(pg_current_wal_insert_lsn(), '0/0')")
        return int(written)


@contextmanager
def running(**settings: str) -> Iterator[Cluster]:
    """A cluster that runs, with these settings besides, and goes again."""
    cluster = Cluster()
    cluster.tuning = SETTINGS | settings
    try:
        cluster.create()
        cluster.start()
        cluster.ask("create role iam login")
        yield cluster
    finally:
        cluster.end()
        shutil.rmtree(cluster.directory)
