"""A server that is started before its database waits for it; for what waiting does not cure, nobody waits."""

import os
import signal
import socket
import subprocess
import time
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import psycopg2
import pytest

from iam.database import migration
from iam.database.connection import CONNECT
from iam.database.errors import READ_FROM
from tests.faults.launching import ENVIRONMENT, Launch
from tests.faults.pair import Pair
from tests.processes import BIN, PATIENCE, answers
from tests.waiting import wait_until

WAITING = "Waiting for the database, 60 seconds at most"
PARTITIONS = "select inhrelid::regclass::text from pg_inherits where inhparent = 'sessions'::regclass"
THERE = "The database is there; the start goes on."


def test_two_servers_that_are_started_before_their_database_serve_when_it_is_there(
    launch: Launch, breed: Callable[[], Any]
) -> None:
    database = breed()
    database.create()
    dsn = database.dsn(host="127.0.0.1")
    one, other = launch(dsn), launch(dsn)
    for server in (one, other):
        assert "Connection refused" in server.says(WAITING)

    database.start()

    for server in (one, other):
        server.says("iam answers at ")
        assert answers(server.url, "/readyz")
        assert len(server.saying("Waiting")) == 1
        assert len(server.saying(THERE)) == 1
    database.end()


def test_a_service_manager_is_told_that_it_waits_is_ready_and_stops(
    launch: Launch, breed: Callable[[], Any], tmp_path: Path
) -> None:
    database = breed()
    database.create()
    with closing(socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)) as manager:
        manager.bind(str(tmp_path / "notify"))
        manager.settimeout(PATIENCE)
        server = launch(database.dsn(host="127.0.0.1"), NOTIFY_SOCKET=str(tmp_path / "notify"))
        waits = manager.recv(4096).decode().splitlines()
        database.start()
        there = manager.recv(4096).decode().splitlines()
        ready = manager.recv(4096).decode().splitlines()
        status = server.end(signal.SIGTERM)
        stops = manager.recv(4096).decode().splitlines()

    assert waits[0].startswith("STATUS=" + WAITING)
    assert waits[1] == "EXTEND_TIMEOUT_USEC=120000000"
    assert there[0] == "STATUS=" + THERE
    assert ready[0] == "READY=1"
    assert (status, stops) == (0, ["STOPPING=1"])
    database.end()


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_the_waiting(launch: Launch, number: int) -> None:
    server = launch("host=127.0.0.1 port=1")
    server.says(WAITING)

    assert server.end(number) == 0


def test_a_signal_ends_the_waiting_for_one_that_is_silent(launch: Launch, pair: Pair) -> None:
    pair.primary.freeze()
    server = launch(pair.dsn(pair.primary))
    assert "no answer in time" in server.says(WAITING)

    began = time.monotonic()
    status = server.end(signal.SIGTERM)

    assert status == 0
    assert time.monotonic() - began < CONNECT


def test_a_silent_one_is_served_when_it_answers(launch: Launch, pair: Pair) -> None:
    pair.primary.freeze()
    server = launch(pair.dsn(pair.primary))
    server.says(WAITING)

    pair.primary.thaw()

    server.says("iam answers at ")


def test_a_migration_that_gets_no_answer_keeps_nobody_from_ending(launch: Launch, pair: Pair) -> None:
    pair.synchronous()
    pair.stall()
    server = launch(pair.dsn(pair.primary))
    wait_until(lambda: bool(pair.primary.ask("select 1 from pg_stat_activity where wait_event = 'SyncRep'")))

    status = server.end(signal.SIGTERM)

    assert status == 0


def test_a_name_that_has_no_address_may_have_one_soon(launch: Launch) -> None:
    server = launch("host=nowhere.invalid password=hunter2")

    assert "nowhere.invalid: its name is not known" in server.says(WAITING)
    assert "hunter2" not in "".join(server.lines)
    assert server.end(signal.SIGTERM) == 0


def test_a_standby_is_served_when_it_is_promoted(launch: Launch, pair: Pair) -> None:
    server = launch(pair.dsn(pair.replica))
    assert READ_FROM in server.says(WAITING)

    pair.promote()

    server.says("iam answers at ")


def test_a_failover_under_way_is_waited_for(launch: Launch, pair: Pair) -> None:
    pair.primary.kill()
    server = launch(pair.dsn())
    assert READ_FROM in server.says(WAITING)

    pair.promote()

    server.says("iam answers at ")


def test_a_standby_alone_is_said_when_the_time_is_over(launch: Launch, pair: Pair) -> None:
    server = launch(pair.dsn(pair.replica), "--wait-for-database", "1")

    assert server.ended() == 1
    assert server.says("iam: ").startswith(f"iam: {READ_FROM}")
    assert len(server.saying("Waiting for the database, 1 second at most")) == 1


def test_a_database_that_still_recovers_is_waited_for(launch: Launch, pair: Pair) -> None:
    pair.replica.stop()
    pair.replica.tuning = pair.replica.tuning | {"hot_standby": "off"}
    pair.replica.begin()
    server = launch(pair.dsn(pair.replica))
    assert "(57P03)" in server.says(WAITING)

    pair.replica.run("pg_ctl", "promote", "-D", pair.replica.data)

    server.says("iam answers at ")


