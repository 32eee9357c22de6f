"""Lets oauthlib's synchronous code wait for our asynchronous store without blocking the reactor.

oauthlib takes any truthy result of a hook as yes, even a Deferred. `hooks` makes a validator safe for it: it waits for
the result of an `async def` hook, and raises UndecidedError if a result could be mistaken for a yes.
"""

from collections.abc import Awaitable, Callable, Coroutine
from contextvars import copy_context
from functools import partial, wraps
from inspect import iscoroutinefunction
from threading import local
from types import GeneratorType
from typing import Final, ParamSpec, TypeVar, cast

from greenlet import getcurrent, greenlet

P = ParamSpec("P")
Result = TypeVar("Result")
Validator = TypeVar("Validator", bound=type)
Hooked = Coroutine[Awaitable[object], object, object]

DECIDING = ("validate_", "authenticate_", "confirm_", "is_", "client_authentication_required", "rotate_refresh_token")

MOST_IDLE: Final = 16  # greenlets of a thread: tens of kilobytes each


class UndecidedError(TypeError):
    """A hook returned a value, other than True or False, that oauthlib would take as yes."""


class _Call(greenlet):  # type: ignore[misc]
    """A greenlet that makes synchronous calls, one after the other; `wait` works only inside one.

    A new greenlet costs ten times as much as one that is used again, because its stack is mapped and unmapped.
    """

    task: Callable[[], object] | None = None
    result: object = None

    def run(self, _: object) -> None:
        """Does one task after the other. An exception ends the greenlet and is raised in `call`."""
        while self.task is not None:
            self.result = self.task()
            self.task = None
            self.parent.switch()

    def resume(self, given: object = None) -> Awaitable[object]:
        """Goes on with the task until it waits, and returns what for; once `task` is None, it is done."""
        self.parent = getcurrent()
        awaited: Awaitable[object] = self.switch(given)
        return awaited

    def fail(self, error: BaseException) -> Awaitable[object]:
        """Raises the error where the task waits, and goes on like `resume`."""
        self.parent = getcurrent()
        awaited: Awaitable[object] = self.throw(error)
        return awaited


class _Idle(local):
    """The greenlets of a thread that have no task. They keep nothing of the tasks that they have done."""

    def __init__(self) -> None:
        self.calls: list[_Call] = []

    def begin(self, task: Callable[[], object]) -> _Call:
        """Returns a greenlet that will do this task with the present context variables."""
        running = self.calls.pop() if self.calls else _Call()
        running.task, running.gr_context = task, copy_context()
        return running

    def end(self, running: _Call) -> object:
        """Returns the result of a task that is done; keeps its greenlet, or ends it if there are enough."""
        result, running.result, running.gr_context = running.result, None, None
        if len(self.calls) < MOST_IDLE:
            self.calls.append(running)
        else:
            running.throw()
        return result


_idle = _Idle()


async def call(function: Callable[P, Result], *args: P.args, **kwargs: P.kwargs) -> Result:
    """Calls `function`, which may use `wait`, and returns its result or raises its exception."""
    running = _idle.begin(partial(function, *args, **kwargs))
    awaited = running.resume()
    while running.task is not None:
        try:
            given = await awaited
        except BaseException as error:  # noqa: BLE001 - any error is raised in the code that waits
            awaited = running.fail(error)
        else:
            awaited = running.resume(given)
    return cast(Result, _idle.end(running))


def wait(awaitable: Awaitable[Result]) -> Result:
    """Suspends the surrounding `call`, but not the reactor, until `awaitable` is done, and returns its result.

    Raises RuntimeError outside of `call`.
    """
    running = getcurrent()
    if not isinstance(running, _Call) or running.parent is None:
        raise RuntimeError("bridge.wait() needs bridge.call() around it")
    result: Result = running.parent.switch(awaitable)
    return result


def hooks(validator: Validator) -> Validator:
    """Class decorator: makes the public hooks of a validator return values to oauthlib, never awaitables."""
    for name, hook in list(vars(validator).items()):
        if callable(hook) and not name.startswith("_"):
            setattr(validator, name, _answering(name, hook))
    return validator


def _answering(name: str, hook: Callable[..., object]) -> Callable[..., object]:
    """Wraps `hook` so that it is waited for inside a `call`, and its result is checked.

    Outside of a `call`, in tests, an asynchronous hook still returns its coroutine.
    """
    deciding = name.startswith(DECIDING)
    asynchronous = iscoroutinefunction(hook)

    @wraps(hook)
    def answer(*args: object, **kwargs: object) -> object:
        result = hook(*args, **kwargs)
        if asynchronous:
            if not isinstance(getcurrent(), _Call):
                return result
            result = _finish(cast(Hooked, result))
        if result is not True and result is not False and (deciding or pending(result)):
            raise UndecidedError(f"{name} answered with {type(result).__name__}, which oauthlib would take for yes")
        return result

    return answer


def pending(result: object) -> bool:
    """Tells whether a result has yet to be waited for."""
    return hasattr(result, "__await__") or isinstance(result, GeneratorType)


def _finish(coroutine: Coroutine[Awaitable[object], object, Result]) -> Result:
    """Runs a coroutine to its end and returns its result; suspends the surrounding `call` only if it really waits."""
    try:
        awaited = coroutine.send(None)
        while True:
            try:
                given = wait(awaited)
            except BaseException as error:  # noqa: BLE001 - any error is raised in the coroutine that waits
                awaited = coroutine.throw(error)
            else:
                awaited = coroutine.send(given)
    except StopIteration as end:
        result: Result = end.value
        return result
