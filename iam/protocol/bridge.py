"""oauthlib is synchronous, our store is not: here a synchronous call waits on the reactor without stopping it.

oauthlib takes every truthy result of a hook as *yes*, a Deferred included. `hooks` makes a validator safe for it: a hook
that is `async def` is waited for, and one whose result could be mistaken for a yes raises instead.
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
    """A hook answered with something that oauthlib would take for a yes."""


class _Call(greenlet):  # type: ignore[misc]
    """A synchronous call in progress; `wait` works only inside one."""


async def call(function: Callable[P, Result], *args: P.args, **kwargs: P.kwargs) -> Result:
    """Call `function`, which may `wait`, and return what it returns."""
    running = _Call(function)
    running.gr_context = copy_context()
    resume = partial(running.switch, *args, **kwargs)
    while True:
        running.parent = getcurrent()  # control comes back to whoever resumes it
        outcome = resume()
        if running.dead:
            result: Result = outcome
            return result
        try:
            resume = partial(running.switch, await outcome)
        except BaseException as error:  # noqa: BLE001 - whatever it is, it belongs to the code that waits
            resume = partial(running.throw, error)


def wait(awaitable: Awaitable[Result]) -> Result:
    """Suspend the surrounding `call`, not the reactor, until `awaitable` is done."""
    running = getcurrent()
    if not isinstance(running, _Call) or running.parent is None:
        raise RuntimeError("bridge.wait() needs bridge.call() around it")
    result: Result = running.parent.switch(awaitable)
    return result


def hooks(validator: Validator) -> Validator:
    """Make the hooks of a validator class answer oauthlib with values, never with a promise of one."""
    for name, hook in list(vars(validator).items()):
        if callable(hook) and not name.startswith("_"):
            setattr(validator, name, _answering(name, hook))
    return validator


def _answering(name: str, hook: Callable[..., object]) -> Callable[..., object]:
    """`hook`, waited for inside a `call` (outside, in tests, it stays a coroutine), and its answer checked."""
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
