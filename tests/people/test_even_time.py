"""While hashes of other programs are left, a wrong login takes the same time whoever it names (H15)."""

from datetime import timedelta
from typing import Any

import pytest
from twisted.internet.defer import Deferred
from twisted.internet.task import Clock as Timer

from iam.clock import Clock
from iam.people.even_time import ENOUGH, FRESH, EvenTime
from iam.people.logins import Logins
from iam.people.people import People
from iam.records.actor import SERVER
from iam.store.store import Store
from tests.people.conftest import Turned
from tests.waiting import until

PASSWORD = "blue-tractor-42"
THEIRS = "pbkdf2_sha256$1000$kRvY2mT9pQ4s$w7jZc0mUeKpQ9Xq1t0n3b6v8y2A5d7f9h1j3k5l7m9o="


@pytest.fixture
def timer() -> Timer:
    return Timer()


@pytest.fixture
def even(store: Store, turned: Turned, timer: Timer) -> EvenTime:
    return EvenTime(store.users, Clock(turned.seconds), timer)


async def waits(even: EvenTime, timer: Timer) -> bool:
    """Whether the answer to a wrong login that came just now waits, for exactly as long as it should."""
    kept = Deferred.fromCoroutine(even.keep(timer.seconds()))
    await until(lambda: kept.called or bool(timer.getDelayedCalls()))
    if kept.called:
        return False
    timer.advance(ENOUGH - 0.01)
    assert not kept.called
    timer.advance(0.01)
    await kept
    return True


async def test_with_our_hashes_alone_nobody_waits(even: EvenTime, timer: Timer, people: People) -> None:
    await people.create(username="alice", password=PASSWORD, by=SERVER)
    await people.create(username="bob", password=None, by=SERVER)

    assert not await waits(even, timer)


async def test_h15_with_another_programs_hash_everybody_waits_until_it_is_gone(
    even: EvenTime, timer: Timer, turned: Turned, people: People, rows: Any
) -> None:
    await people.create(username="alice", password=None, password_hash=THEIRS, by=SERVER)

    assert await waits(even, timer)
    rows("update users set password_hash = null")
    assert await waits(even, timer)
    turned.offset += FRESH / timedelta(seconds=1)
    assert not await waits(even, timer)


async def test_a_disabled_person_keeps_nobody_waiting(even: EvenTime, timer: Timer, people: People, rows: Any) -> None:
    await people.create(username="alice", password=None, password_hash=THEIRS, by=SERVER)
    rows("update users set disabled_at = now()")

    assert not await waits(even, timer)


async def test_a_login_that_took_longer_waits_no_more(even: EvenTime, timer: Timer, people: People) -> None:
    await people.create(username="alice", password=None, password_hash=THEIRS, by=SERVER)
    timer.advance(10)

    kept = Deferred.fromCoroutine(even.keep(1.0))
    await until(lambda: bool(timer.getDelayedCalls()))
    timer.advance(0)

    await kept


@pytest.mark.parametrize("login", ["alice", "nobody"])
async def test_h15_wrong_logins_of_known_and_unknown_names_are_held_up_alike(
    logins: Logins, people: People, store: Store, turned: Turned, timer: Timer, login: str
) -> None:
    await people.create(username="alice", password=None, password_hash=THEIRS, by=SERVER)
    held = EvenTime(store.users, Clock(turned.seconds), timer)
    object.__setattr__(logins, "even_time", held)

    answer = Deferred.fromCoroutine(logins.authenticate(login, PASSWORD))
    await until(lambda: bool(timer.getDelayedCalls()))
    early = answer.called
    timer.advance(ENOUGH)

    assert not early
    assert await answer is None
