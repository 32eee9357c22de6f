"""A server whose role owns nothing does all that a server does, and cannot touch what the audit log says."""

from collections.abc import Awaitable, Callable, Iterator
from contextlib import closing
from datetime import timedelta
from typing import Any
from uuid import uuid4

import psycopg2
import pytest
from psycopg2 import errors
from psycopg2.extensions import make_dsn
from twisted.internet import reactor

from iam.clock import Clock
from iam.database.database import Database
from iam.database.migration import MigrationError, admit, migrate
from iam.operations.retention import Retention, tasks
from iam.records.actor import SERVER
from iam.records.invalid import Invalid
from iam.secrets import minted
from iam.secrets.master_key import ServerKey
from iam.server.parts import build_keys
from iam.settings import Settings
from iam.store.store import Store, open_store
from tests.waiting import wait_until

Admin = Callable[[str], list[tuple[Any, ...]]]
Start = Callable[..., Awaitable[Database]]

ATTEMPTS = (
    "alter table audit_events disable trigger audit_events_stay",
    "alter table audit_events disable trigger all",
    "drop trigger audit_events_stay on audit_events",
    "drop table audit_events",
    "truncate audit_events",
    "delete from audit_events",
    "update audit_events set detail = '{}'",
    "create or replace function refuse_change() returns trigger language sql as 'select'",
    "set session_replication_role = 'replica'",
    "select prune_audit('2999-01-01')",
    "delete from migrations",
)


@pytest.fixture
def role(admin: Admin, cluster: Any, migrated_dsn: str) -> Iterator[str]:
    """A role that owns nothing, which the owner has admitted."""
    name = f"server_{uuid4().hex}"
    admin(f"create role {name} login")
    admit(migrated_dsn, name)
    file = cluster.cluster.home / "pg_hba.conf"
    before = file.read_text()
    file.write_text(f"local all {name} trust\n{before}")
    admin("select pg_reload_conf()")
    yield name
    file.write_text(before)
    admin("select pg_reload_conf()")
    with closing(psycopg2.connect(migrated_dsn)) as connection, connection, connection.cursor() as cursor:
        cursor.execute(f"drop owned by {name}")
    admin(f"drop role {name}")


@pytest.fixture
def as_server(migrated_dsn: str, role: str) -> str:
    """How a server connects."""
    dsn = make_dsn(migrated_dsn, user=role)

    def admitted() -> bool:
        try:
            psycopg2.connect(dsn).close()
        except psycopg2.OperationalError:
            return False  # PostgreSQL has not read its file again
        return True

    wait_until(admitted)
    return dsn


@pytest.fixture
def run(as_server: str) -> Iterator[Callable[[str], list[tuple[Any, ...]]]]:
    """Runs statements as the server's role."""
    with closing(psycopg2.connect(as_server)) as connection, connection.cursor() as cursor:
        connection.autocommit = True

        def execute(sql: str) -> list[tuple[Any, ...]]:
            cursor.execute(sql)
            return cursor.fetchall() if cursor.description else []

        yield execute


async def test_a_server_of_that_role_does_all_that_it_has_to(start: Start, as_server: str, role: str) -> None:
    stores: list[Store] = []
    clock = Clock(reactor.seconds)
    await start(lambda database: stores.append(open_store(database, clock, Settings())), dsn=as_server)
    (store,) = stores
    assert await store.database.query("select session_user::text, current_user::text") == [(role, role)]
    assert migrate(as_server) == []
    keys = build_keys(reactor, clock, store, ServerKey(b"a server key for tests, long enough"))
    await keys.tend()
    await store.partitions.tend(clock.now())
    await store.scopes.create("photos", "Look at your photos", clock.now(), by=SERVER)
    retention = Retention(reactor, tasks(store, keys), clock)

    await retention.work()

    assert {name: record.failures for name, record in retention.records.items() if record.failures} == {}
    assert [event.kind for event in await store.audit.events(kind="scope.created")] == ["scope.created"]
    assert await store.scopes.delete("photos", clock.now(), SERVER)
    assert await store.users.create(
        user_id=minted.identifier(),
        username="ada",
        username_key="ada",
        email=None,
        email_key=None,
        email_verified=False,
        name="",
        password_hash=None,
        claims={},
        superuser=False,
        now=clock.now(),
        by=SERVER,
    )
    with pytest.raises(Invalid, match="does not own the audit log"):
        await store.audit.prune((clock.now() + timedelta(days=90)).date(), clock.now(), SERVER)


def test_it_cannot_touch_what_the_audit_log_says(run: Callable[[str], list[tuple[Any, ...]]]) -> None:
    run("select tend_partitions('audit_events', current_date, 0, 0)")
    run("insert into audit_events (day, at, kind, actor) select audit_day(now()), now(), 'a.b', 'server'")

    for attempt in ATTEMPTS:
        with pytest.raises((errors.InsufficientPrivilege, errors.IntegrityConstraintViolation)):
            run(attempt)

    assert run("select kind from audit_events") == [("a.b",)]


def test_a_false_date_drops_no_partition(run: Callable[[str], list[tuple[Any, ...]]], migrated_dsn: str) -> None:
    run("select tend_partitions('audit_events', current_date, 0, 0)")
    run("insert into audit_events (day, at, kind, actor) select audit_day(now()), now(), 'a.b', 'server'")

    run("select tend_partitions('audit_events', current_date + 3000, 0, 0)")

    assert run("select kind from audit_events") == [("a.b",)]


def test_a_table_of_its_own_does_not_mislead_the_owners_function(run: Callable[[str], list[tuple[Any, ...]]]) -> None:
    """What runs with the owner's rights looks at the schema's own tables, whatever the caller has made for the moment."""
    run(
        "create temp table partition_bounds as"
        " select 'replays'::text as parent, 'users'::text as name, date '2000-01-01' as first, date '2000-01-02' as beyond"
    )

    run("select tend_partitions('replays', current_date, 1, 1)")

    assert run("select count(*) from users") == [(0,)]


def test_a_role_that_is_not_there_is_said_in_one_sentence(migrated_dsn: str) -> None:
    with pytest.raises(MigrationError, match='role "nobody_at_all" does not exist'):
        admit(migrated_dsn, "nobody_at_all")