def test_a_database_with_too_many_connections_is_waited_for(launch: Launch, mortal: Any) -> None:
    mortal.ask("create role crowded login superuser connection limit 0")
    mortal.ask("alter role crowded nosuperuser")
    mortal.ask("create database crowded owner crowded encoding 'UTF8' template template0")
    try:
        server = launch(mortal.dsn(user="crowded", dbname="crowded"))
        assert "(53300)" in server.says(WAITING)

        mortal.ask("alter role crowded connection limit -1")

        server.says("iam answers at ")
        assert server.end(signal.SIGTERM) == 0
    finally:
        mortal.ask("drop database crowded with (force)")
        mortal.ask("drop role crowded")


@pytest.mark.parametrize(
    ("wrong", "reason"),
    [
        ({"dbname": "nowhere"}, 'database "nowhere" does not exist (3D000)'),
        ({"user": "nobody_here"}, 'role "nobody_here" does not exist (28000)'),
        (
            {"host": "127.0.0.1", "user": "locked", "password": "hunter2"},
            'authentication failed for user "locked" (28P01)',
        ),
        ({"host": "127.0.0.1", "user": "locked"}, "fe_sendauth: no password supplied"),
        ({"host": "127.0.0.1", "sslmode": "require"}, "server does not support SSL, but SSL was required"),
        ({"options": "-c nothing_known=1"}, 'unrecognized configuration parameter "nothing_known" (42704)'),
    ],
)
def test_nobody_waits_for_what_waiting_does_not_cure(
    launch: Launch, mortal: Any, wrong: dict[str, str], reason: str
) -> None:
    rules = Path(mortal.data) / "pg_hba.conf"
    trusting = rules.read_text()
    rules.write_text("host all locked 127.0.0.1/32 scram-sha-256\n" + trusting)
    mortal.ask("create role locked login password 'another'")
    mortal.ask("select pg_reload_conf()")
    try:
        server = launch(mortal.dsn(**wrong), "--wait-for-database", "3600")

        assert server.ended() == 1
        assert reason in server.says("iam: PostgreSQL cannot be used")
        assert len(server.lines) == 1
        assert "hunter2" not in server.lines[0]
    finally:
        rules.write_text(trusting)
        mortal.ask("drop role locked")
        mortal.ask("select pg_reload_conf()")


def test_nobody_waits_for_one_of_two_hosts_where_the_other_refuses_us_for_good(launch: Launch, mortal: Any) -> None:
    dsn = mortal.dsn(host=f"127.0.0.1,{mortal.directory}", port=f"1,{mortal.port}", dbname="nowhere")
    server = launch(dsn, "--wait-for-database", "3600")

    assert server.ended() == 1
    assert 'database "nowhere" does not exist (3D000)' in server.says("iam: PostgreSQL cannot be used")


def test_a_newer_schema_ends_the_start_at_once(launch: Launch, breed: Callable[[], Any]) -> None:
    database = breed()
    database.create()
    database.start()
    database.ask("create table migrations (name text primary key, applied_at timestamptz not null default now())")
    database.ask("insert into migrations (name) values ('9999_later')")

    server = launch(database.dsn(), "--wait-for-database", "3600")

    assert server.ended() == 1
    assert server.says("iam: The database belongs to a newer version of iam: it has 9999_later")
    database.end()


def test_a_database_that_goes_away_while_it_is_migrated_is_waited_for(launch: Launch, breed: Callable[[], Any]) -> None:
    database = breed()
    database.create()
    database.start()
    with closing(psycopg2.connect(database.dsn())) as holder:
        holder.cursor().execute("select pg_advisory_lock(1768779117, hashtext('public'))")
        server = launch(database.dsn())
        wait_until(lambda: bool(database.backends("wait_event = 'advisory'")))

        database.end()
        assert "failed" in server.says(WAITING)
    database.start()

    server.says(THERE)
    server.says("iam answers at ")
    database.end()


def test_a_database_that_goes_away_while_its_partitions_are_tended_is_waited_for(
    launch: Launch, breed: Callable[[], Any]
) -> None:
    database = breed()
    database.create()
    database.start()
    migration.migrate(database.dsn())
    for (partition,) in database.ask(PARTITIONS):
        database.ask(f"drop table {partition}")
    with closing(psycopg2.connect(database.dsn())) as holder:
        holder.cursor().execute("lock table sessions in share update exclusive mode")
        server = launch(database.dsn())
        wait_until(lambda: bool(database.backends("query like '%tend_partitions%' and wait_event_type = 'Lock'")))

        database.end()
        server.says(WAITING)
    database.start()

    server.says(THERE)
    server.says("iam answers at ")
    assert database.ask(PARTITIONS)
    database.end()


def test_nobody_waits_at_a_terminal(tmp_path: Path) -> None:
    ours, theirs = os.openpty()
    command = [BIN / "twist", "iam", "--data-dir", tmp_path, "--database", "host=127.0.0.1 port=1"]

    status = subprocess.run(
        command, stdout=theirs, stderr=theirs, env=ENVIRONMENT, timeout=PATIENCE, check=False
    ).returncode
    os.close(theirs)
    told = os.read(ours, 65536).decode()
    os.close(ours)

    assert status == 1
    assert "Waiting" not in told
    assert "Connection refused" in told
