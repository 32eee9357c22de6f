"""While hashes are left that cost another time than ours, a wrong login takes the same time whoever it names (H15)."""

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from argon2 import PasswordHasher
from twisted.internet import reactor
from twisted.internet.defer import Deferred, gatherResults
from twisted.internet.task import Clock as Timer

from iam.clock import Clock
from iam.people.argon2id import PARAMETERS
from iam.people.even_time import FRESH, KINDS, LONGEST, ROOM, EvenTime
from iam.people.logins import Logins
from iam.people.passwords import Passwords
from iam.people.people import People
from iam.records.actor import SERVER
from iam.store.store import Store
from iam.throttles.pace import Pace
from tests.people.conftest import Turned
from tests.waiting import until

PASSWORD = "blue-tractor-42"
DIGEST = "w7jZc0mUeKpQ9Xq1t0n3b6v8y2A5d7f9h1j3k5l7m9o="
HERE, ELSEWHERE = "192.0.2.1", "198.51.100.1"


def theirs(iterations: int = 1000, salt: str = "kRvY2mT9pQ4s") -> str:
    """A hash by Django."""
    return f"pbkdf2_sha256${iterations}${salt}${DIGEST}"


OTHERS = {
    "Django's default": theirs(),
    "Django's argon2": "argon2" + PasswordHasher(1, 1024, 1).hash("x"),
    "argon2id of other parameters": PasswordHasher(1, 1024, 1).hash("x"),
    "bcrypt": "bcrypt_sha256$$2b$04$abcdefghijklmnopqrstuu0lMvXcuEZpRb0L5jOBAZCS1L5gq5GiW",
    "scrypt": "scrypt$2$kRvY2mT9pQ4s$8$1$" + "A" * 86 + "==",
}


@pytest.fixture
def timer() -> Timer:
    return Timer()


@pytest.fixture
def even(store: Store, passwords: Passwords, turned: Turned, timer: Timer) -> EvenTime:
    return EvenTime(store.users, passwords, Clock(turned.seconds), timer, Pace(timer))


async def waits(even: EvenTime, timer: Timer, *, spent: float = 0.0) -> float:
    """The seconds from a wrong login, whose check took so long, to its answer."""
    came = timer.seconds() - spent
    kept = Deferred.fromCoroutine(even.keep(came, HERE))
    await until(lambda: kept.called or bool(timer.getDelayedCalls()))
    if kept.called:
        return 0.0
    (call,) = timer.getDelayedCalls()
    due = call.getTime()
    timer.advance(due - timer.seconds())
    await kept
    timer.advance(1000)  # nothing is remembered of it
    return float(due - came)


async def test_with_our_hashes_alone_nobody_waits(even: EvenTime, timer: Timer, people: People) -> None:
    await people.create(username="alice", password=PASSWORD, by=SERVER)
    await people.create(username="bob", password=None, by=SERVER)

    assert await waits(even, timer) == 0


@pytest.mark.parametrize("kind", OTHERS)
async def test_h15_with_another_hash_everybody_waits_until_it_is_gone(
    even: EvenTime, timer: Timer, turned: Turned, people: People, rows: Any, kind: str
) -> None:
    await people.create(username="alice", password=None, password_hash=OTHERS[kind], by=SERVER)

    assert await waits(even, timer) == pytest.approx(even.beat)
    assert list(even.costs.values()) == [pytest.approx(even.beat / ROOM)]
    rows("update users set password_hash = null")
    assert await waits(even, timer) == pytest.approx(even.beat)
    turned.offset += FRESH / timedelta(seconds=1)
    assert await waits(even, timer) == 0


async def test_h15_the_beat_is_as_long_as_the_costliest_hash_takes_and_as_long_again(
    even: EvenTime, timer: Timer, people: People, rows: Any
) -> None:
    for number, iterations in enumerate((100_000, 1000, 1000, 2000)):
        hashed = theirs(iterations, f"{number}RvY2mT9pQ4s")
        await people.create(username=f"person{number}", password=None, password_hash=hashed, by=SERVER)
    rows(
        "update users set password_hash = replace(password_hash, '$2000$', '$3000001$')"
    )  # which is not checked at all

    await waits(even, timer)

    assert even.costs.keys() == {"pbkdf2_sha256$1000", "pbkdf2_sha256$100000"}
    assert even.beat == pytest.approx(ROOM * even.costs["pbkdf2_sha256$100000"])


async def test_h15_of_more_kinds_than_are_measured_the_costliest_is_assumed(
    even: EvenTime, timer: Timer, people: People
) -> None:
    for number in range(KINDS + 1):
        await people.create(username=f"person{number}", password=None, password_hash=theirs(1000 + number), by=SERVER)

    assert await waits(even, timer) == pytest.approx(LONGEST)


async def test_a_disabled_person_keeps_nobody_waiting(even: EvenTime, timer: Timer, people: People, rows: Any) -> None:
    await people.create(username="alice", password=None, password_hash=theirs(), by=SERVER)
    rows("update users set disabled_at = now()")

    assert await waits(even, timer) == 0


async def test_a_login_that_took_longer_waits_for_the_next_beat(even: EvenTime, timer: Timer, people: People) -> None:
    await people.create(username="alice", password=None, password_hash=theirs(), by=SERVER)
    await waits(even, timer)

    assert await waits(even, timer, spent=2.5 * even.beat) == pytest.approx(3 * even.beat)


async def test_h15_logins_of_one_network_at_once_have_a_beat_each(even: EvenTime, timer: Timer, people: People) -> None:
    """Else the times of several of one name at once, which wait for each other's checks, would add up to a difference."""
    await people.create(username="alice", password=None, password_hash=theirs(), by=SERVER)
    await waits(even, timer)
    came = timer.seconds()

    for network in (HERE, HERE, HERE, ELSEWHERE):
        Deferred.fromCoroutine(even.keep(came, network))

    due = sorted(call.getTime() - came for call in timer.getDelayedCalls())
    assert due == pytest.approx([even.beat, even.beat, 2 * even.beat, 3 * even.beat])


async def test_where_too_many_passwords_wait_the_next_login_looks_again(
    store: Store, turned: Turned, timer: Timer, people: People
) -> None:
    await people.create(username="alice", password=None, password_hash=theirs(), by=SERVER)

    passwords = Passwords(reactor, 1, queue=1)
    even = EvenTime(store.users, passwords, Clock(turned.seconds), timer, Pace(timer))
    others = [Deferred.fromCoroutine(passwords.hash(PASSWORD)) for _ in range(2)]

    first = await waits(even, timer)
    await gatherResults(others)
    second = await waits(even, timer)

    assert first == pytest.approx(LONGEST)
    assert second == pytest.approx(ROOM * even.costs["pbkdf2_sha256$1000"])


@pytest.mark.parametrize("login", ["alice", "nobody"])
async def test_h15_wrong_logins_of_known_and_unknown_names_are_held_up_alike(
    logins: Logins, even: EvenTime, people: People, timer: Timer, login: str
) -> None:
    await people.create(username="alice", password=None, password_hash=theirs(), by=SERVER)
    object.__setattr__(logins, "even_time", even)

    answer = Deferred.fromCoroutine(logins.authenticate(login, PASSWORD))
    await until(lambda: bool(timer.getDelayedCalls()))
    early = answer.called
    timer.advance(even.beat)

    assert not early
    assert await answer is None


def test_the_guide_finds_those_whose_hashes_are_waited_for() -> None:
    guide = (Path(__file__).parents[2] / "docs/guides/passwords.md").read_text()

    assert f"not starts_with(password_hash, '{PARAMETERS}') and disabled_at is null" in guide
