"""What is kept in memory, and what of it may be shown while the database does not answer."""

import gc

import pytest
from attrs import define

from iam.clock import Clock
from iam.database.errors import Unavailable
from iam.database.memory import AGAIN, LONGEST, MAXIMUM_AGE, MAXIMUM_BYTES, SET_ASIDE, SHOWN, Memory
from tests.harness import TurnedClock


@define
class Table:
    """A row that can be changed, in a database that can be away."""

    value: str = "first"
    away: bool = False
    reads: int = 0

    async def read(self, _: None) -> str:
        self.reads += 1
        if self.away:
            raise Unavailable("The database did not answer in time.")
        return self.value


def deaf() -> float:
    """No notification is heard."""
    return float("-inf")


@pytest.fixture
def clock() -> TurnedClock:
    clock = TurnedClock()
    clock.stop()
    return clock


async def test_while_the_database_is_away_what_was_known_last_is_shown_and_nothing_else_done_with_it(
    clock: TurnedClock,
) -> None:
    table = Table()
    memory = Memory(Clock(clock.seconds), table.read, deaf)
    await memory.shown(None)

    table.away = True
    memory.forget()

    assert await memory.shown(None) == "first"
    with pytest.raises(Unavailable):
        await memory.get(None)


async def test_it_is_shown_for_minutes_and_no_longer(clock: TurnedClock) -> None:
    table = Table()
    memory = Memory(Clock(clock.seconds), table.read, deaf)
    await memory.shown(None)
    table.away = True

    clock.advance(SHOWN - 1)
    assert await memory.shown(None) == "first"
    clock.advance(AGAIN)

    with pytest.raises(Unavailable):
        await memory.shown(None)


async def test_a_database_that_is_away_is_not_asked_each_time(clock: TurnedClock) -> None:
    table = Table()
    memory = Memory(Clock(clock.seconds), table.read, deaf)
    await memory.shown(None)
    table.away = True
    clock.advance(MAXIMUM_AGE)

    for _ in range(10):
        await memory.shown(None)

    assert table.reads == 2


async def test_what_changes_is_shown_as_soon_as_the_database_answers(clock: TurnedClock) -> None:
    table = Table()
    memory = Memory(Clock(clock.seconds), table.read, deaf)
    await memory.shown(None)
    table.value = "second"

    memory.forget()

    assert await memory.shown(None) == "second"


async def test_what_was_never_known_is_not_shown() -> None:
    memory = Memory(Clock(TurnedClock().seconds), Table(away=True).read, deaf)

    with pytest.raises(Unavailable):
        await memory.shown(None)


async def test_what_nobody_can_report_a_change_of_is_read_again_after_five_seconds(clock: TurnedClock) -> None:
    table = Table()
    memory = Memory(Clock(clock.seconds), table.read, deaf)
    await memory.get(None)
    table.value = "second"

    clock.advance(MAXIMUM_AGE - 0.1)
    before = await memory.get(None)
    clock.advance(0.2)

    assert (before, await memory.get(None)) == ("first", "second")


async def test_what_would_be_reported_stays_in_memory_for_a_minute(clock: TurnedClock) -> None:
    table = Table()
    memory = Memory(Clock(clock.seconds), table.read, heard=lambda: clock.seconds() - MAXIMUM_AGE + 0.1)
    await memory.get(None)
    table.value = "second"

    clock.advance(LONGEST - 0.1)
    before = await memory.get(None)
    clock.advance(0.2)

    assert (before, await memory.get(None)) == ("first", "second")


async def test_nothing_stays_in_memory_for_longer_than_notifications_have_been_heard(clock: TurnedClock) -> None:
    table, heard = Table(), clock.seconds() + 10
    memory = Memory(Clock(clock.seconds), table.read, heard=lambda: min(heard, clock.seconds()))
    await memory.get(None)

    clock.advance(10 + MAXIMUM_AGE - 0.1)
    await memory.get(None)
    kept = table.reads
    clock.advance(0.2)
    await memory.get(None)

    assert (kept, table.reads) == (1, 2)


async def test_a_clock_that_was_set_back_keeps_nothing(clock: TurnedClock) -> None:
    table = Table()
    memory = Memory(Clock(clock.seconds), table.read, heard=lambda: clock.seconds() + 3600)
    await memory.get(None)

    clock.advance(-3600)
    await memory.get(None)

    assert table.reads == 2


@define
class Numbers:
    """A table of numbers, which counts its reads."""

    reads: int = 0

    async def read(self, key: int) -> int:
        self.reads += 1
        return key


async def test_of_too_much_the_least_used_is_forgotten(clock: TurnedClock) -> None:
    numbers = Numbers()
    memory = Memory(Clock(clock.seconds), numbers.read, deaf, weigh=lambda _: MAXIMUM_BYTES // 3)
    for key in (1, 2, 3, 1, 4):
        await memory.get(key)

    known = [key for key in (1, 2, 3, 4) if memory.fresh(key) is not None]

    assert known == [1, 3, 4]
    assert memory.bytes <= MAXIMUM_BYTES


async def test_what_is_read_again_or_forgotten_weighs_no_longer(clock: TurnedClock) -> None:
    memory = Memory(Clock(clock.seconds), Numbers().read, deaf, weigh=lambda key: 10 * key)
    for key in (1, 2, 3):
        await memory.get(key)
    clock.advance(MAXIMUM_AGE)
    await memory.get(2)
    memory.forget_one(3)
    one_less = memory.bytes
    memory.forget()

    assert (one_less, memory.bytes) == (30, 0)


async def test_garbage_collection_leaves_alone_what_is_kept_in_quantity(clock: TurnedClock) -> None:
    memory = Memory(Clock(clock.seconds), Numbers().read, deaf, weigh=lambda _: 1)
    before = gc.get_freeze_count()

    for number in range(1, SET_ASIDE):
        await memory.get(number)
    few = gc.get_freeze_count()
    await memory.get(SET_ASIDE)

    assert few == before
    assert gc.get_freeze_count() > few
