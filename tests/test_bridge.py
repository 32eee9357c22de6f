"""A synchronous call that waits on the reactor, and hooks that cannot be mistaken for a yes."""

import gc
from contextvars import ContextVar
from threading import Thread
from weakref import ref

import pytest
from greenlet import getcurrent, greenlet
from twisted.internet import reactor
from twisted.internet.defer import CancelledError, Deferred, gatherResults, succeed
from twisted.internet.task import deferLater

from iam.protocol import bridge

place: ContextVar[object] = ContextVar("place", default="nowhere")


class Thing:
    """What a call has to do with."""


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

    def work() -> object:
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


async def test_a_greenlet_is_used_again() -> None:
    assert await bridge.call(getcurrent) is await bridge.call(getcurrent)


async def test_a_greenlet_keeps_nothing_of_the_call_before() -> None:
    given, made, found = Thing(), Thing(), Thing()
    known = [ref(thing) for thing in (given, made, found)]
    place.set(found)

    assert await bridge.call(lambda it, other: (it, other, place.get())[1], given, made) is made
    place.set("here")
    del given, made, found

    assert [thing() for thing in known] == [None, None, None]


async def test_nothing_is_kept_of_a_call_that_failed() -> None:
    given = Thing()
    known = ref(given)

    def work(thing: Thing) -> None:
        bridge.wait(deferLater(reactor, 0, lambda: None))
        raise LookupError(thing)

    with pytest.raises(LookupError):
        await bridge.call(work, given)
    del given
    gc.collect()

    assert known() is None


async def test_the_greenlet_of_a_cancelled_call_is_not_used_again() -> None:
    used: list[greenlet] = []

    def work() -> None:
        used.append(getcurrent())
        bridge.wait(Deferred())

    running = Deferred.fromCoroutine(bridge.call(work))
    running.addErrback(lambda failure: None)
    running.cancel()

    assert used[0].dead
    assert await bridge.call(getcurrent) is not used[0]


async def test_a_call_that_nobody_awaits_any_more_ends_where_it_waits() -> None:
    ended: list[str] = []

    def work() -> None:
        try:
            bridge.wait(Deferred())
        finally:
            ended.append("here")

    running = bridge.call(work)
    running.send(None)
    del running
    gc.collect()

    assert ended == ["here"]


async def test_a_call_may_go_on_after_it_was_cancelled_and_its_greenlet_is_good_for_the_next() -> None:
    def work() -> greenlet:
        with pytest.raises(CancelledError):
            bridge.wait(Deferred())
        bridge.wait(deferLater(reactor, 0, lambda: None))
        return getcurrent()

    running = Deferred.fromCoroutine(bridge.call(work))
    running.cancel()
    used = await running

    assert await bridge.call(getcurrent) is used


async def test_a_call_inside_of_a_call_has_a_greenlet_of_its_own() -> None:
    async def inner() -> object:
        return await bridge.call(lambda: (bridge.wait(deferLater(reactor, 0, lambda: None)), getcurrent())[1])

    def outer() -> bool:
        first, second = bridge.wait(inner()), bridge.wait(inner())
        return first is second and first is not getcurrent()

    assert await bridge.call(outer)
    assert await bridge.call(outer)


async def test_only_a_few_greenlets_are_kept_after_a_crowd() -> None:
    gate: Deferred[None] = Deferred()
    used: list[greenlet] = []

    def work() -> None:
        used.append(getcurrent())
        bridge.wait(ready())

    async def ready() -> None:
        waiting: Deferred[None] = Deferred()
        gate.addCallback(waiting.callback)
        await waiting

    crowd = gatherResults([Deferred.fromCoroutine(bridge.call(work)) for _ in range(4 * bridge.MOST_IDLE)])
    gate.callback(None)
    await crowd

    assert len(set(used)) == 4 * bridge.MOST_IDLE
    assert 0 < sum(not each.dead for each in used) <= bridge.MOST_IDLE


def test_each_thread_has_greenlets_of_its_own() -> None:
    told: list[object] = []

    def once() -> None:
        try:
            bridge.call(lambda: told.append(getcurrent())).send(None)
        except StopIteration:
            told.append("done")

    once()
    thread = Thread(target=once)
    thread.start()
    thread.join()

    assert told[1] == told[3] == "done"
    assert told[0] is not told[2]


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

    async def get_greenlet(self) -> object:
        return getcurrent()

    async def get_after_a_failure(self) -> str:
        try:
            await deferLater(reactor, 0, lambda: 1 / 0)
        except ZeroDivisionError:
            return await deferLater(reactor, 0, lambda: "went on")
        return "no failure"

    def save_deferred(self) -> object:
        return succeed(None)


async def test_an_async_hook_is_awaited_inside_a_call_and_a_coroutine_outside() -> None:
    hooks = Hooks()

    assert await bridge.call(hooks.validate_slowly, answer=False) is False
    assert await bridge.call(hooks.validate_slowly, answer=True) is True
    assert await hooks.validate_slowly(answer=True) is True
    assert await bridge.call(hooks.get_scopes) == ["read"]


async def test_an_async_hook_that_waits_for_nothing_runs_inside_of_the_call() -> None:
    assert await bridge.call(lambda: Hooks().get_greenlet() is getcurrent())


async def test_a_failure_is_raised_in_the_async_hook_that_waited_for_it() -> None:
    assert await bridge.call(Hooks().get_after_a_failure) == "went on"


async def test_a_cancelled_call_is_told_in_the_hook_where_it_waits() -> None:
    told: list[str] = []

    @bridge.hooks
    class Patient:
        async def get_nothing(self) -> None:
            try:
                await Deferred()
            finally:
                told.append("hook")

    running = Deferred.fromCoroutine(bridge.call(Patient().get_nothing))
    running.addErrback(lambda failure: None)
    running.cancel()

    assert told == ["hook"]


@pytest.mark.parametrize("name", ["validate_deferred", "validate_truthy", "is_none", "save_deferred"])
async def test_g1_a_hook_whose_answer_is_no_plain_yes_or_no_raises_rather_than_grants(name: str) -> None:
    with pytest.raises(bridge.UndecidedError, match=name):
        await bridge.call(getattr(Hooks(), name))


async def test_g1_an_async_hook_that_decides_with_something_truthy_raises() -> None:
    with pytest.raises(bridge.UndecidedError):
        await bridge.call(Hooks().validate_slowly, answer="yes")
