"""The database goes away, comes back, stands still, or contradicts itself; iam answers in time and goes on."""

import os
import resource
import socket
import time
from collections.abc import Awaitable, Callable, Iterator, Sequence
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import pytest
from attrs import frozen
from twisted.internet import reactor
from twisted.internet.defer import CancelledError, ensureDeferred, gatherResults
from twisted.internet.task import deferLater
from twisted.internet.threads import deferToThread
from twisted.logger import LogEvent

from iam.database.connection import CONNECT, STATEMENT
from iam.database.database import Database
from iam.database.errors import ConnectionLost, Overloaded, Rejected, Timeout, Unavailable
from tests.standstill import STILL, Standstill
from tests.waiting import until

Start = Callable[..., Awaitable[Database]]


@frozen
class Value:
    """What a statement of these tests is asked."""

    v: int


async def seconds(count: float) -> None:
    await deferLater(reactor, count)


async def outcome(work: Awaitable[Any]) -> Any:
    """What comes of it, rows or an exception."""
    try:
        return await work
    except (Unavailable, Rejected) as error:
        return error


def descriptors() -> int:
    """How many files this process has open."""
    return len(list(Path("/proc/self/fd").iterdir()))


@contextmanager
def full_queue(path: Path) -> Iterator[None]:
    """A Unix socket that takes nobody: one has come, and none is accepted."""
    with closing(socket.socket(socket.AF_UNIX)) as listener, closing(socket.socket(socket.AF_UNIX)) as first:
        listener.bind(str(path))
        listener.listen(0)
        first.connect(str(path))
        yield
    path.unlink()


def full(database: Database) -> Callable[[], bool]:
    """Are all connections there?"""
    return lambda: database.main.absent + database.spare.absent + database.listener.pool.absent == 0


def losses(database: Database) -> int:
    """How many connections were lost so far."""
    return sum(pool.statistics.losses for pool in (database.main, database.spare, database.listener.pool))


def names(events: Sequence[LogEvent]) -> list[str]:
    return [
        event["log_format"]
        for event in events
        if str(event.get("log_namespace", "")).startswith(("iam.store", "iam.database"))
    ]


def tracebacks(events: Sequence[LogEvent]) -> list[LogEvent]:
    return [event for event in events if event.get("log_failure") is not None]


async def test_h41_a_connection_that_is_terminated_while_idle_is_replaced(start: Start, mortal: Any) -> None:
    database = await start(connections=3)
    await until(full(database))
    before = set(mortal.backends())

    mortal.terminate()
    await until(lambda: database.main.absent > 0)
    await until(full(database))

    assert await database.query("select 1") == [(1,)]
    assert before.isdisjoint(mortal.backends())


async def test_h41_a_connection_that_is_terminated_in_a_statement_fails_only_that_one(
    start: Start, mortal: Any
) -> None:
    database = await start(connections=3)
    await until(full(database))
    sleeping = database.query("select pg_sleep(10)")
    asleep = "query like '%pg_sleep(10)%' and state = 'active'"
    await until(lambda: bool(mortal.backends(asleep)))

    mortal.terminate(asleep)

    with pytest.raises(ConnectionLost):
        await sleeping
    assert await database.query("select 1") == [(1,)]
    await until(full(database))


async def test_a_batch_whose_connection_is_lost_is_reported_to_all_and_not_sent_again(
    start: Start, mortal: Any
) -> None:
    mortal.ask(
        "drop table if exists slow; create table slow (n int); drop sequence if exists runs; create sequence runs"
    )
    sql = (
        "with i as (select * from {input}), run as materialized"
        " (select nextval('runs'), pg_sleep(5)), done as (insert into slow select v from i, run returning n)"
        " select n from i where exists (select from done)"
    )
    database = await start(lambda database: database.statement("slow", Value, sql), connections=3)
    calls = [database.statements["slow"](Value(n)) for n in range(5)]
    under_way = "query like 'execute slow%' and state = 'active'"
    await until(lambda: bool(mortal.backends(under_way)))

    mortal.terminate(under_way)

    assert [type(await outcome(call)) for call in calls] == [ConnectionLost] * 5
    await until(full(database))
    assert mortal.ask("select last_value from runs") == [(1,)]
    assert mortal.ask("select count(*) from slow") == [(0,)]


async def test_h41_h43_a_deadlock_is_tried_again_and_costs_no_connection(start: Start, mortal: Any) -> None:
    mortal.ask(
        "drop table if exists pair; create table pair (id int primary key, n int); insert into pair values (1, 0), (2, 0)"
    )
    database = await start(connections=2)
    await until(full(database))
    before = sorted(mortal.backends())
    cross = (
        "do $$ begin update pair set n = n + 1 where id = {}; perform pg_sleep(0.2);"
        " update pair set n = n + 1 where id = {}; end $$"
    )

    await gatherResults([database.query(cross.format(1, 2)), database.query(cross.format(2, 1))])

    assert mortal.ask("select n from pair") == [(2,), (2,)]
    assert database.statistics.statements > 2
    assert sorted(mortal.backends()) == before


