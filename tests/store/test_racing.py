"""Attempts race: each has a head start, the first that succeeds wins, and what is under way besides is given up."""

from collections.abc import Callable, Coroutine
from typing import Any

import pytest
from attrs import define, field
from twisted.internet.defer import Deferred
from twisted.internet.task import Clock

from iam.database.errors import Unavailable, Unusable
from iam.database.racing import AGAIN, HEAD_START, AllFailed, Race


@define(eq=False)
class Runner:
    """An attempt that comes to what the test says."""

    begun: int = 0
    dropped: int = 0
    outcome: Deferred[str] = field(factory=Deferred)

    def drop(self) -> None:
        self.dropped += 1
        self.outcome.errback(Unavailable("dropped"))

    async def run(self, race: Race[str]) -> str:
        self.begun += 1
        race.take(self)
        try:
            return await self.outcome
        finally:
            race.opening.discard(self)
            self.outcome = Deferred()


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def two() -> tuple[Runner, Runner]:
    return Runner(), Runner()


def race(clock: Clock, *runners: Runner) -> tuple[Race[str], list[Any]]:
    """A race that was begun, and where its outcome will be."""
    ways: list[Callable[[Race[str]], Coroutine[Any, Any, str]]] = [runner.run for runner in runners]
    outcomes: list[Any] = []
    begun = Race(clock, ways)
    begun.run().addBoth(outcomes.append)
    return begun, outcomes


def test_the_next_attempt_begins_when_the_first_had_its_head_start(clock: Clock, two: tuple[Runner, Runner]) -> None:
    race(clock, *two)

    clock.advance(HEAD_START - 0.01)
    before = two[1].begun
    clock.advance(0.02)

    assert (before, two[1].begun) == (0, 1)


def test_the_next_attempt_begins_at_once_when_the_first_has_failed(clock: Clock, two: tuple[Runner, Runner]) -> None:
    race(clock, *two)

    two[0].outcome.errback(Unavailable("refused"))

    assert two[1].begun == 1


def test_the_first_to_succeed_wins_and_the_others_are_given_up(clock: Clock, two: tuple[Runner, Runner]) -> None:
    _, outcomes = race(clock, *two)
    clock.advance(HEAD_START)

    two[1].outcome.callback("second")

    assert outcomes == ["second"]
    assert (two[0].dropped, two[1].dropped) == (1, 0)
    assert not clock.getDelayedCalls()


def test_an_attempt_that_failed_is_made_again_while_another_is_silent(clock: Clock, two: tuple[Runner, Runner]) -> None:
    _, outcomes = race(clock, *two)
    clock.advance(HEAD_START)
    two[1].outcome.errback(Unavailable("a standby"))

    clock.advance(AGAIN)
    two[1].outcome.callback("promoted")

    assert outcomes == ["promoted"]
    assert two[1].begun == 2


def test_what_waiting_does_not_cure_is_not_tried_again(clock: Clock, two: tuple[Runner, Runner]) -> None:
    race(clock, *two)
    clock.advance(HEAD_START)

    two[1].outcome.errback(Unusable("a wrong password"))
    clock.advance(2 * AGAIN)

    assert two[1].begun == 1


def test_when_all_have_failed_the_reasons_are_told_in_order(clock: Clock, two: tuple[Runner, Runner]) -> None:
    _, outcomes = race(clock, *two)
    clock.advance(HEAD_START)
    two[1].outcome.errback(Unavailable("second"))
    two[0].outcome.errback(Unavailable("first"))

    (failure,) = outcomes
    assert isinstance(failure.value, AllFailed)
    assert list(map(str, failure.value.reasons)) == ["first", "second"]
    assert not clock.getDelayedCalls()


def test_a_race_that_is_given_up_ends_and_begins_nothing_more(clock: Clock, two: tuple[Runner, Runner]) -> None:
    begun, outcomes = race(clock, *two)

    begun.drop()
    clock.advance(10 * HEAD_START)

    assert isinstance(outcomes[0].value, Unavailable)
    assert (two[0].dropped, two[1].begun) == (1, 0)


def test_an_error_that_nobody_expects_ends_the_race(clock: Clock, two: tuple[Runner, Runner]) -> None:
    _, outcomes = race(clock, *two)

    two[0].outcome.errback(ZeroDivisionError())

    assert isinstance(outcomes[0].value, ZeroDivisionError)
