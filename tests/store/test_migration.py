"""The schema is brought up to date once, whole or not at all, by whoever comes first."""

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import psycopg2
import pytest
from psycopg2.extensions import make_dsn

from iam.database import migration
from iam.database.migration import MigrationError, applied, migrate, pending
from tests.waiting import wait_until

Admin = Callable[[str], list[tuple[Any, ...]]]


@pytest.fixture
def files(tmp_path: Path) -> Path:
    """Two migrations and what is none."""
    (tmp_path / "0001_things.sql").write_text("create table things (name text); insert into things values ('100%');")
    (tmp_path / "0002_more.sql").write_text("insert into things select 'more' from pg_sleep(0.2);")
    (tmp_path / "notes.txt").write_text("drop table things")
    (tmp_path / "3_short.sql").write_text("drop table things")
    return tmp_path


def things(dsn: str) -> list[str]:
    with closing(psycopg2.connect(dsn)) as connection, connection.cursor() as cursor:
        cursor.execute("select name from things order by name")
        return [name for (name,) in cursor.fetchall()]


@contextmanager
def holding(dsn: str, sql: str) -> Iterator[None]:
    """Some other transaction, open for a while."""
    with closing(psycopg2.connect(dsn)) as connection, connection.cursor() as cursor:
        cursor.execute(sql)
        yield


def test_a_new_database_gets_the_whole_schema_and_an_old_one_nothing(empty_dsn: str) -> None:
    expected = [file.name for file in migration.migrations(migration.DIRECTORY)]
    assert expected[0] == "0001_foundation"
    assert (applied(empty_dsn), pending(empty_dsn)) == ([], expected)

    assert migrate(empty_dsn) == expected

    assert (applied(empty_dsn), pending(empty_dsn)) == (expected, [])
    assert migrate(empty_dsn) == []


def test_files_are_applied_in_the_order_of_their_numbers(empty_dsn: str, files: Path) -> None:
    assert migrate(empty_dsn, files) == ["0001_things", "0002_more"]

    assert things(empty_dsn) == ["100%", "more"]


def test_two_servers_that_start_at_once_migrate_once(empty_dsn: str, files: Path) -> None:
    barrier = threading.Barrier(4)

    def start() -> list[str]:
        barrier.wait()
        return migrate(empty_dsn, files)

    with ThreadPoolExecutor(4) as threads:
        names = [name for run in [threads.submit(start) for _ in range(4)] for name in run.result()]

    assert sorted(names) == ["0001_things", "0002_more"]
    assert things(empty_dsn) == ["100%", "more"]


def test_a_failing_migration_leaves_nothing_and_names_itself(empty_dsn: str, files: Path) -> None:
    (files / "0003_bad.sql").write_text("insert into things values ('half');\ncreate table broken (a nonsense);")

    with pytest.raises(MigrationError, match='0003_bad failed: type "nonsense" does not exist'):
        migrate(empty_dsn, files)

    assert applied(empty_dsn) == ["0001_things", "0002_more"]
    assert "half" not in things(empty_dsn)


def test_a_server_that_is_killed_on_the_way_has_done_nothing_and_the_next_goes_on(
    empty_dsn: str, files: Path, admin: Admin
) -> None:
    (files / "0003_slow.sql").write_text("insert into things values ('slow'); select pg_sleep(30);")
    code = "import sys, pathlib; from iam.database.migration import migrate; migrate(sys.argv[1], pathlib.Path(sys.argv[2]))"
    process = subprocess.Popen([sys.executable, "-c", code, empty_dsn, str(files)])
    asleep = "select pid from pg_stat_activity where application_name = 'iam' and query like '%pg_sleep(30)%' and state = 'active'"
    wait_until(lambda: bool(admin(asleep)))

    process.send_signal(signal.SIGKILL)
    process.wait()
    assert applied(empty_dsn) == ["0001_things", "0002_more"]
    (files / "0003_slow.sql").write_text("insert into things values ('slow');")
    admin(
        "select pg_terminate_backend(pid) from pg_stat_activity where query like '%pg_sleep(30)%' and pid <> pg_backend_pid()"
    )

    assert migrate(empty_dsn, files) == ["0003_slow"]
    assert things(empty_dsn) == ["100%", "more", "slow"]


def test_h49_a_database_of_a_newer_version_is_refused(empty_dsn: str, files: Path) -> None:
    migrate(empty_dsn, files)
    (files / "0002_more.sql").unlink()

    with pytest.raises(MigrationError, match="newer version of iam: it has 0002_more"):
        migrate(empty_dsn, files)
    with pytest.raises(MigrationError, match="newer version"):
        pending(empty_dsn)


def test_a_busy_table_is_waited_for_a_moment_at_a_time(empty_dsn: str, files: Path) -> None:
    migrate(empty_dsn, files)
    (files / "0003_alter.sql").write_text("alter table things add column note text;")
    with ThreadPoolExecutor(1) as threads:
        with holding(empty_dsn, "select from things"):
            migrating = threads.submit(migrate, empty_dsn, files)
            time.sleep(0.3)
            assert things(empty_dsn) == ["100%", "more"]  # if migrating kept its place in the queue, for ever
        assert migrating.result() == ["0003_alter"]


def test_a_schema_is_a_tenant_with_migrations_of_its_own(empty_dsn: str, files: Path) -> None:
    migrate(empty_dsn, files)
    with closing(psycopg2.connect(empty_dsn)) as connection, connection, connection.cursor() as cursor:
        cursor.execute("create schema tenant")
    tenant = make_dsn(empty_dsn, options="-c search_path=tenant,public")

    assert pending(tenant) == [file.name for file in migration.migrations(migration.DIRECTORY)]
    assert migrate(tenant, files) == ["0001_things", "0002_more"]


def test_h38_a_role_that_may_create_nothing_can_look_what_is_pending(empty_dsn: str, admin: Admin) -> None:
    role = f"reader_{os.getpid()}"
    admin(f"create role {role}")
    try:
        limited = make_dsn(empty_dsn, options=f"-c role={role}")

        assert pending(limited) == [file.name for file in migration.migrations(migration.DIRECTORY)]
        with pytest.raises(MigrationError, match="permission denied for schema public"):
            migrate(limited)
    finally:
        admin(f"drop role {role}")


@pytest.mark.parametrize(
    ("dsn", "message"),
    [
        ("postgresql//alice:secret@db", "must be given as a PostgreSQL URI"),
        ("host=/nowhere password=secret", "No such file or directory"),
        ("host=127.0.0.1 port=1 password=secret", "Connection refused"),
    ],
)
def test_a_database_that_cannot_be_used_is_said_in_one_sentence(dsn: str, message: str) -> None:
    with pytest.raises(MigrationError, match=message) as failure:
        migrate(dsn)

    assert "\n" not in str(failure.value)
    assert "secret" not in str(failure.value)


def test_a_database_in_another_encoding_is_refused(cluster: Any, admin: Admin) -> None:
    name = f"latin_{os.getpid()}"
    admin(f"create database {name} encoding 'LATIN1' locale 'C' template template0")
    try:
        with pytest.raises(MigrationError, match="not in UTF-8"):
            migrate(make_dsn(cluster.admin_dsn, dbname=name))
    finally:
        admin(f"drop database {name}")
