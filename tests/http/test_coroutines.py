"""A coroutine that nobody waits for runs as far as it can, goes on when it can, and hides no mistake."""

from contextvars import ContextVar
from typing import Any

import pytest
from twisted.internet.defer import Deferred, succeed
from twisted.logger import globalLogPublisher

from iam.http.coroutines import run

place: ContextVar[str] = ContextVar("place", default="nowhere")


def test_what_need_not_wait_is_done_at_once() -> None:
    done = []

    async def work() -> None:
        done.append(await succeed(1))
        done.append(await succeed(2))

    run(work())

    assert done == [1, 2]


def test_what_has_to_wait_goes_on_with_each_result() -> None:
    done, first, second = [], Deferred[int](), Deferred[int]()

    async def work() -> None:
        done.append(await first)
        done.append(await second)

    run(work())
    second.callback(2)
    assert done == []
    first.callback(1)

    assert done == [1, 2]


def test_what_waits_learns_of_an_error() -> None:
    done, awaited = [], Deferred[int]()

    async def work() -> None:
        try:
            await awaited
        except ValueError as error:
            done.append(error)

    run(work())
    error = ValueError("that went wrong")
    awaited.errback(error)

    assert done == [error]


@pytest.mark.parametrize("waiting", [False, True])
def test_an_error_that_nobody_caught_is_in_the_log_and_hurts_nobody_else(waiting: bool) -> None:
    lines: list[Any] = []
    awaited = Deferred[None]()

    async def work() -> None:
        if waiting:
            await awaited
        raise ValueError("that went wrong")

    globalLogPublisher.addObserver(lines.append)
    run(work())
    awaited.callback(None)
    globalLogPublisher.removeObserver(lines.append)

    assert ["that went wrong" in str(line["log_failure"]) for line in lines if "log_failure" in line] == [True]


def test_each_has_a_context_of_its_own() -> None:
    told, awaited = [], Deferred[None]()

    async def work(name: str) -> None:
        place.set(name)
        await awaited
        told.append(place.get())

    run(work("here"))
    run(work("there"))
    awaited.callback(None)

    assert told == ["here", "there"]
    assert place.get() == "nowhere"