async def test_when_the_postmaster_dies_all_fail_at_once_and_when_it_returns_all_goes_on(
    start: Start, mortal: Any, events: list[LogEvent], lag: Standstill
) -> None:
    database = await start()
    await until(full(database))
    outcomes: list[Any] = []
    durations: list[float] = []
    going = True

    async def load() -> None:
        while going:
            began = time.monotonic()
            outcomes.append(await outcome(database.query("select pg_sleep(0.005)")))
            durations.append(time.monotonic() - began)
            await seconds(0.01)

    loads = [load() for _ in range(20)]
    running = gatherResults([ensureDeferred(work) for work in loads])
    await seconds(0.2)
    mortal.kill()
    await until(lambda: isinstance(outcomes[-1], Unavailable) and not database.main.members)
    await seconds(0.3)
    assert isinstance(outcomes[-1], Unavailable)
    assert await database.unready()

    await deferToThread(mortal.start)
    await until(lambda: outcomes[-1] == [("",)])
    await until(full(database))
    going = False
    await running

    assert all(isinstance(result, list | Unavailable) for result in outcomes)
    assert max(durations) < STATEMENT
    assert lag() < STILL
    assert names(events) == ["database.lost: {reason}", "database.back after {seconds} s"]
    assert tracebacks(events) == []


async def test_connections_terminated_one_after_another_cost_few_requests(start: Start, mortal: Any) -> None:
    database = await start(connections=4)
    await until(full(database))
    outcomes: list[Any] = []
    going = True

    async def load() -> None:
        while going:
            outcomes.append(await outcome(database.query("select 1")))
            await seconds(0.005)

    running = gatherResults([ensureDeferred(load()) for _ in range(8)])
    for number in range(1, 16):
        mortal.terminate("true order by random() limit 1")
        await until(lambda number=number: losses(database) == number)
        await until(full(database))
    settled = len(outcomes)
    await seconds(0.3)
    going = False
    await running

    failures = [result for result in outcomes if result != [(1,)]]
    assert {type(failure) for failure in failures} <= {ConnectionLost}
    assert len(failures) <= 15 * 2
    assert all(result == [(1,)] for result in outcomes[settled:])


async def test_an_absent_database_is_not_asked_in_a_loop(start: Start, mortal: Any) -> None:
    database = await start()
    mortal.kill()
    await until(lambda: not database.main.members)
    attempts = 0
    connect = database.main.connect

    async def counted() -> Any:
        nonlocal attempts
        attempts += 1
        return await connect()

    database.main.connect = counted
    began, since = resource.getrusage(resource.RUSAGE_SELF).ru_utime, time.monotonic()

    await seconds(1.5)
    await until(lambda: attempts >= 2)

    assert attempts <= 30
    share = (resource.getrusage(resource.RUSAGE_SELF).ru_utime - began) / (time.monotonic() - since)
    assert share < 0.7  # a loop takes all


async def test_connections_that_come_and_go_leave_no_descriptors_behind(start: Start, mortal: Any) -> None:
    database = await start(connections=4)
    await until(full(database))
    before = descriptors()

    for _ in range(10):
        mortal.terminate()
        await until(lambda: database.main.absent > 0)
        await until(full(database))

    assert descriptors() == before


async def test_h44_a_backend_that_stands_still_is_left_after_six_seconds(
    start: Start, mortal: Any, lag: Standstill
) -> None:
    database = await start(connections=1)
    await until(full(database))
    [(pid,)] = await database.query("select pg_backend_pid()")
    mortal.halt(pid)
    began = time.monotonic()

    with pytest.raises(Timeout):
        await database.query("select 1")

    assert time.monotonic() - began < 2 * STATEMENT
    assert lag() < STILL
    await until(full(database))
    assert await database.query("select 1") == [(1,)]


async def test_h42_stopping_waits_for_no_backend_that_stands_still(start: Start, mortal: Any, lag: Standstill) -> None:
    database = await start(connections=2)
    await until(full(database))
    for pid in mortal.backends():
        mortal.halt(pid)
    pending = database.query("select 1")
    began = time.monotonic()

    await database.stop(0.3)

    assert time.monotonic() - began < STATEMENT
    assert isinstance(await outcome(pending), ConnectionLost)
    assert lag() < STILL


async def test_a_postmaster_that_stands_still_blocks_nobody(start: Start, mortal: Any, lag: Standstill) -> None:
    database = await start(connections=3)
    await until(full(database))
    pids = mortal.backends()
    mortal.halt(mortal.postmaster.pid)
    assert await database.query("select 1") == [(1,)]

    for pid in pids:
        os.kill(pid, 9)
    await until(lambda: not database.main.members)
    with pytest.raises(Unavailable):
        await database.query("select 1")
    await seconds(0.5)
    assert lag() < STILL

    mortal.resume()
    await until(lambda: bool(database.main.members))
    assert await database.query("select 1") == [(1,)]
    assert lag() < STILL


