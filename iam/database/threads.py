"""Work that a thread does because it may take its time, and that keeps nobody from ending."""

from collections.abc import Callable
from threading import Thread
from typing import TypeVar

from twisted.internet.defer import Deferred
from twisted.python.failure import Failure

from iam.reactor import Reactor

T = TypeVar("T")


def in_thread(reactor: Reactor, function: Callable[..., T], *arguments: object) -> Deferred[T]:
    """What `function` returns or raises, in a thread of its own. When the process ends, the thread does too, whatever it is at."""
    outcome: Deferred[T] = Deferred()

    def answer(result: T | Failure) -> None:
        if not outcome.called:  # by a cancellation
            outcome.callback(result)

    def work() -> None:
        try:
            result: T | Failure = function(*arguments)
        except BaseException:  # noqa: BLE001 - it is raised where it is waited for
            result = Failure()
        reactor.callFromThread(answer, result)

    Thread(target=work, name=getattr(function, "__name__", "work"), daemon=True).start()
    return outcome
