"""Statements, hot statements, notifications and errors, against PostgreSQL."""

from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

import psycopg2
import pytest
from attrs import frozen
from twisted.internet import reactor
from twisted.internet.defer import CancelledError, Deferred, gatherResults
from twisted.internet.task import deferLater

from iam.database.connection import Connection
from iam.database.database import Database
from iam.database.errors import Overloaded, Rejected, Timeout, Unavailable
from tests.waiting import PATIENCE, until

Start = Callable[..., Awaitable[Database]]
Admin = Callable[[str], list[tuple[Any, ...]]]


@frozen
class Pair:
    """What is echoed."""

    key: bytes
    value: str | None


@frozen
class Name:
    """A text alone."""

    name: str


@frozen
class Key:
    """Octets alone."""

    key: bytes


@frozen
class Number:
    """A number alone."""

    id: int


def declare_echo(database: Database) -> None:
    database.statement("echo", Pair, "select i.n, i.key, i.value from {input}")


def echo(database: Database) -> Callable[[bytes, str | None], Deferred[Any]]:
    return lambda key, value: database.statements["echo"](Pair(key, value))


async def seconds(count: float) -> None:
    await deferLater(reactor, count)


async def test_a_query_gives_its_rows_in_pythons_types(start: Start) -> None:
    database = await start()
    now, identifier = datetime.now(UTC), uuid4()

    rows = await database.query(
        "select %(now)s::timestamptz, %(id)s::uuid, %(octets)s::bytea, array['a', null], '{\"a\": 1}'::jsonb,"
        " array['\\x01'::bytea, ''], array[%(id)s], %(none)s",
        {"now": now, "id": identifier, "octets": b"\0\xff", "none": None},
    )

    assert rows == [(now, identifier, b"\0\xff", ["a", None], {"a": 1}, [b"\x01", b""], [identifier], None)]
    assert rows[0][0].tzinfo is UTC


async def test_a_statement_without_rows_gives_none(start: Start) -> None:
    database = await start()

    assert await database.query("create table t (a int)") == []
    assert await database.query("insert into t values (%s)", (1,)) == []


async def test_a_percent_sign_means_itself_where_there_are_no_parameters(start: Start) -> None:
    database = await start()

    assert await database.query("select 'a%'") == [("a%",)]


async def test_a_hot_statement_answers_each_caller(start: Start) -> None:
    database = await start(declare_echo)
    rows = [(number.to_bytes(2), str(number)) for number in range(200)]

    answers = await gatherResults([echo(database)(*row) for row in reversed(rows)])

    assert answers == rows[::-1]
    assert (database.statistics.statements, database.statistics.rows) == (4, 200)


async def test_a_hot_statement_alone_is_one_statement_and_no_transaction_block(start: Start, admin: Admin) -> None:
    database = await start(declare_echo, connections=1)

    assert await echo(database)(b"k", None) == (b"k", None)

    assert database.statistics.statements == 1
    [(state, sql)] = admin("select state, query from pg_stat_activity where query like 'execute echo%'")
    assert state == "idle"
    assert sql == r"execute echo('{\\x6b}', '{NULL}')"


async def test_a_rejected_row_hurts_only_itself(start: Start, empty_dsn: str) -> None:
    first = await start()
    await first.query("create table names (name text primary key check (name <> 'bad'))")

    def declare(database: Database) -> None:
        database.statement(
            "add",
            Name,
            "with i as (select * from {input}),"
            " added as (insert into names select name from i returning name) select n, name from added join i using (name)",
        )

    database = await start(declare)

    def add(name: str) -> Deferred[Any]:
        return database.statements["add"](Name(name))

    await add("taken")

    results = await gatherResults([add(name).addErrback(lambda f: f.value) for name in ("a", "taken", "bad", "z")])

    assert [results[0], results[3]] == [("a",), ("z",)]
    assert [(error.sqlstate, error.constraint) for error in results[1:3]] == [
        ("23505", "names_pkey"),
        ("23514", "names_name_check"),
    ]
    assert await database.query("select name from names order by name") == [("a",), ("taken",), ("z",)]


