"""Coroutines that nobody waits for, run without a Deferred around them."""

from collections.abc import Coroutine
from contextvars import Context, copy_context
from typing import Any

from twisted.internet.defer import Deferred, fail
from twisted.python.failure import Failure

Unawaited = Coroutine[Deferred[Any], object, None]


def run(coroutine: Unawaited) -> None:
    """Runs a coroutine in a context of its own, at once as far as it need not wait; Twisted logs an exception that it raises."""
    go_on(None, coroutine, copy_context())


def go_on(result: object, coroutine: Unawaited, context: Context) -> None:
    """Hands a coroutine the result that it waited for, and runs it to its end or to the next Deferred without a result."""
    try:
        if isinstance(result, Failure):
            awaited = context.run(result.throwExceptionIntoGenerator, coroutine)
        else:
            awaited = context.run(coroutine.send, result)
    except StopIteration:
        return
    except BaseException:  # noqa: BLE001 - as in a Deferred
        fail()  # which logs it, because nobody handles it
        return
    awaited.addBoth(go_on, coroutine, context)
