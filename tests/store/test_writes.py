"""What the writes that were asked tell about the database, by a clock that a test turns."""

from typing import Any

import pytest
from twisted.internet.defer import Deferred
from twisted.internet.task import Clock

from iam.database.errors import ConnectionLost, GivenUp, Rejected, Timeout, Unavailable
from iam.database.readiness import READ_ONLY, RECOVERING, WAITING, Readiness
from iam.database.writes import LATE, REMEMBERED, Writes

WELL = (False, False, False, False)
HANGING = (False, False, False, True)


class PostgreSQL:
    """What it would say of itself."""

    def __init__(self, *answer: bool) -> None:
        self.answer: Any = answer
        self.asked = 0

    async def examine(self) -> Any:
        self.asked += 1
        if isinstance(self.answer, Exception):
            raise self.answer
        return [self.answer]


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def writes(clock: Clock) -> Writes:
    return Writes(clock)


@pytest.fixture
def postgresql() -> PostgreSQL:
    return PostgreSQL(*WELL)


@pytest.fixture
def readiness(clock: Clock, writes: Writes, postgresql: PostgreSQL) -> Readiness:
    return Readiness(clock, writes, postgresql.examine, lambda: False)


def begin(writes: Writes) -> Deferred[Any]:
    """A write, which ends when the test says so."""
    end: Deferred[Any] = Deferred()

    async def work() -> Any:
        return await end

    Deferred.fromCoroutine(writes.watch(work())).addErrback(lambda failure: failure.trap(Unavailable, Rejected))
    return end


async def test_several_late_writes_are_an_obstacle_until_one_comes_through(writes: Writes, clock: Clock) -> None:
    first, _ = begin(writes), begin(writes)
    early = writes.obstacle()
    clock.advance(LATE)
    late = writes.obstacle()
    first.callback([(1,)])

    assert (early, bool(late), writes.obstacle()) == ("", True, "")


async def test_a_single_late_write_is_none(writes: Writes, clock: Clock) -> None:
    begin(writes)
    clock.advance(5)

    assert writes.obstacle() == ""


async def test_late_writes_that_others_have_overtaken_are_none(writes: Writes, clock: Clock) -> None:
    for _ in range(3):
        begin(writes)
    clock.advance(1)
    begin(writes).callback([(1,)])
    clock.advance(LATE)

    assert writes.obstacle() == ""


async def test_a_write_that_gives_no_row_has_not_come_through(writes: Writes, clock: Clock) -> None:
    for _ in range(3):
        begin(writes)
    clock.advance(LATE)
    begin(writes).callback([])

    assert writes.obstacle()


async def test_a_write_that_failed_counts_for_ten_seconds(writes: Writes, clock: Clock) -> None:
    begin(writes).errback(Timeout("It took too long."))
    clock.advance(REMEMBERED - 1)
    lately = writes.obstacle()
    clock.advance(1)

    assert (lately, writes.obstacle()) == ("The last writes have failed: It took too long.", "")


async def test_a_write_that_failed_while_others_came_through_does_not_count(writes: Writes, clock: Clock) -> None:
    slow = begin(writes)
    clock.advance(1)
    begin(writes).callback([(1,)])
    clock.advance(1)
    slow.errback(Timeout("It took too long."))

    assert writes.obstacle() == ""


@pytest.mark.parametrize("error", [Rejected("23505", "names_pkey", "UniqueViolation"), ConnectionLost("lost")])
async def test_what_was_rejected_or_shows_by_itself_does_not_count(writes: Writes, error: Exception) -> None:
    begin(writes).errback(error)

    assert writes.obstacle() == ""


async def test_what_was_given_up_counts_as_long_as_something_hangs(
    readiness: Readiness, writes: Writes, postgresql: PostgreSQL, clock: Clock
) -> None:
    begin(writes).errback(GivenUp("It did not answer."))
    postgresql.answer = HANGING
    during = []
    for _ in range(60):
        during.append(await readiness.obstacle())
        clock.advance(1)
    postgresql.answer = WELL

    assert set(during) == {"The last writes have failed: It did not answer."}
    assert await readiness.obstacle() == ""


@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        ((True, True, False, False), RECOVERING),
        ((False, True, False, False), READ_ONLY),
        ((False, False, True, True), WAITING),
        (Unavailable("There is no connection."), "There is no connection."),
    ],
)
async def test_what_failed_for_a_reason_that_postgresql_knew_counts_no_longer_when_that_is_over(
    readiness: Readiness, writes: Writes, postgresql: PostgreSQL, answer: Any, reason: str
) -> None:
    postgresql.answer = answer
    begin(writes).errback(Unavailable("The database cannot do this now (25006)."))
    during = await readiness.obstacle()
    postgresql.answer = WELL

    assert (during, await readiness.obstacle()) == (reason, "")


async def test_postgresql_is_asked_only_while_there_is_a_doubt(
    readiness: Readiness, writes: Writes, postgresql: PostgreSQL, clock: Clock
) -> None:
    for _ in range(100):
        write = begin(writes)
        clock.advance(0.1)
        write.callback([(1,)])
    quiet = postgresql.asked
    begin(writes)
    clock.pump([0.1] * 30)
    doubtful = postgresql.asked
    writes_end = begin(writes)
    writes_end.callback([(1,)])

    assert quiet == 0
    assert 0 < doubtful <= 4


async def test_nothing_is_looked_after_when_all_writes_have_ended(
    readiness: Readiness, writes: Writes, clock: Clock
) -> None:
    begin(writes).callback([(1,)])
    clock.pump([0.1] * 20)
    idle = clock.getDelayedCalls()
    begin(writes)
    readiness.stop()

    assert idle == clock.getDelayedCalls() == []
