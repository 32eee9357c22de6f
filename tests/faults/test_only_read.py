"""A database that is only read says so, is read, and is written again as soon as that is possible."""

from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import pytest
import pytest_twisted
from twisted.internet import reactor
from twisted.internet.threads import deferToThread
from twisted.logger import LogEvent

from iam.database.addresses import target
from iam.database.database import Database
from iam.database.errors import ReadOnly, Unavailable
from iam.database.survey import survey
from tests.faults.asking import LOOK, NEVER, WRITE, answer, reached, told
from tests.faults.conftest import Line
from tests.faults.mortal import Mortal
from tests.faults.pair import Pair
from tests.waiting import settled, until

Start = Callable[..., Awaitable[Database]]

SENTENCE = "The database is only read from here: a standby, or default_transaction_read_only (25006)"
WAY_OUT = "Name the primary in --database, or all hosts, or promote this one"


def full(database: Database) -> bool:
    return database.main.absent + database.spare.absent + database.listener.pool.absent == 0


@pytest_twisted.async_yield_fixture
async def proxy(written: Pair) -> AsyncIterator[tuple[Line, str]]:
    """A proxy before the pair, which leads to the primary at first, and the connection string that leads over it."""
    line = Line(written.primary)
    listening = reactor.listenTCP(0, line, interface="127.0.0.1")
    yield line, written.primary.dsn(host="127.0.0.1", port=listening.getHost().port)
    line.cut()
    await listening.stopListening()


async def test_a_single_host_that_is_a_standby_is_told_at_the_start(written: Pair) -> None:
    with pytest.raises(Unavailable) as refused:
        await survey(reactor, target(written.dsn(written.replica)))

    assert SENTENCE in str(refused.value)
    assert WAY_OUT in str(refused.value)


async def test_a_connection_to_a_standby_alone_is_refused_before_there_was_a_primary(
    start: Start, written: Pair
) -> None:
    with pytest.raises(ReadOnly, match="only read from here"):
        await start(dsn=written.dsn(written.replica))


async def test_a_standby_behind_a_proxy_is_read_and_writes_are_told_why_not(
    start: Start, written: Pair, proxy: tuple[Line, str]
) -> None:
    line, dsn = proxy
    database = await start(dsn=dsn, look=LOOK)
    await database.query(WRITE, (1,))

    line.port = written.replica.port
    line.cut()
    await reached(database, written.replica)

    refused = await answer(database.query(WRITE, (2,)))
    assert isinstance(refused, ReadOnly)
    assert SENTENCE in str(refused)
    assert WAY_OUT in str(refused)


async def test_a_standby_that_alone_is_there_is_not_connected_to_in_a_loop(
    start: Start, written: Pair, proxy: tuple[Line, str]
) -> None:
    line, dsn = proxy
    database = await start(
        lambda database: database.listen("news", lambda _: None, lambda: None), dsn=dsn, connections=2, look=NEVER
    )
    line.port = written.replica.port
    line.cut()
    await until(lambda: database.main.absent + database.spare.absent == 0 and database.listener.pool.unwritten)
    opened, pids = line.opened, set(written.replica.backends())

    for number in range(50):
        await answer(database.query(WRITE, (number,)))
    await settled(2)

    assert line.opened - opened <= 2  # the listener's: nobody can listen there
    assert pids & set(written.replica.backends()) == pids


async def test_a_standby_that_is_promoted_in_place_is_written_again(
    start: Start, written: Pair, proxy: tuple[Line, str]
) -> None:
    line, dsn = proxy
    heard: list[str] = []
    database = await start(lambda database: database.listen("news", heard.append, lambda: None), dsn=dsn, look=LOOK)
    line.port = written.replica.port
    line.cut()
    await reached(database, written.replica)

    await deferToThread(written.promote)

    await until(lambda: full(database) and all(one.server.writes for one in database.main.members))
    assert await database.query(WRITE, (3,)) == [(written.primary.port,)]
    await deferToThread(written.primary.ask, "notify news, 'heard'")
    await until(lambda: heard == ["heard"])


async def test_a_standby_is_left_when_the_name_leads_to_a_primary_again(
    start: Start, written: Pair, proxy: tuple[Line, str]
) -> None:
    line, dsn = proxy
    database = await start(dsn=dsn, look=LOOK)
    line.port = written.replica.port
    line.cut()
    await reached(database, written.replica)

    line.port = written.primary.port

    await reached(database, written.primary)
    await until(lambda: not written.replica.backends())


async def test_an_old_primary_behind_a_proxy_is_left_when_the_proxy_leads_to_the_new_one(
    start: Start, written: Pair, proxy: tuple[Line, str]
) -> None:
    line, dsn = proxy
    database = await start(dsn=dsn, look=LOOK)
    old = await deferToThread(written.promote)

    line.port = written.primary.port

    await until(lambda: not old.backends())
    await reached(database, written.primary)


async def test_another_cluster_behind_the_same_name_is_never_written_to(
    start: Start, written: Pair, proxy: tuple[Line, str], mortal: Mortal, events: list[LogEvent]
) -> None:
    line, dsn = proxy
    database = await start(dsn=dsn, look=LOOK)
    mortal.ask("drop table if exists written; create table written (n int)")

    line.port = mortal.port
    line.cut()
    await until(lambda: bool(told(events, "database.refused")))
    refused = await answer(database.query(WRITE, (1,)))
    line.port = written.primary.port
    await reached(database, written.primary)

    assert isinstance(refused, Unavailable)
    assert mortal.ask("select count(*) from written") == [(0,)]
    assert "this is another database" in told(events, "database.refused")[0]["reason"]


@pytest.mark.parametrize("local", [False, True])
async def test_a_primary_that_is_read_only_for_a_while_is_read_over_the_same_connections(
    start: Start, mortal: Mortal, local: bool
) -> None:
    mortal.ask("drop table if exists written; create table written (n int)")
    database = await start(dsn=mortal.dsn(**({} if local else {"host": "127.0.0.1"})), look=LOOK, connections=2)
    await until(lambda: full(database))
    (before,) = await database.query("select pg_backend_pid()")
    try:
        only_read(mortal, "on")
        await until(lambda: mortal.ask("show default_transaction_read_only") == [("on",)])
        refused = await until_answered(database, ReadOnly)
        (during,) = await database.query("select pg_backend_pid()")
    finally:
        only_read(mortal, "off")
    await until_answered(database, list)

    assert SENTENCE in str(refused)
    assert during == before
    await until(lambda: full(database) and all(one.server.writes for one in database.main.members))


def only_read(mortal: Mortal, value: str) -> None:
    """Let transactions only read from now on, or no longer."""
    mortal.ask(f"alter system set default_transaction_read_only = '{value}'")
    mortal.ask("select pg_reload_conf()")


async def until_answered(database: Database, kind: type) -> Any:
    """The first answer of this kind to a write."""
    outcomes: list[Any] = []

    def done() -> bool:
        return bool(outcomes) and isinstance(outcomes[-1], kind)

    while not done():
        outcomes.append(await answer(database.query(WRITE, (0,))))
        await settled(0.02)
        assert len(outcomes) < 1000
    return outcomes[-1]


async def test_a_disk_without_room_is_the_reason_why_nothing_is_written(start: Start, mortal: Mortal) -> None:
    mortal.ask("drop table if exists written; create table written (n int)")
    database = await start(connections=2)
    await until(lambda: full(database))
    database.guard = lambda: "The disk of the database is almost full."

    refused = await answer(database.query(WRITE, (1,)))

    assert str(refused) == "The disk of the database is almost full."
    assert all(one.server.writes for one in database.main.members)
