"""A task of retention that fails holds up no other, says so, and goes on when it can again."""

from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from twisted.internet import reactor
from twisted.logger import LogLevel, globalLogPublisher

from iam.clock import Clock
from iam.database.database import Database
from iam.operations.retention import PERSISTENT, Retention, tasks
from iam.records.actor import SERVER
from iam.secrets import minted
from iam.secrets.master_key import ServerKey
from iam.server.parts import build_keys
from iam.settings import Settings
from iam.store.store import Store, open_store

Start = Callable[..., Awaitable[Database]]
NOON = datetime(2027, 3, 5, 12, tzinfo=UTC)
DAY = timedelta(days=1)

# What each task needs, and a real fault in it.
FAULTS = {
    "keys of ES256": "alter table signing_keys rename to elsewhere",
    "addresses in the audit log": "alter table progress rename to elsewhere",
    "grants that ended": "alter table grants rename to elsewhere",
    "buckets that are full again": "alter table buckets rename to elsewhere",
    "links that nobody used in time": "alter table links rename to elsewhere",
    "mail that was sent": "alter table outbox rename to elsewhere",
    "accounts to delete": "alter table users rename to elsewhere",
    "sizes of tables": "alter view partition_bounds rename to elsewhere",
    **{f"partitions of {table}": f"alter table {table} rename to elsewhere" for table in ("replays", "registrations")},
}

ALIKE = {"grants that ended": ["accounts to delete", "clients that nobody uses"]}  # tasks that need the same table


@pytest.fixture
def dsn(migrated_dsn: str) -> str:
    return migrated_dsn


@pytest.fixture
def begin(start: Start) -> Callable[..., Awaitable[tuple[Store, Retention]]]:
    """Opens the store of a new, migrated database, with its retention."""

    async def opened() -> tuple[Store, Retention]:
        stores: list[Store] = []
        clock = Clock(NOON.timestamp)
        await start(lambda database: stores.append(open_store(database, clock, Settings())))
        keys = build_keys(reactor, clock, stores[0], ServerKey(b"a server key for tests, long enough"))
        return stores[0], Retention(reactor, tasks(stores[0], keys), clock)

    return opened


async def old_rows(store: Store) -> None:
    """Something to do for each task: a grant that ended, an address of long ago, a bucket that is full again."""
    query = store.database.query
    await store.partitions.tend(NOON)
    await query(
        "insert into grants (id, client_id, grant_type, scope, created_at, expires_at)"
        " values (%s, 'c', 'authorization_code', 'read', %s, %s)",
        (minted.identifier(), NOON - 9 * DAY, NOON - 3 * DAY),
    )
    await query(
        "insert into audit_events (day, at, kind, actor, address)"
        " select audit_day(%s), %s, 'a.b', 'server', '192.0.2.77'",
        (NOON, NOON - 40 * DAY),
    )
    await query(
        "insert into outbox (id, template, recipient, detail, created_at, sent_at) values (%s, 'x', 'a@example.org', '{}', %s, %s)",
        (minted.identifier(), NOON - 9 * DAY, NOON - 8 * DAY),
    )
    await query(
        "insert into links (digest, kind, created_at, expires_at) values (%s, 'reset', %s, %s)",
        (bytes(32), NOON - 9 * DAY, NOON - 8 * DAY),
    )
    await query(
        "insert into users (id, username, username_key, created_at, updated_at, delete_at) values (%s, 'a', 'a', %s, %s, %s)",
        (minted.identifier(), NOON - 9 * DAY, NOON - 9 * DAY, NOON - 2 * DAY),
    )
    await query("insert into buckets (name, full_at) values ('x', %s)", (NOON - DAY,))


async def left(store: Store) -> dict[str, int]:
    """What there is still to do, by the name of the task; what cannot be asked for is not there."""
    asked = {
        "grants that ended": "select count(*) from grants where expires_at < %s",
        "addresses in the audit log": "select count(*) from audit_events where at < %s and address = '192.0.2.77'",
        "links that nobody used in time": "select count(*) from links where expires_at < %s",
        "mail that was sent": "select count(*) from outbox where sent_at < %s",
        "accounts to delete": "select count(*) from users where delete_at < %s",
        "buckets that are full again": "select count(*) from buckets where full_at < %s",
    }
    found = {}
    for name, sql in asked.items():
        try:
            ((found[name],),) = await store.database.query(sql, (NOON,))
        except Exception:  # noqa: BLE001 - the table that was renamed
            continue
    return found


