"""A store with empty tables, and the people on it."""

from collections.abc import AsyncIterator
from contextlib import closing
from typing import Any

import psycopg2
import pytest
import pytest_twisted
from attrs import define
from twisted.internet import reactor

from iam.clock import Clock
from iam.database.database import Database
from iam.people.logins import Logins
from iam.people.passwords import Passwords
from iam.people.people import People
from iam.secrets.master_key import ServerKey
from iam.server.application import Application
from iam.server.parts import build_keys
from iam.settings import Settings
from iam.store.store import Store, open_store
from tests.databases import make_database


@define
class Turned:
    """A clock that a test turns."""

    offset: float = 0.0

    def seconds(self) -> float:
        return float(reactor.seconds()) + self.offset


@pytest.fixture(scope="module")
def dsn(cluster: Any) -> str:
    """A migrated database of the module's own."""
    return make_database(cluster)


@pytest.fixture
def rows(dsn: str) -> Any:
    """Looks into the tables."""

    def select(sql: str) -> list[tuple[Any, ...]]:
        with closing(psycopg2.connect(dsn)) as connection, connection, connection.cursor() as cursor:
            cursor.execute(sql)
            return cursor.fetchall() if cursor.description else []

    select("delete from users; delete from clients; delete from buckets")
    return select


@pytest.fixture
def turned() -> Turned:
    return Turned()


@pytest_twisted.async_yield_fixture
async def store(dsn: str, rows: Any, turned: Turned) -> AsyncIterator[Store]:
    """The real store."""
    database = Database(reactor, dsn)
    opened = open_store(database, Clock(turned.seconds), Settings())
    await database.start()
    yield opened
    await database.stop()


@pytest.fixture(scope="session")
def passwords() -> Passwords:
    return Passwords(reactor)


@pytest.fixture
def people(store: Store, passwords: Passwords, turned: Turned) -> People:
    return People(store.users, passwords, Clock(turned.seconds), "login.example.org")


@pytest.fixture
def logins(store: Store, passwords: Passwords, turned: Turned) -> Logins:
    clock = Clock(turned.seconds)
    key = ServerKey(b"a server key for tests, long enough")
    application = Application(reactor, Settings(), clock, store, key, build_keys(reactor, clock, store, key))
    vars(application)["passwords"] = passwords
    return application.logins
