"""What is kept in memory, and what of it may be shown while the database does not answer."""

import pytest
from attrs import define

from iam.clock import Clock
from iam.database.errors import Unavailable
from iam.database.memory import AGAIN, MAXIMUM_AGE, SHOWN, Memory
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


@pytest.fixture
def clock() -> TurnedClock:
    clock = TurnedClock()
    clock.stop()
    return clock


async def test_while_the_database_is_away_what_was_known_last_is_shown_and_nothing_else_done_with_it(
    clock: TurnedClock,
) -> None:
    table = Table()
    memory = Memory(Clock(clock.seconds), table.read)
    await memory.shown(None)

    table.away = True
    memory.forget()

    assert await memory.shown(None) == "first"
    with pytest.raises(Unavailable):
        await memory.get(None)


async def test_it_is_shown_for_minutes_and_no_longer(clock: TurnedClock) -> None:
    table = Table()
    memory = Memory(Clock(clock.seconds), table.read)
    await memory.shown(None)
    table.away = True

    clock.advance(SHOWN - 1)
    assert await memory.shown(None) == "first"
    clock.advance(AGAIN)

    with pytest.raises(Unavailable):
        await memory.shown(None)


async def test_a_database_that_is_away_is_not_asked_each_time(clock: TurnedClock) -> None:
    table = Table()
    memory = Memory(Clock(clock.seconds), table.read)
    await memory.shown(None)
    table.away = True
    clock.advance(MAXIMUM_AGE)

    for _ in range(10):
        await memory.shown(None)

    assert table.reads == 2


async def test_what_changes_is_shown_as_soon_as_the_database_answers(clock: TurnedClock) -> None:
    table = Table()
    memory = Memory(Clock(clock.seconds), table.read)
    await memory.shown(None)
    table.value = "second"

    memory.forget()

    assert await memory.shown(None) == "second"


async def test_what_was_never_known_is_not_shown() -> None:
    memory = Memory(Clock(TurnedClock().seconds), Table(away=True).read)

    with pytest.raises(Unavailable):
        await memory.shown(None)