@pytest.mark.parametrize("failing", FAULTS)
async def test_each_task_fails_alone(begin: Any, failing: str) -> None:
    store, retention = await begin()
    await old_rows(store)
    await store.database.query(FAULTS[failing])

    await retention.work()

    others = {
        name: count for name, count in (await left(store)).items() if name not in (failing, *ALIKE.get(failing, ()))
    }
    assert others
    assert set(others.values()) == {0}
    assert retention.records[failing].in_a_row == 1
    if failing in ("keys of ES256", "sizes of tables") or failing.startswith("partitions of"):
        return  # they need the same table as others of their kind
    assert [name for name, record in retention.records.items() if record.failures] == [failing, *ALIKE.get(failing, ())]


async def test_a_table_that_is_locked_holds_up_its_own_task_alone(begin: Any, dsn: str) -> None:
    import psycopg2

    store, retention = await begin()
    await old_rows(store)
    holder = psycopg2.connect(dsn)
    with holder.cursor() as cursor:
        cursor.execute("lock table grants in access exclusive mode")

        await retention.work()

    holder.close()
    assert retention.records["grants that ended"].failures == 1
    assert await left(store) == {
        "grants that ended": 1,
        "accounts to delete": 1,
        "addresses in the audit log": 0,
        "links that nobody used in time": 0,
        "mail that was sent": 0,
        "buckets that are full again": 0,
    }


async def test_a_task_that_fails_on_and_on_is_an_error_and_recovers(begin: Any) -> None:
    store, retention = await begin()
    lines: list[Any] = []
    globalLogPublisher.addObserver(lines.append)
    try:
        await store.database.query("alter table buckets rename to elsewhere")
        for _ in range(PERSISTENT):
            await retention.work()
        await store.database.query("alter table elsewhere rename to buckets")
        await retention.work()
    finally:
        globalLogPublisher.removeObserver(lines.append)

    said = [line["log_level"] for line in lines if str(line.get("log_format", "")).startswith("retention.failed")]
    record = retention.records["buckets that are full again"]
    assert said == [LogLevel.warn] * (PERSISTENT - 1) + [LogLevel.error]
    assert (record.failures, record.in_a_row) == (PERSISTENT, 0)


async def test_a_burst_is_tidied_up_a_little_at_a_time(begin: Any) -> None:
    """Many thousands of addresses are no single statement, which would run into its deadline in every round."""
    store, retention = await begin()
    await store.partitions.tend(NOON)
    await store.database.query(
        "insert into audit_events (day, at, kind, actor, address)"
        " select audit_day(%s), %s::timestamptz + n * interval '1 ms', 'a.b', 'server', '192.0.2.77'"
        " from generate_series(1, 5000) n",
        (NOON, NOON - 40 * DAY),
    )
    first = await store.audit.shorten(NOON - 30 * DAY)

    await retention.work()

    ((whole,),) = await store.database.query("select count(*) from audit_events where address = '192.0.2.77'")
    assert (first, whole) == (1000, 0)


async def test_months_that_are_over_can_be_pruned_and_that_is_an_event(begin: Any) -> None:
    store, _ = await begin()
    for months in range(4):
        now = NOON + 31 * months * DAY
        await store.partitions.tend(now)
        await store.database.query(
            "insert into audit_events (day, at, kind, actor) select audit_day(%s), %s, 'a.b', 'server'", (now, now)
        )

    gone = await store.audit.prune((NOON + 62 * DAY).date(), NOON + 93 * DAY, SERVER)

    assert [(month.since.month, month.until.month, month.events) for month in gone] == [(3, 4, 1), (4, 5, 1)]
    events = await store.audit.events()
    assert [event.kind for event in events] == ["a.b", "a.b", "audit.pruned"]
    assert events[-1].detail["events"] == 2
