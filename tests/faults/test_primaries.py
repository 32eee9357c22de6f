"""Which host of the database is the primary: found at the start and after a promotion, and never taken for another."""

import time
from collections.abc import Awaitable, Callable

import pytest
from twisted.internet import reactor
from twisted.internet.defer import ensureDeferred
from twisted.internet.task import deferLater
from twisted.internet.threads import deferToThread
from twisted.logger import LogEvent

from iam.database.addresses import target
from iam.database.connection import CONNECT, STATEMENT
from iam.database.database import Database
from iam.database.errors import ConnectionLost, Unavailable
from iam.database.primaries import Instance
from iam.database.survey import survey
from tests.faults.asking import LOOK, NEVER, WRITE, answer, port, reached, told
from tests.faults.mortal import Mortal
from tests.faults.pair import Pair
from tests.standstill import STILL, Standstill
from tests.waiting import PATIENCE, STEP, until

Start = Callable[..., Awaitable[Database]]


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


async def test_a_deposed_primary_whose_commits_wait_for_a_standby_holds_up_no_writes(
    start: Start, written: Pair
) -> None:
    await deferToThread(written.synchronous)
    database = await start(dsn=written.dsn(), look=LOOK)
    assert await database.query(WRITE, (0,)) == [(written.primary.port,)]

    old = await deferToThread(written.promote)
    waiting = ensureDeferred(answer(database.query(WRITE, (1,))))
    began = time.monotonic()
    await reached(database, written.primary)

    assert await database.query(WRITE, (2,)) == [(written.primary.port,)]
    assert time.monotonic() - began < STATEMENT
    assert isinstance(await waiting, ConnectionLost)
    assert old.ask("select count(*) from written where n = 2") == [(0,)]


async def test_two_standbys_that_were_both_promoted_are_never_mixed(
    start: Start, written: Pair, breed: Callable[[], Mortal]
) -> None:
    other = breed()
    await deferToThread(other.copy, written.primary)
    await deferToThread(other.start)
    await deferToThread(written.promote)
    await deferToThread(other.ask, "select pg_promote()")
    database = await start(dsn=written.dsn(written.primary, other), look=LOOK)

    await until(lambda: not database.main.absent and len(set(ports(database))) == 1)
    (used,) = set(ports(database))
    for _ in range(3):
        database.main.idle[0].retire(ConnectionLost("It is over."), at_once=True)
        await until(lambda: not database.main.absent)

    assert set(ports(database)) == {used}
    with pytest.raises(Unavailable, match="both take writes"):
        await survey(reactor, target(written.dsn(written.primary, other)))
    other.end()


def ports(database: Database) -> list[str]:
    """The ports that the connections of the main lane, the spare one and the listener lead to."""
    members = database.main.members | database.spare.members | database.listener.pool.members
    return [member.host.port for member in members]


async def test_a_server_that_tells_nothing_of_itself_is_used_all_the_same(start: Start, mortal: Mortal) -> None:
    secrets = ("pg_control_system()", "pg_walfile_name(pg_lsn)", "pg_postmaster_start_time()")
    mortal.ask("drop role if exists plain; create role plain login")
    for secret in secrets:
        mortal.ask(f"revoke execute on function {secret} from public")
    try:
        database = await start(dsn=mortal.dsn(user="plain"), connections=1)
        (member,) = database.main.members
        assert member.server == Instance("", 0, 0, writes=True)
        assert await database.query("select 1") == [(1,)]
    finally:
        for secret in secrets:
            mortal.ask(f"grant execute on function {secret} to public")


async def test_a_server_tells_its_cluster_its_timeline_and_since_when_it_runs(start: Start, written: Pair) -> None:
    await deferToThread(written.promote)

    database = await start(dsn=written.dsn(written.primary), connections=1)

    (member,) = database.main.members
    ((cluster, began),) = written.primary.ask(
        "select system_identifier::text, (extract(epoch from pg_postmaster_start_time()) * 1000000)::bigint from pg_control_system()"
    )
    assert member.server == Instance(cluster, 2, began, writes=True)