async def test_h30_a_rejection_does_not_repeat_values(start: Start) -> None:
    database = await start()
    await database.query("create table people (email text primary key)")
    await database.query("insert into people values ('alice@example.org')")

    with pytest.raises(Rejected) as duplicate:
        await database.query("insert into people values (%s)", ("alice@example.org",))
    with pytest.raises(Rejected) as malformed:
        await database.query("select %s::uuid", ("alice@example.org",))

    assert str(duplicate.value) == "23505 UniqueViolation people_pkey"
    assert str(malformed.value) == "22P02 InvalidTextRepresentation"
    assert duplicate.value.__cause__ is None


async def test_an_error_of_our_own_sql_is_told_in_full(start: Start) -> None:
    database = await start()

    with pytest.raises(Rejected, match='42P01 relation "nowhere" does not exist'):
        await database.query("select from nowhere")


async def test_parameters_that_psycopg2_refuses_leave_the_connection_as_it_is(start: Start) -> None:
    database = await start(connections=1)
    [(pid,)] = await database.query("select pg_backend_pid()")

    with pytest.raises(ValueError, match="NUL"):
        await database.query("select %s", ("a\0",))
    with pytest.raises(psycopg2.ProgrammingError, match="can't adapt"):
        await database.query("select %s", (object(),))
    with pytest.raises(UnicodeEncodeError):
        await database.query("select %s", ("\ud800",))

    assert await database.query("select pg_backend_pid()") == [(pid,)]


async def test_connections_start_as_the_store_needs_them(start: Start) -> None:
    database = await start()
    names = ("application_name", "TimeZone", "jit", "plan_cache_mode", "enable_seqscan", "statement_timeout")

    settings = {name: (await database.query("select current_setting(%s)", (name,)))[0][0] for name in names}

    assert settings == {
        "application_name": "iam",
        "TimeZone": "UTC",
        "jit": "off",
        "plan_cache_mode": "force_generic_plan",
        "enable_seqscan": "off",
        "statement_timeout": "5s",
    }


async def test_h31_a_schema_named_by_the_connection_string_is_the_tenant(start: Start, empty_dsn: str) -> None:
    first = await start()
    await first.query("create schema tenant")
    await first.query("create table tenant.t as select 'ours' as what")
    database = await start(dsn=empty_dsn + " options='-c search_path=tenant'")

    assert await database.query("select what from t") == [("ours",)]


async def test_a_plan_made_while_a_table_was_empty_still_uses_its_index_when_it_is_full(start: Start) -> None:
    first = await start()
    await first.query("create table things (key bytea primary key, name text) with (autovacuum_enabled = off)")

    def declare(database: Database) -> None:
        database.statement("find", Key, "select n, t.name from {input} join things t using (key)")

    database = await start(declare, connections=1)
    assert await database.statements["find"](Key(b"1")) is None
    await database.query("insert into things select n::text::bytea, n::text from generate_series(1, 20000) n")

    plan = "\n".join(line for (line,) in await database.query("explain (analyze) execute find('{a,b}')"))

    assert "Index Scan using things_pkey" in plan
    assert "Seq Scan" not in plan
    assert await database.statements["find"](Key(b"20000")) == ("20000",)


async def test_statements_and_channels_are_declared_before_the_start(start: Start) -> None:
    database = await start()

    with pytest.raises(RuntimeError, match="before the start"):
        declare_echo(database)
    with pytest.raises(RuntimeError, match="before the start"):
        database.listen("late", lambda _: None, lambda: None)


async def test_a_schema_that_does_not_fit_is_said_at_the_start(empty_dsn: str) -> None:
    database = Database(reactor, empty_dsn)
    database.statement("lost", Key, "select n, t.name from {input} join t using (key)")

    with pytest.raises(Unavailable, match=r'do not fit this version of iam \(42P01 relation "t" does not exist\)'):
        await database.start()


@pytest.mark.parametrize(
    ("dsn", "message"),
    [
        ("host=/nowhere", "No such file or directory"),
        ("host=127.0.0.1 port=1 password=secret", "127.0.0.1, port 1: .*Connection refused"),
        ("host=nowhere.invalid password=secret", "nowhere.invalid: its name is not known"),
    ],
)
async def test_a_database_that_cannot_be_reached_is_said_in_one_sentence(dsn: str, message: str) -> None:
    with pytest.raises(Unavailable, match=message) as failure:
        await Database(reactor, dsn).start()

    assert "\n" not in str(failure.value)
    assert "secret" not in str(failure.value)


