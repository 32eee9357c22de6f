"""A synchronous call that waits on the reactor, and hooks that cannot be mistaken for a yes."""

from contextvars import ContextVar

import pytest
from twisted.internet import reactor
from twisted.internet.defer import Deferred, gatherResults, succeed
from twisted.internet.task import deferLater

from iam.protocol import bridge

place: ContextVar[str] = ContextVar("place", default="nowhere")


async def test_a_call_returns_what_it_waited_for() -> None:
    assert await bridge.call(lambda: bridge.wait(succeed(20)) + bridge.wait(deferLater(reactor, 0, lambda: 1))) == 21


async def test_a_failure_is_raised_where_it_was_waited_for() -> None:
    def work() -> str:
        with pytest.raises(ZeroDivisionError):
            bridge.wait(deferLater(reactor, 0, lambda: 1 / 0))
        return "went on"

    assert await bridge.call(work) == "went on"


async def test_other_calls_run_while_one_waits() -> None:
    gate: Deferred[None] = Deferred()
    order: list[str] = []

    def slow() -> None:
        bridge.wait(gate)
        order.append("slow")

    def quick() -> None:
        order.append("quick")
        gate.callback(None)

    await gatherResults(Deferred.fromCoroutine(bridge.call(work)) for work in (slow, quick))

    assert order == ["quick", "slow"]


async def test_context_variables_are_those_of_the_caller() -> None:
    place.set("here")

    def work() -> str:
        bridge.wait(deferLater(reactor, 0, lambda: None))
        return place.get()

    assert await bridge.call(work) == "here"


async def test_a_cancelled_call_is_told_where_it_waits() -> None:
    told: list[BaseException] = []

    def work() -> None:
        try:
            bridge.wait(Deferred())
        except BaseException as error:
            told.append(error)
            raise

    running = Deferred.fromCoroutine(bridge.call(work))
    running.addErrback(lambda failure: None)
    running.cancel()

    assert len(told) == 1


def test_waiting_outside_of_a_call_is_an_error() -> None:
    with pytest.raises(RuntimeError, match=r"bridge.call\(\)"):
        bridge.wait(succeed(1))


@bridge.hooks
class Hooks:
    async def validate_slowly(self, answer: object) -> object:
        return await deferLater(reactor, 0, lambda: answer)

    def validate_deferred(self) -> object:
        return succeed(False)

    def validate_truthy(self) -> object:
        return "no"

    def is_none(self) -> object:
        return None

    async def get_scopes(self) -> list[str]:
        return ["read"]

    def save_deferred(self) -> object:
        return succeed(None)


async def test_an_async_hook_is_awaited_inside_a_call_and_a_coroutine_outside() -> None:
    hooks = Hooks()

    assert await bridge.call(hooks.validate_slowly, answer=False) is False
    assert await bridge.call(hooks.validate_slowly, answer=True) is True
    assert await hooks.validate_slowly(answer=True) is True
    assert await bridge.call(hooks.get_scopes) == ["read"]


@pytest.mark.parametrize("name", ["validate_deferred", "validate_truthy", "is_none", "save_deferred"])
async def test_g1_a_hook_whose_answer_is_no_plain_yes_or_no_raises_rather_than_grants(name: str) -> None:
    with pytest.raises(bridge.UndecidedError, match=name):
        await bridge.call(getattr(Hooks(), name))


async def test_g1_an_async_hook_that_decides_with_something_truthy_raises() -> None:
    with pytest.raises(bridge.UndecidedError):
        await bridge.call(Hooks().validate_slowly, answer="yes")
