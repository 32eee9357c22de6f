"""A database of this directory's own in the run's cluster."""

from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import closing
from typing import Any
from uuid import uuid4

import psycopg2
import pytest
import pytest_twisted
from psycopg2.extensions import make_dsn
from twisted.internet import reactor

from iam.database.database import Database

Start = Callable[..., Awaitable[Database]]


def execute(dsn: str, sql: str) -> list[tuple[Any, ...]]:
    """Run a statement in a connection of its own."""
    with closing(psycopg2.connect(dsn)) as connection, connection.cursor() as cursor:
        connection.autocommit = True
        cursor.execute(sql)
        return cursor.fetchall() if cursor.description else []


@pytest.fixture
def admin(cluster: Any) -> Callable[[str], list[tuple[Any, ...]]]:
    """Runs statements as the superuser."""
    return lambda sql: execute(cluster.admin_dsn, sql)


@pytest.fixture
def empty_dsn(cluster: Any) -> Iterator[str]:
    """An empty database."""
    name = f"store_{uuid4().hex}"
    execute(cluster.admin_dsn, f"create database {name} encoding 'UTF8' template template0")
    yield make_dsn(cluster.admin_dsn, dbname=name)
    execute(cluster.admin_dsn, f"drop database {name} with (force)")


@pytest_twisted.async_yield_fixture
async def start(empty_dsn: str) -> AsyncIterator[Start]:
    """Starts databases, which are stopped afterwards."""
    started = []

    async def start(declare: Callable[[Database], None] = lambda _: None, **options: Any) -> Database:
        database = Database(reactor, options.pop("dsn", empty_dsn), **options)
        declare(database)
        started.append(database)
        await database.start()
        return database

    yield start
    for database in started:
        await database.stop(0)
