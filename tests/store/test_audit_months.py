"""A database of the version before gets months without losing an event, and servers of that version go on writing."""

from collections.abc import Callable
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import psycopg2
import pytest

from iam.database import migration
from iam.database.migration import migrate

EVENT = """
insert into audit_events (day, at, kind, actor, address, detail)
select audit_day(%(at)s), %(at)s, 'client.changed', 'server', '192.0.2.7', %(detail)s
"""
BOUNDS = "select first - 400, beyond - 400 from partition_bounds where parent = 'audit_events' order by first"

Run = Callable[..., list[tuple[Any, ...]]]


@pytest.fixture
def run(empty_dsn: str) -> Any:
    """Runs statements in the new database."""
    with closing(psycopg2.connect(empty_dsn)) as connection, connection.cursor() as cursor:
        connection.autocommit = True

        def execute(sql: str, **parameters: Any) -> list[tuple[Any, ...]]:
            cursor.execute(sql, parameters)
            return cursor.fetchall() if cursor.description else []

        yield execute


@pytest.fixture
def before(tmp_path: Path, empty_dsn: str, run: Run) -> Run:
    """The database as the version before left it, with wide partitions and an event for each of the last weeks."""
    for file in migration.migrations(migration.DIRECTORY):
        if file.name < "0009":
            (tmp_path / f"{file.name}.sql").write_text(file.sql)
    migrate(empty_dsn, tmp_path)
    run("select tend_partitions('audit_events', (now() at time zone 'UTC')::date - 100, 200, 401)")
    run("select tend_partitions('audit_events', (now() at time zone 'UTC')::date, 200, 401)")
    for weeks in range(13):
        run(EVENT, at=datetime.now(UTC) - timedelta(weeks=weeks), detail="{}")
    return run


def test_no_event_is_lost_and_the_next_months_are_months(before: Run, empty_dsn: str) -> None:
    events = before("select * from audit_events order by n")

    migrate(empty_dsn)
    for days in (0, 30, 60, 90):
        before(f"select tend_partitions('audit_events', (now() at time zone 'UTC')::date + {days}, 200, 401)")

    bounds = before(BOUNDS)
    assert before("select * from audit_events order by n") == events
    assert [end for _, end in bounds[:-1]] == [first for first, _ in bounds[1:]]
    months = [first for first, _ in bounds if first > datetime.now(UTC).date()]
    assert len(months) >= 3
    assert all(first.day == 1 for first in months)


def test_servers_of_the_version_before_go_on_writing(before: Run, empty_dsn: str) -> None:
    migrate(empty_dsn)

    for days in (0, 20, 50, 90):
        before(f"select tend_partitions('audit_events', (now() at time zone 'UTC')::date + {days}, 200, 401)")
        before(EVENT, at=datetime.now(UTC) + timedelta(days=days), detail="{}")

    assert before("select count(*) from audit_events") == [(17,)]


def test_the_long_part_of_the_migration_lets_others_write(before: Run, empty_dsn: str, tmp_path: Path) -> None:
    """Reading through the old partition happens under a lock that keeps no writer waiting."""
    names = [file for file in migration.migrations(migration.DIRECTORY) if file.name != "0013_audit_log_cut"]
    for file in names:
        (tmp_path / f"{file.name}.sql").write_text(file.sql)
    (tmp_path / "0013_audit_log_checked.sql").unlink()
    migrate(empty_dsn, tmp_path)
    checked = next(file for file in names if file.name == "0013_audit_log_checked")
    with closing(psycopg2.connect(empty_dsn)) as reading, reading.cursor() as cursor:
        cursor.execute(checked.sql)

        before("set lock_timeout = '1s'")
        before(EVENT, at=datetime.now(UTC), detail="{}")

        assert before("select count(*) from audit_events") == [(14,)]


def test_what_is_long_is_told_by_its_digest_and_length_whoever_writes(before: Run, empty_dsn: str) -> None:
    migrate(empty_dsn)
    long = '"' + "x" * 70_000 + '"'

    before(EVENT, at=datetime.now(UTC), detail='{"jwks": [null, ' + long + '], "name": ["Shop", "Store"]}')

    ((detail,),) = before("select detail from audit_events order by n desc limit 1")
    assert detail["name"] == ["Shop", "Store"]
    assert detail["jwks"][0] is None
    assert detail["jwks"][1]["length"] == 70_002
    assert len(detail["jwks"][1]["sha256"]) == 64
