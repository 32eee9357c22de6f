"""A host of the database that says nothing costs a second: at the start, for a migration, for a command, and afterwards."""

import socket
import threading
import time
from collections.abc import Awaitable, Callable, Iterator
from contextlib import closing
from typing import Any

import pytest
from psycopg2.extensions import parse_dsn
from twisted.internet import reactor

from iam.clock import Clock
from iam.commands.migrate import migrated, planned
from iam.database.addresses import Host, target
from iam.database.connection import CONNECT
from iam.database.database import Database
from iam.database.errors import Timeout
from iam.database.resolver import LOOK_UP, Resolver
from iam.database.survey import survey
from iam.server.opening import open_database
from iam.settings import Settings
from tests.faults.asking import NEVER, answer, port
from tests.faults.mortal import Mortal
from tests.faults.pair import Pair
from tests.standstill import STILL, Standstill
from tests.waiting import until

Start = Callable[..., Awaitable[Database]]


@pytest.fixture
def double(mortal: Mortal) -> Iterator[list[str]]:
    """Two addresses of one name: at the first, something takes connections and says nothing."""
    with closing(socket.create_server(("127.0.0.2", mortal.port))):
        yield ["127.0.0.2", "127.0.0.1"]


def resolved(look: Callable[[str], list[str]]) -> Callable[[Database], None]:
    """Lets names have the addresses that `look` gives."""

    def declare(database: Database) -> None:
        database.connector.resolver = Resolver(reactor, look)

    return declare


def among(addresses: list[str]) -> Callable[[Resolver, Host], Awaitable[list[str]]]:
    """A resolver's answer for each host."""

    async def answered(_resolver: Resolver, _host: Host) -> list[str]:
        return addresses

    return answered


def full(database: Database) -> bool:
    return database.main.absent + database.spare.absent + database.listener.pool.absent == 0


def settings(dsn: str) -> Settings:
    return Settings(database=dsn)


@pytest.fixture
def dsn(mortal: Mortal, silent: int) -> str:
    """A connection string with a silent host first, of an empty database."""
    mortal.ask("drop database if exists empty")
    mortal.ask("create database empty")
    return str(mortal.dsn(host="127.0.0.1,127.0.0.1", port=f"{silent},{mortal.port}", dbname="empty"))


async def test_a_silent_first_host_costs_the_start_less_than_its_deadline(dsn: str, lag: Standstill) -> None:
    await migrated(reactor, settings(dsn), None)
    began = time.monotonic()

    foundation = await open_database(reactor, settings(dsn), Clock(reactor.seconds), lambda _line: None)
    took = time.monotonic() - began
    await foundation.close()

    assert took < CONNECT
    assert lag() < STILL


async def test_a_silent_first_host_costs_a_command_on_the_schema_less_than_its_deadline(
    dsn: str, lag: Standstill
) -> None:
    began = time.monotonic()

    pending = await planned(reactor, settings(dsn))

    assert pending
    assert time.monotonic() - began < CONNECT
    assert lag() < STILL


async def test_a_silent_address_of_a_name_costs_less_than_its_deadline_and_is_then_asked_last(
    start: Start, mortal: Mortal, double: list[str], lag: Standstill
) -> None:
    began = time.monotonic()

    database = await start(resolved(lambda _name: double), dsn=mortal.dsn(host="db.invalid"), look=NEVER)
    took = time.monotonic() - began
    await until(lambda: full(database))

    assert took < CONNECT
    assert await database.connector.addresses(database.connector.target.hosts[0]) == ["127.0.0.1", "127.0.0.2"]
    assert lag() < STILL


async def test_a_name_that_cannot_be_looked_up_does_not_keep_the_next_host_waiting(
    start: Start, mortal: Mortal
) -> None:
    ended = threading.Event()

    def look(name: str) -> list[str]:
        if name == "slow.invalid":
            ended.wait(2 * LOOK_UP)
        return ["127.0.0.1"]

    began = time.monotonic()
    try:
        database = await start(resolved(look), dsn=mortal.dsn(host="slow.invalid,db.invalid"), look=NEVER)
    finally:
        ended.set()

    assert time.monotonic() - began < LOOK_UP
    assert await port(database) == mortal.port


async def test_a_survey_asks_all_addresses_of_a_name_and_migrations_use_the_one_that_answers(
    mortal: Mortal, double: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Resolver, "addresses", among(double))
    began = time.monotonic()

    found = await survey(reactor, target(mortal.dsn(host="db.invalid")))

    assert time.monotonic() - began < CONNECT
    assert parse_dsn(found.primary)["hostaddr"] == "127.0.0.1"
    assert "hostaddr" not in parse_dsn(found.target.dsn)


async def test_a_host_that_did_not_answer_a_statement_is_asked_last(start: Start, written: Pair) -> None:
    database = await start(dsn=written.dsn(), connections=1, look=NEVER)
    await until(lambda: full(database))
    ((pid,),) = await database.query("select pg_backend_pid()")
    asked: list[tuple[Host, ...]] = []
    raced = database.connector.raced

    async def seen(wish: Any) -> Any:
        asked.append(database.connector.target.hosts)
        return await raced(wish)

    database.connector.raced = seen  # type: ignore[method-assign]
    written.primary.halt(pid)

    assert isinstance(await answer(database.query("select 1")), Timeout)
    await until(lambda: full(database))

    assert [host.port for host in asked[0]] == [str(written.replica.port), str(written.primary.port)]
