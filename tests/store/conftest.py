"""A database of this directory's own in the run's cluster."""

from collections.abc import AsyncIterator, Callable, Iterator
from typing import Any
from uuid import uuid4

import pytest
import pytest_twisted
from psycopg2.extensions import make_dsn

from tests.databases import Start, as_superuser, discard, execute, make_database, starting


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


@pytest.fixture
def migrated_dsn(cluster: Any) -> Iterator[str]:
    """A database with the schema of today and nothing in it."""
    dsn = as_superuser(cluster, make_database(cluster))
    yield dsn
    discard(cluster, dsn)


@pytest.fixture
def dsn(empty_dsn: str) -> str:
    """The database of a test; a module may say that it is the migrated one."""
    return empty_dsn


@pytest_twisted.async_yield_fixture
async def start(dsn: str) -> AsyncIterator[Start]:
    """Starts databases, which are stopped afterwards."""
    async with starting(dsn) as start:
        yield start
