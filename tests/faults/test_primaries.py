"""Which host of the database is the primary: found at the start and after a promotion, and never taken for another."""

import socket
import time
from collections.abc import Awaitable, Callable, Iterator, Sequence
from contextlib import closing
from typing import Any

import pytest
from twisted.internet import reactor
from twisted.internet.defer import ensureDeferred
from twisted.internet.task import deferLater
from twisted.internet.threads import deferToThread
from twisted.logger import LogEvent

from iam.store.addresses import target
from iam.store.connection import CONNECT, STATEMENT
from iam.store.database import Database
from iam.store.errors import ConnectionLost, Unavailable
from iam.store.survey import survey
from tests.faults.pair import Pair
from tests.standstill import STILL, Standstill
from tests.waiting import PATIENCE, STEP, until, wait_until

Start = Callable[..., Awaitable[Database]]

LOOK = 0.3  # seconds between two looks
NEVER = 3600.0
WRITE = "insert into written values (%s) returning current_setting('port')::int"


@pytest.fixture
def written(pair: Pair) -> Pair:
    """A pair with a table to write to."""
    pair.primary.ask("create table written (n int)")
    wait_until(pair.caught_up)
    return pair


@pytest.fixture
def silent() -> Iterator[int]:
    """The port of a host that takes connections and says nothing."""
    with closing(socket.create_server(("127.0.0.1", 0))) as server:
        yield server.getsockname()[1]


async def answer(work: Awaitable[Any]) -> Any:
    """The rows of a statement, or why there are none."""
    try:
        return await work
    except Unavailable as reason:
        return reason


async def port(database: Database) -> Any:
    """The port of the server that a statement reaches, if it reaches any."""
    rows = await answer(database.query("select current_setting('port')::int"))
    return rows[0][0] if isinstance(rows, list) else None


async def reached(database: Database, member: Any) -> None:
    """Wait until statements reach this server."""
    end = time.monotonic() + PATIENCE
    while await port(database) != member.port:
        assert time.monotonic() < end
        await deferLater(reactor, STEP)


def told(events: Sequence[LogEvent], name: str) -> list[LogEvent]:
    """The lines of the log that begin so."""
    return [event for event in events if str(event.get("log_format")).startswith(name)]


async def test_a_deposed_primary_that_still_takes_writes_is_left_for_the_new_one(
    start: Start, written: Pair, events: list[LogEvent]
) -> None:
    forgotten: list[float] = []
    database = await start(
        lambda database: database.listen("news", lambda _: None, lambda: forgotten.append(time.monotonic())),
        dsn=written.dsn(),
        look=LOOK,
    )
    assert await database.query(WRITE, (0,)) == [(written.primary.port,)]
    forgotten.clear()

    old = await deferToThread(written.promote)
    acknowledged: list[int] = []
    end = time.monotonic() + PATIENCE
    while acknowledged[-20:] != [written.primary.port] * 20:
        rows = await answer(database.query(WRITE, (len(acknowledged),)))
        acknowledged += [row[0] for row in rows] if isinstance(rows, list) else []
        await deferLater(reactor, STEP)
        assert time.monotonic() < end

    assert set(acknowledged[acknowledged.index(written.primary.port) :]) == {written.primary.port}
    await until(lambda: len(written.primary.backends("query like '%listen news%'")) == 1)
    await until(lambda: not old.backends())
    assert len(forgotten) >= 2
    assert [event["timeline"] for event in told(events, "database.superseded")] == [2]


async def test_a_statement_under_way_on_a_deposed_primary_is_not_acknowledged(start: Start, written: Pair) -> None:
    database = await start(dsn=written.dsn(), look=LOOK)
    sleeping = ensureDeferred(answer(database.query("select pg_sleep(4.5)")))
    await until(lambda: bool(written.primary.backends("query like '%pg_sleep(4.5)%' and state = 'active'")))

    await deferToThread(written.promote)

    assert isinstance(await sleeping, ConnectionLost)
    await reached(database, written.primary)


async def test_of_two_that_take_writes_the_later_timeline_is_used_from_the_start(start: Start, written: Pair) -> None:
    old = await deferToThread(written.promote)

    found = await survey(reactor, target(written.dsn(old, written.primary)))
    database = await start(dsn=found.target.dsn, look=NEVER)

    assert await port(database) == written.primary.port
    await until(lambda: not old.backends())


async def test_a_deposed_primary_is_not_used_even_where_no_other_answers(
    start: Start, written: Pair, events: list[LogEvent]
) -> None:
    old = await deferToThread(written.promote)
    database = await start(dsn=written.dsn(), look=LOOK)
    await reached(database, written.primary)
    await deferToThread(written.primary.kill)

    await until(lambda: not database.main.members)
    await until(lambda: bool(told(events, "database.refused")))
    refused = await answer(database.query(WRITE, (1,)))
    await deferToThread(written.primary.start)
    await reached(database, written.primary)

    assert isinstance(refused, Unavailable)
    assert old.ask("select count(*) from written") == [(0,)]
    (event,) = told(events, "database.refused")
    assert "this server is deposed: it takes writes on timeline 1, though timeline 2 was seen" in event["reason"]


async def test_a_primary_that_was_started_again_is_used_again(start: Start, written: Pair) -> None:
    database = await start(dsn=written.dsn(), look=LOOK)
    await deferToThread(written.primary.stop)
    await until(lambda: not database.main.members)

    await deferToThread(written.primary.start)

    await reached(database, written.primary)


async def test_after_the_primary_froze_and_the_standby_was_promoted_writes_go_on(
    start: Start, written: Pair, lag: Standstill
) -> None:
    database = await start(dsn=written.dsn(), look=LOOK)
    await database.query(WRITE, (1,))
    written.primary.freeze()
    waiting = ensureDeferred(answer(database.query(WRITE, (2,))))
    new = written.replica
    await deferToThread(new.ask, "select pg_promote()")
    began = time.monotonic()

    await reached(database, new)

    assert time.monotonic() - began < STATEMENT
    assert isinstance(await waiting, Unavailable)
    assert lag() < STILL


async def test_a_standby_that_becomes_the_primary_while_another_host_is_silent_is_not_kept_waiting(
    start: Start, written: Pair, silent: int
) -> None:
    database = await start(dsn=written.dsn(port=f"{silent},{written.primary.port}"), look=NEVER)
    await deferToThread(written.primary.kill)
    await until(lambda: not database.main.members)
    await deferToThread(written.primary.start)
    began = time.monotonic()

    await reached(database, written.primary)

    assert time.monotonic() - began < CONNECT


async def test_a_silent_first_host_costs_about_a_second(
    start: Start, written: Pair, silent: int, lag: Standstill
) -> None:
    began = time.monotonic()

    found = await survey(reactor, target(written.dsn(port=f"{silent},{written.primary.port}")))
    database = await start(dsn=found.target.dsn)

    assert time.monotonic() - began < CONNECT
    assert await port(database) == written.primary.port
    assert lag() < STILL