async def test_stopping_while_connections_are_being_made_to_a_silent_postmaster(start: Start, mortal: Any) -> None:
    database = await start(connections=3)
    await until(full(database))
    pids = mortal.backends()
    mortal.halt(mortal.postmaster.pid)
    for pid in pids:
        os.kill(pid, 9)
    await until(lambda: bool(database.connector.opening))
    began = time.monotonic()

    await database.stop()

    assert time.monotonic() - began < STATEMENT
    assert not database.connector.opening


async def test_a_full_queue_of_connections_blocks_nobody(start: Start, mortal: Any, lag: Standstill) -> None:
    with full_queue(mortal.directory / ".s.PGSQL.1"), pytest.raises(Unavailable):
        await Database(reactor, mortal.dsn(port=1)).start()

    assert lag() < STILL


async def test_h44_a_silent_host_costs_five_seconds_and_the_next_one_is_taken(
    start: Start, mortal: Any, lag: Standstill
) -> None:
    with closing(socket.create_server(("127.0.0.1", 0))) as silent:
        began = time.monotonic()
        database = await start(
            dsn=mortal.dsn(host=f"127.0.0.1,{mortal.directory}", port=f"{silent.getsockname()[1]},{mortal.port}")
        )
        took = time.monotonic() - began
        await until(full(database))

    assert took < 2 * CONNECT
    assert lag() < STILL


async def test_a_line_that_swallows_answers_is_left_after_six_seconds(start: Start, line: Any, lag: Standstill) -> None:
    wire, dsn = line
    database = await start(dsn=dsn, connections=1)
    await until(full(database))
    wire.muted = True
    began = time.monotonic()

    with pytest.raises(Timeout):
        await database.query("select 1")

    assert time.monotonic() - began < 2 * STATEMENT
    assert lag() < STILL
    wire.muted = False
    await until(lambda: bool(database.main.members))
    assert await database.query("select 1") == [(1,)]


async def test_when_the_answer_to_a_commit_is_lost_nobody_asks_again(start: Start, mortal: Any, line: Any) -> None:
    mortal.ask("drop table if exists spent; create table spent (n int)")
    sql = "with i as (insert into spent select i.v from {input} returning n) select 1, n from i"
    wire, dsn = line
    database = await start(lambda database: database.statement("spend", Value, sql), dsn=dsn, connections=2)

    for number in range(20):
        await until(full(database))
        wire.muted = True
        spending = outcome(database.statements["spend"](Value(number)))
        spent = ensureDeferred(spending)
        await until(lambda number=number: (number,) in mortal.ask("select n from spent"))
        wire.cut()
        wire.muted = False
        assert type(await spent) is ConnectionLost

    assert mortal.ask("select n from spent order by n") == [(number,) for number in range(20)]


async def test_callers_who_leave_by_the_thousand_poison_nothing(
    start: Start, mortal: Any, events: list[LogEvent]
) -> None:
    sql = "select n, v from {input}"
    database = await start(lambda database: database.statement("echo", Value, sql), connections=4)
    await until(full(database))
    before = sorted(mortal.backends())

    for _ in range(100):
        leavers = [database.statements["echo"](Value(n)) for n in range(90)]
        leavers += [database.query("select %s", (n,)) for n in range(10)]
        await seconds(0)
        for leaver in leavers:
            leaver.cancel()
            leaver.addErrback(lambda failure: failure.trap(CancelledError, Overloaded))
    await until(lambda: not database.main.waiters)
    answers = await gatherResults([database.query("select %s", (n,)) for n in range(20)])

    assert answers == [[(n,)] for n in range(20)]
    assert sorted(mortal.backends()) == before
    assert tracebacks(events) == []


async def test_h46_a_lost_listener_listens_again_and_says_that_something_may_have_been_missed(
    start: Start, mortal: Any
) -> None:
    heard: list[str] = []
    losses: list[float] = []
    database = await start(
        lambda database: database.listen("news", heard.append, lambda: losses.append(time.monotonic())), connections=2
    )
    await until(full(database))
    losses.clear()

    mortal.terminate("query like '%listen news%'")
    await until(lambda: len(losses) == 2)
    mortal.ask("notify news, 'heard'")
    await until(lambda: bool(heard))

    assert heard == ["heard"]
    assert database.statistics.losses == 0


async def test_after_a_failover_the_next_host_is_written_to(start: Start, breed: Callable[[], Any]) -> None:
    primary, standby = breed(), breed()
    primary.create()
    primary.start()
    primary.ask("create table written (n int)")
    standby.copy(primary)
    standby.start()
    hosts = {"host": f"{primary.directory},{standby.directory}", "port": f"{primary.port},{standby.port}"}
    database = await start(dsn=primary.dsn(**hosts), connections=3)
    await database.query("insert into written values (1)")

    primary.kill()
    await until(primary.gone)
    with pytest.raises(Unavailable):
        await database.query("insert into written values (2)")
    standby.ask("select pg_promote()")
    while isinstance(await outcome(database.query("insert into written values (3)")), Unavailable):
        await seconds(0.01)

    assert (3,) in standby.ask("select n from written")
    await database.stop()
    standby.end()
