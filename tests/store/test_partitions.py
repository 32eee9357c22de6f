"""Partitions are made ahead and dropped by the servers themselves; a look-up probes one."""

import itertools
from collections.abc import Awaitable, Callable
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from twisted.internet import reactor
from twisted.internet.defer import DeferredList

from iam.clock import Clock
from iam.database.database import Database
from iam.operations.retention import Retention, tasks
from iam.secrets import minted
from iam.secrets.master_key import ServerKey
from iam.secrets.minted import Kind
from iam.server.parts import build_keys
from iam.settings import Settings
from iam.store.partitions import longest
from iam.store.store import Store, open_store

Start = Callable[..., Awaitable[Database]]
NOON = datetime(2027, 3, 5, 12, tzinfo=UTC)
DAY = timedelta(days=1)


@pytest.fixture
def dsn(migrated_dsn: str) -> str:
    return migrated_dsn


@pytest.fixture
def begin(start: Start) -> Callable[..., Awaitable[Store]]:
    """Opens the store of a new, migrated database."""

    async def opened(now: datetime = NOON) -> Store:
        stores: list[Store] = []
        clock = Clock(now.timestamp)
        await start(lambda database: stores.append(open_store(database, clock, Settings())))
        return stores[0]

    return opened


async def bounds(store: Store, table: str) -> list[tuple[date, date]]:
    return await store.database.query(
        "select first, beyond from partition_bounds where parent = %s order by first", (table,)
    )


async def issue(store: Store, ends: datetime) -> str:
    token = minted.mint_until(Kind.ACCESS_TOKEN, ends)
    await store.database.query(
        "insert into access_tokens (day, digest, grant_id, scope, issued_at, expires_at) values (%s, %s, %s, 'read', %s, %s)",
        (ends.date(), minted.digest(token), minted.identifier(), ends - DAY, ends),
    )
    return token


@pytest.mark.parametrize("table", longest(Settings()))
async def test_partitions_cover_yesterday_and_every_day_on_which_a_row_may_end(begin: Any, table: str) -> None:
    store = await begin()
    await store.partitions.tend(NOON)

    found = await bounds(store, table)

    last_day = (NOON + timedelta(seconds=longest(Settings())[table])).date()
    first_day = NOON.date() - DAY if table != "audit_events" else date(2027, 3, 1) + 400 * DAY
    assert found[0][0] == first_day
    assert found[-1][1] > last_day + DAY
    assert [beyond for _, beyond in found[:-1]] == [first for first, _ in found[1:]]
    assert len(found) <= 8


async def test_the_audit_log_has_a_partition_for_each_month_of_writing(begin: Any) -> None:
    store = await begin()
    for days in (0, 40, 70):
        await store.partitions.tend(NOON + days * DAY)

    found = [(first - 400 * DAY, beyond - 400 * DAY) for first, beyond in await bounds(store, "audit_events")]

    firsts = [date(2027, month, 1) for month in range(3, 8)]
    assert found == list(itertools.pairwise(firsts))


async def test_tending_again_changes_nothing(begin: Any) -> None:
    store = await begin()
    await store.partitions.tend(NOON)
    before = await store.partitions.fills()

    await store.partitions.tend(NOON)

    assert [fill.partitions for fill in await store.partitions.fills()] == [fill.partitions for fill in before]


async def test_many_servers_may_tend_at_once(begin: Any) -> None:
    store = await begin()

    results = await DeferredList(
        [
            store.database.query("select from tend_partitions('access_tokens', %s, 1, 9)", (NOON.date(),))
            for _ in range(8)
        ]
    )

    assert all(success for success, _ in results)
    found = await bounds(store, "access_tokens")
    assert len(found) == len(set(found)) == 11


async def test_a_partition_goes_when_its_last_day_is_over_for_a_day(begin: Any) -> None:
    store = await begin()
    await store.partitions.tend(NOON)
    token = await issue(store, NOON)

    async def rows(now: datetime) -> int:
        await store.partitions.tend(now)
        ((count,),) = await store.database.query(
            "select count(*) from access_tokens where digest = %s", (minted.digest(token),)
        )
        return int(count)

    assert [await rows(NOON + days * DAY) for days in range(4)] == [1, 1, 0, 0]


