"""Databases in the run's cluster: a migrated one is a copy of one that was migrated once, which takes a tenth of the time."""

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, closing
from typing import Any

import psycopg2
from psycopg2.extensions import make_dsn, parse_dsn
from twisted.internet import reactor

from iam.database import migration
from iam.database.database import Database
from iam.embedded.supervisor import Embedded
from iam.secrets import minted

MIGRATED = "migrated"  # the template, of which the role iam owns everything
Start = Callable[..., Awaitable[Database]]
THERE = f"select exists (select from pg_database where datname = '{MIGRATED}')"


def execute(dsn: str, sql: str) -> list[tuple[Any, ...]]:
    """Run a statement in a connection of its own."""
    with closing(psycopg2.connect(dsn)) as connection, connection.cursor() as cursor:
        connection.autocommit = True
        cursor.execute(sql)
        return cursor.fetchall() if cursor.description else []


@asynccontextmanager
async def starting(dsn: str) -> AsyncIterator[Start]:
    """Starts databases, of this DSN unless they are told another; they are stopped afterwards."""
    started: list[Database] = []

    async def start(declare: Callable[[Database], None] = lambda _: None, **options: Any) -> Database:
        database = Database(reactor, options.pop("dsn", dsn), **options)
        declare(database)
        started.append(database)
        await database.start()
        return database

    yield start
    for database in started:
        await database.stop(0)


def make_database(cluster: Embedded) -> str:
    """A new, migrated database; its DSN."""
    [(there,)] = execute(cluster.admin_dsn, THERE)
    if not there:
        execute(cluster.admin_dsn, f"create database {MIGRATED} owner iam")
        migration.migrate(make_dsn(cluster.dsn, dbname=MIGRATED))
    return copy(cluster, MIGRATED)


def copy(cluster: Embedded, template: str) -> str:
    """A new database like this one; its DSN."""
    name = "test_" + minted.identifier().hex
    execute(cluster.admin_dsn, f"create database {name} owner iam template {template} strategy file_copy")
    return str(make_dsn(cluster.dsn, dbname=name))


def as_superuser(cluster: Embedded, dsn: str) -> str:
    """The superuser's way into this database."""
    return str(make_dsn(cluster.admin_dsn, dbname=parse_dsn(dsn)["dbname"]))


def discard(cluster: Embedded, dsn: str) -> None:
    """Drop a database, whoever is still connected."""
    execute(cluster.admin_dsn, f"drop database {parse_dsn(dsn)['dbname']} with (force)")