async def test_a_wrong_database_name_is_said_without_the_password(cluster: Any) -> None:
    with pytest.raises(Unavailable, match='database "nowhere" does not exist') as failure:
        await Database(reactor, psycopg2.extensions.make_dsn(cluster.admin_dsn, dbname="nowhere")).start()

    assert "password" not in str(failure.value)


async def test_the_next_host_is_asked_where_one_refuses(start: Start, empty_dsn: str) -> None:
    parts = psycopg2.extensions.parse_dsn(empty_dsn)
    parts["host"] = "/nowhere,127.0.0.1," + parts["host"]
    parts["port"] = "5432,1," + parts.get("port", "5432")
    database = await start(dsn=psycopg2.extensions.make_dsn(**parts), connections=2)

    assert await database.query("select 1") == [(1,)]
    assert database.connector.target.hosts[0].name == parts["host"].split(",")[2]


async def test_h42_a_caller_who_leaves_stops_nothing_and_poisons_nothing(start: Start) -> None:
    database = await start(connections=2)
    await database.query("create table done (n int)")
    leavers = [
        database.query("with slept as (select pg_sleep(0.01)) insert into done select %s from slept", (number,))
        for number in range(30)  # as many as a busy machine can begin before they have waited too long
    ]

    for leaver in leavers:
        leaver.cancel()
    results = await gatherResults([leaver.addErrback(lambda f: f.type) for leaver in leavers])

    assert results == [CancelledError] * 30
    await until(lambda: len(database.main.idle) == 2 and not database.main.waiters)
    assert await database.query("select count(distinct n) from done") == [(30,)]
    assert database.statistics.losses == 0
    assert await gatherResults([database.query("select %s", (n,)) for n in range(20)]) == [[(n,)] for n in range(20)]


async def test_h42_cancelling_in_postgresql_is_out_of_reach(empty_dsn: str) -> None:
    connection = Connection(reactor)
    await connection.open(psycopg2.extensions.parse_dsn(empty_dsn))
    sleeping = connection.run("select pg_sleep(0.1)")

    with pytest.raises(RuntimeError, match="never cancelled"):
        connection.cancel(sleeping)
    with pytest.raises(RuntimeError, match="never cancelled"):
        connection.pollable().cancel()

    assert await sleeping == [("",)]
    connection.close()


async def test_h43_a_deadlock_and_a_serialization_failure_are_tried_again(start: Start) -> None:
    database = await start()
    await database.query("create table tries (n serial)")
    await database.query(
        "create function fail_twice(state text) returns int language plpgsql as $$ declare n int;"
        " begin n := nextval('tries_n_seq'); if n % 3 <> 0 then raise sqlstate '40P01'; end if; return n; end $$"
    )

    assert await database.query("select fail_twice('40P01')") == [(3,)]
    assert await database.query("select fail_twice('40P01')") == [(6,)]
    assert database.statistics.statements == 8
    assert database.statistics.losses == 0


async def test_h43_after_three_repetitions_the_database_is_unavailable(start: Start) -> None:
    database = await start()
    await database.query(
        "create function fail() returns int language plpgsql as $$ begin raise sqlstate '40001'; end $$"
    )

    with pytest.raises(Unavailable, match="40001"):
        await database.query("select fail()")

    assert database.statistics.statements == 1 + 4


async def test_h44_a_statement_timeout_of_postgresql_is_a_timeout_and_costs_no_connection(start: Start) -> None:
    database = await start(connections=1)
    [(pid,)] = await database.query("select pg_backend_pid()")
    await database.query("set statement_timeout = '50ms'")

    with pytest.raises(Timeout, match="57014"):
        await database.query("select pg_sleep(1)")

    assert await database.query("select pg_backend_pid()") == [(pid,)]


async def test_h44_a_locked_table_is_a_timeout_after_two_seconds(start: Start) -> None:
    database = await start(connections=2)
    await database.query("create table t (a int)")
    holder = database.query("do $$ begin lock table t; perform pg_sleep(4); end $$")
    await seconds(0.1)
    began = reactor.seconds()

    with pytest.raises(Timeout, match="55P03"):
        await database.query("select from t")

    assert reactor.seconds() - began > 1.8
    assert not holder.called


async def test_h44_a_free_connection_is_waited_for_two_seconds(start: Start) -> None:
    database = await start(connections=1)
    holder = database.query("select pg_sleep(4)")
    began = reactor.seconds()

    with pytest.raises(Timeout, match="No connection"):
        await database.query("select 1")

    assert reactor.seconds() - began > 1.9
    assert not holder.called
    await holder
    assert await database.query("select 1") == [(1,)]


