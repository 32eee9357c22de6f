"""Token buckets: what one server has taken, every server knows, and a restart forgets nothing."""

from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from twisted.internet.defer import Deferred, gatherResults

from iam.database.database import Database
from iam.store.buckets import Bucket, Buckets

Start = Callable[..., Awaitable[Database]]
NOON = datetime(2027, 3, 5, 12, tzinfo=UTC)
ALICE = Bucket("account", "alice@example.org", burst=10, pause=60)
NETWORK = Bucket("network", "192.0.2.7", burst=50, pause=18)


def after(seconds: float) -> datetime:
    return NOON + timedelta(seconds=seconds)


@pytest.fixture
def dsn(migrated_dsn: str) -> str:
    return migrated_dsn


@pytest.fixture
def begin(start: Start) -> Callable[..., Awaitable[Buckets]]:
    """Begins one more server on the same database."""

    async def begun(**options: Any) -> Buckets:
        return Buckets(await start(), **options)

    return begun


async def times(buckets: Buckets, *wanted: Bucket, now: datetime = NOON, most: int = 100) -> int:
    """How often one token could be taken of each."""
    for number in range(most):
        if await buckets.take(wanted, now):
            return number
    return most


async def test_a_bucket_gives_as_many_tokens_as_it_holds(begin: Any) -> None:
    buckets = await begin()

    assert await times(buckets, ALICE) == 10


async def test_one_token_comes_back_after_each_pause(begin: Any) -> None:
    buckets = await begin()
    await times(buckets, ALICE)

    assert await times(buckets, ALICE, now=after(59)) == 0
    assert await times(buckets, ALICE, now=after(60)) == 1
    assert await times(buckets, ALICE, now=after(180)) == 2
    assert await times(buckets, ALICE, now=after(7200)) == 10


async def test_who_is_refused_hears_how_long_to_wait(begin: Any) -> None:
    buckets = await begin()
    await times(buckets, ALICE)

    (empty,) = await buckets.take([NETWORK, ALICE], after(20))

    assert empty.bucket == ALICE
    assert empty.wait == pytest.approx(40)


async def test_what_one_bucket_refuses_is_taken_from_none(begin: Any) -> None:
    buckets = await begin()
    await times(buckets, ALICE)

    assert await times(buckets, NETWORK, ALICE) == 0

    assert await times(buckets, NETWORK) == 50


async def test_each_empty_bucket_is_named(begin: Any) -> None:
    buckets, other = await begin(), await begin()
    await times(buckets, ALICE)
    await times(buckets, NETWORK)

    assert [empty.bucket for empty in await other.take([NETWORK, ALICE], NOON)] == [NETWORK, ALICE]


async def test_several_tokens_are_taken_together_or_not_at_all(begin: Any) -> None:
    buckets = await begin()

    assert await buckets.take([ALICE], NOON, tokens=7) == ()
    assert await buckets.take([ALICE], NOON, tokens=4) != ()
    assert await buckets.take([ALICE], NOON, tokens=3) == ()


async def test_who_wants_more_than_there_ever_are_takes_all(begin: Any) -> None:
    buckets = await begin()

    assert await buckets.take([ALICE], NOON, tokens=1000) == ()
    assert await times(buckets, ALICE) == 0


async def test_two_servers_take_from_the_same_bucket_also_at_the_same_time(begin: Any) -> None:
    servers = [await begin(), await begin()]

    taken = await gatherResults(
        [Deferred.fromCoroutine(servers[n % 2].take([NETWORK, ALICE], NOON)) for n in range(100)]
    )

    assert taken.count(()) == 10


async def test_a_restart_fills_no_bucket(begin: Any) -> None:
    await times(await begin(), ALICE)

    assert await times(await begin(), ALICE) == 0


async def test_a_bucket_known_to_be_empty_refuses_without_a_statement(begin: Any, start: Start) -> None:
    database = await start()
    await begin()
    buckets = Buckets(database)
    await times(buckets, ALICE)
    before = database.statistics.statements

    assert await buckets.take([NETWORK, ALICE], after(59)) != ()
    assert database.statistics.statements == before

    assert await buckets.take([NETWORK, ALICE], after(60)) == ()


async def test_tokens_are_given_back(begin: Any) -> None:
    buckets = await begin()
    await times(buckets, ALICE)
    await times(buckets, NETWORK)

    await buckets.give([(ALICE, ALICE.burst), (NETWORK, 2)])

    assert await times(buckets, ALICE) == 10
    assert await times(buckets, NETWORK) == 2


async def test_what_is_given_beyond_what_it_holds_is_lost(begin: Any) -> None:
    buckets = await begin()
    await buckets.take([ALICE], NOON)

    await buckets.give([(ALICE, 10)])

    assert await times(buckets, ALICE) == 10


async def test_a_changed_limit_holds_at_once(begin: Any) -> None:
    buckets = await begin()
    await times(buckets, ALICE)

    assert await times(buckets, Bucket(ALICE.kind, ALICE.name, burst=15, pause=60)) == 5


async def test_the_table_has_no_name_in_clear(begin: Any, start: Start) -> None:
    buckets = await begin()
    await buckets.take([ALICE, Bucket("login", "\ud800\0", 1, 1)], NOON)

    rows = await (await start()).query("select name::text from buckets")

    assert len(rows) == 2
    assert not [name for (name,) in rows if "alice" in name or ALICE.name.encode().hex() in name]


async def test_full_buckets_are_swept_and_others_stay(begin: Any, start: Start) -> None:
    buckets = await begin()
    await buckets.take([ALICE, NETWORK], NOON)
    await times(buckets, ALICE)

    assert await buckets.sweep(after(400)) == 1
    assert await times(buckets, ALICE, now=after(420)) == 7
    assert await buckets.sweep(after(7200)) == 1
    assert await (await start()).query("select from buckets") == []


async def test_what_was_counted_while_a_clock_was_years_ahead_holds_nobody_up(begin: Any) -> None:
    wrong, right = await begin(), await begin()
    await times(wrong, NETWORK, ALICE, now=after(3 * 365 * 86400))

    empty = await right.take([NETWORK, ALICE], NOON)

    assert {one.bucket: one.wait for one in empty} == {NETWORK: pytest.approx(18), ALICE: pytest.approx(60)}
    assert await times(right, ALICE, now=after(60)) == 1
    assert await times(right, NETWORK, now=after(900)) == 50
    assert await times(wrong, ALICE, now=after(120)) == 1


async def test_nothing_is_counted_where_limits_are_off(begin: Any) -> None:
    buckets = await begin(off=True)

    assert await times(buckets, ALICE) == 100
