"""Runs blocking work in a thread that does not keep the process from ending."""

from collections.abc import Callable
from threading import Thread
from typing import TypeVar

from twisted.internet.defer import Deferred
from twisted.python.failure import Failure

from iam.reactor import Reactor

T = TypeVar("T")


def in_thread(reactor: Reactor, function: Callable[..., T], *arguments: object) -> Deferred[T]:
    """Returns what `function` returns or raises, run in a thread of its own.

    The thread ends with the process, whatever it is doing.
    """
    outcome: Deferred[T] = Deferred()

    def answer(result: T | Failure) -> None:
        if not outcome.called:  # cancelled
            outcome.callback(result)

    def work() -> None:
        try:
            result: T | Failure = function(*arguments)
        except BaseException:  # noqa: BLE001 - it is raised in the code that waits
            result = Failure()
        reactor.callFromThread(answer, result)

    Thread(target=work, name=getattr(function, "__name__", "work"), daemon=True).start()
    return outcome
