"""Answers to a flood go out one after another, and nobody else's wait for them."""

from twisted.internet.defer import Deferred
from twisted.internet.task import Clock

from iam.throttles.pace import LONGEST, MOST, PAUSE, Pace


def begun(pace: Pace, *networks: str) -> list[Deferred[None]]:
    return [Deferred.fromCoroutine(pace.keep(network)) for network in networks]


def test_the_first_answer_goes_at_once_and_the_others_one_after_another() -> None:
    clock = Clock()
    answers = begun(Pace(clock), *["a"] * 4)

    seen = []
    for _ in range(4):
        seen.append([answer.called for answer in answers].count(True))
        clock.advance(PAUSE * 1.01)

    assert seen == [1, 2, 3, 4]


def test_another_network_does_not_wait() -> None:
    pace = Pace(Clock())
    begun(pace, *["a"] * 20)

    assert begun(pace, "b")[0].called


def test_nobody_waits_longer_than_a_client_would_and_not_all_until_the_same_moment() -> None:
    clock = Clock()
    answers = begun(Pace(clock), *["a"] * 500)

    clock.advance(LONGEST * 0.75)
    some = [answer.called for answer in answers].count(True)
    clock.advance(LONGEST * 0.26)

    assert 150 < some < 450
    assert all(answer.called for answer in answers)


def test_after_a_while_it_is_forgotten() -> None:
    clock = Clock()
    pace = Pace(clock)
    begun(pace, *["a"] * 20)
    clock.advance(2.1)

    assert begun(pace, "a")[0].called


def test_however_many_networks_there_are_so_many_are_remembered() -> None:
    pace = Pace(Clock())

    begun(pace, *(f"network {number}" for _ in range(3) for number in range(3 * MOST)))

    assert len(pace._next) == MOST