async def test_partitions_are_made_where_time_stood_still(begin: Any) -> None:
    """Nobody was there for a month, and then a clock is put back: there is always a place for today's rows."""
    store = await begin()
    for now in (NOON, NOON + 40 * DAY, NOON - 3 * DAY):
        await store.partitions.tend(now)

        assert await issue(store, now + timedelta(hours=10))


async def test_a_row_without_a_partition_has_one_made_and_is_stored(begin: Any) -> None:
    store = await begin()

    token = await issue(store, NOON + timedelta(hours=10))

    assert (await store.database.query("select digest from access_tokens")) == [(minted.digest(token),)]


async def test_a_row_beyond_all_partitions_that_may_be_made_is_unavailable(begin: Any) -> None:
    store = await begin()

    with pytest.raises(Exception, match="no partition"):
        await issue(store, NOON + 400 * DAY)


async def test_a_look_up_probes_one_partition(begin: Any) -> None:
    store = await begin()
    await store.partitions.tend(NOON)
    plan = await store.database.query(
        "explain (analyze, costs off, timing off) execute access_tokens_find(%s::bytea[], %s::date[], %s::timestamptz[])",
        ([b"x"], [NOON.date()], [NOON]),
    )

    probes = [line for (line,) in plan if "on access_tokens_" in line]

    assert len(probes) > 1
    assert len([probe for probe in probes if "never executed" not in probe]) == 1


async def test_grants_that_ended_are_swept_but_no_clients_own(begin: Any) -> None:
    store = await begin()
    for days in (-3, -2, 1):
        await store.database.query(
            "insert into grants (id, client_id, grant_type, scope, created_at, expires_at)"
            " values (%s, 'c', 'authorization_code', 'read', %s, %s)",
            (minted.identifier(), NOON - 9 * DAY, NOON + days * DAY),
        )

    swept = [await store.partitions.sweep(NOON - DAY), await store.partitions.sweep(NOON - DAY)]

    assert swept == [2, 0]
    assert await store.database.query("select count(*) from grants") == [(1,)]


async def test_how_full_the_tables_are_is_known(begin: Any) -> None:
    store = await begin()
    await store.partitions.tend(NOON)
    for _ in range(100):
        await issue(store, NOON)
    await store.database.query("analyze access_tokens")

    fills = {fill.table: fill for fill in await store.partitions.fills()}

    assert set(fills) == set(longest(Settings()))
    assert fills["access_tokens"].rows == 100
    assert fills["access_tokens"].bytes > 8192


async def test_partitions_that_cannot_be_tended_stop_no_start(begin: Any) -> None:
    """A role that may make no tables leaves it to another one's server."""
    store = await begin()
    await store.database.query("drop function tend_partitions")

    await store.partitions.tend(NOON)

    assert await bounds(store, "access_tokens") == []


async def test_a_round_of_retention_that_goes_wrong_is_not_the_last_one(begin: Any) -> None:
    store = await begin()
    clock = Clock(NOON.timestamp)
    keys = build_keys(reactor, clock, store, ServerKey(b"a server key for tests, long enough"))
    retention = Retention(reactor, tasks(store, keys), clock)
    await store.database.query("alter function tend_partitions rename to elsewhere")
    await retention.work()
    await store.database.query("alter function elsewhere rename to tend_partitions")

    await retention.work()

    assert await bounds(store, "access_tokens") != []


async def test_what_tomorrow_needs_is_there_once_partitions_are_tended(begin: Callable[..., Awaitable[Store]]) -> None:
    store = await begin()
    await store.partitions.tend(NOON)

    spans = {ahead: await store.partitions.spans(NOON + ahead * DAY) for ahead in (0, 80)}

    assert {span.table for span in spans[0]} == set(longest(Settings()))
    assert [span.table for span in spans[0] if span.lacking] == []
    assert [span.table for span in spans[80] if not span.lacking] == []