async def test_h45_beyond_the_limit_of_waiters_requests_are_refused_at_once(start: Start) -> None:
    database = await start(connections=1, waiters=20)
    holder = database.query("select pg_sleep(1)")
    waiters = [database.query("select %s", (n,)) for n in range(20)]
    with pytest.raises(Overloaded):
        await database.query("select 21")

    assert not holder.called
    await holder
    assert await gatherResults(waiters) == [[(n,)] for n in range(20)]


async def test_a_long_queue_of_refused_parameters_is_served(start: Start) -> None:
    database = await start(connections=1)
    holder = database.query("select pg_sleep(0.1)")
    waiters = [database.query("select %s", ("\0",)).addErrback(lambda f: f.type) for _ in range(200)]

    await holder

    assert await gatherResults(waiters) == [ValueError] * 200
    assert await database.query("select 1") == [(1,)]


async def test_h45_a_server_is_ready_while_all_connections_are_busy(start: Start) -> None:
    database = await start(connections=2)
    busy = gatherResults([database.query("select pg_sleep(2)") for _ in range(2)])

    unready = await database.unready()

    assert (unready, busy.called) == ("", False)
    await busy


async def test_h45_ten_connections_in_all(start: Start, admin: Admin) -> None:
    await start()
    counted = "select count(*) from pg_stat_activity where application_name = 'iam' and datname like 'store_%'"

    await until(lambda: admin(counted) == [(10,)])
    await seconds(0.6)  # in which one too many would be opened

    assert admin(counted) == [(10,)]


async def test_notifications_are_heard(start: Start) -> None:
    heard: list[str] = []
    told: Deferred[None] = Deferred()

    def hear(payload: str) -> None:
        heard.append(payload)
        if payload == "last":
            told.callback(None)

    database = await start(lambda database: database.listen("news", hear, lambda: None))
    await database.query("select pg_notify('news', n::text) from generate_series(1, 3) n")
    await database.query("notify news, 'last'")

    await told.addTimeout(PATIENCE, reactor)

    assert heard == ["1", "2", "3", "last"]


async def test_a_listener_that_fails_harms_nobody_else(start: Start) -> None:
    told: Deferred[str] = Deferred()

    def fail(_payload: str) -> None:
        raise ValueError

    def declare(database: Database) -> None:
        database.listen("news", fail, lambda: None)
        database.listen("news", told.callback, lambda: None)

    database = await start(declare)
    await database.query("notify news, 'a'")

    assert await told.addTimeout(PATIENCE, reactor) == "a"
    assert database.listener.pool.statistics.losses == 0


def test_a_channel_has_a_plain_name() -> None:
    with pytest.raises(ValueError, match="small letters"):
        Database(reactor, "dbname=iam").listen('x"; drop table users', lambda _: None, lambda: None)


async def test_stopping_waits_for_what_is_under_way_and_refuses_the_rest(start: Start) -> None:
    database = await start(connections=2)
    running = database.query("select pg_sleep(0.2)")

    await database.stop()

    assert await running == [("",)]
    with pytest.raises(Unavailable):
        await database.query("select 1")


async def test_stopping_leaves_no_connection_behind(start: Start, admin: Admin) -> None:
    database = await start()
    await database.stop()

    await until(
        lambda: not admin("select from pg_stat_activity where application_name = 'iam' and datname like 'store_%'")
    )


async def test_prepared_statements_that_are_gone_are_made_again(start: Start) -> None:
    database = await start(declare_echo, connections=1)
    await database.query("discard all")

    assert await echo(database)(b"k", "v") == (b"k", "v")
    assert database.statistics.losses == 1


async def test_a_changed_column_is_read_in_its_new_type(start: Start) -> None:
    first = await start()
    await first.query("create table things (id int primary key, size int)")
    await first.query("insert into things values (1, 7)")

    def declare(database: Database) -> None:
        database.statement("find", Number, "select n, t.size from {input} join things t using (id)")

    database = await start(declare, connections=1)
    assert await database.statements["find"](Number(1)) == (7,)
    await first.query("alter table things alter size type text")

    assert await database.statements["find"](Number(1)) == ("7",)
