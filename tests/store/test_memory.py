"""What is kept in memory, and what of it may be shown while the database does not answer."""

import subprocess
import sys

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


async def test_a_value_that_is_read_again_unchanged_stays_the_same_object(clock: TurnedClock) -> None:
    table = Table(value="unchanged")

    async def read(_: str) -> tuple[str, ...]:
        return (await table.read(None),)

    memory = Memory(Clock(clock.seconds), read, deaf)
    first = await memory.get("one")
    clock.advance(LONGEST + 1)
    await memory.get("one")
    kept = memory.fresh("one")
    table.value = "changed"
    clock.advance(LONGEST + 1)

    assert kept is first
    assert table.reads == 2
    assert await memory.get("one") == ("changed",)


# In a process of its own: what the other tests of this one have left behind is not to be collected here.
SEEN_BY_COLLECTION = f"""
import gc
from iam.clock import Clock
from iam.database.memory import Memory

async def read(number):
    return [number]

async def kept(numbers):
    return [await memory.get(number) for number in numbers]

def seen(values):
    looked_at = {{id(each) for each in gc.get_objects()}}
    return sum(id(value) in looked_at for value in values)

def look(numbers):
    try:
        kept(numbers).send(None)
    except StopIteration as done:
        print(seen(done.value))

gc.disable()
memory = Memory(Clock(lambda: 0.0), read, lambda: float("-inf"), weigh=lambda _: 1)
look(range(1, {SET_ASIDE}))
look(range({SET_ASIDE}, {SET_ASIDE} + 1))
look(range(1, {SET_ASIDE} + 1))
memory.forget()
look(range(1, {SET_ASIDE}))
look(range(1, {SET_ASIDE} + 1))
"""


def test_garbage_collection_leaves_alone_what_is_kept_in_quantity_even_after_all_was_forgotten() -> None:
    said = subprocess.run([sys.executable, "-c", SEEN_BY_COLLECTION], capture_output=True, text=True, check=True).stdout

    assert said.split() == [str(SET_ASIDE - 1), "0", "0", str(SET_ASIDE - 1), "0"]
