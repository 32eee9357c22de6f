"""Lets oauthlib's synchronous code wait for our asynchronous store without blocking the reactor.

oauthlib takes any truthy result of a hook as yes, even a Deferred. `hooks` makes a validator safe for it: it waits for
the result of an `async def` hook, and raises UndecidedError if a result could be mistaken for a yes.
"""

from collections.abc import Awaitable, Callable
from contextvars import copy_context
from functools import partial, wraps
from inspect import isawaitable, iscoroutinefunction
from typing import ParamSpec, TypeVar

from greenlet import getcurrent, greenlet

P = ParamSpec("P")
Result = TypeVar("Result")
Validator = TypeVar("Validator", bound=type)

DECIDING = ("validate_", "authenticate_", "confirm_", "is_", "client_authentication_required", "rotate_refresh_token")


class UndecidedError(TypeError):
    """A hook returned a value, other than True or False, that oauthlib would take as yes."""


class _Call(greenlet):  # type: ignore[misc]
    """A synchronous call in progress; `wait` works only inside one."""


async def call(function: Callable[P, Result], *args: P.args, **kwargs: P.kwargs) -> Result:
    """Calls `function`, which may use `wait`, and returns its result or raises its exception."""
    running = _Call(function)
    running.gr_context = copy_context()
    resume = partial(running.switch, *args, **kwargs)
    while True:
        running.parent = getcurrent()  # `wait` switches back to the greenlet that resumed it
        outcome = resume()
        if running.dead:
            result: Result = outcome
            return result
        try:
            resume = partial(running.switch, await outcome)
        except BaseException as error:  # noqa: BLE001 - any error is raised in the code that waits
            resume = partial(running.throw, error)


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
        if asynchronous and isawaitable(result):
            if not isinstance(getcurrent(), _Call):
                return result
            result = wait(result)
        if isawaitable(result) or (deciding and result is not True and result is not False):
            raise UndecidedError(f"{name} answered with {type(result).__name__}, which oauthlib would take for yes")
        return result

    return answer
