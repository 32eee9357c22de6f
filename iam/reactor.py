"""Twisted's reactor, by the interfaces of it that are used.

The interfaces declare their methods without `self`. Type checkers need a plugin to understand that, so to them those that we call
are declared here once more; who runs the program has Twisted's own.
"""

from collections.abc import Callable
from typing import TYPE_CHECKING, Protocol

from twisted.internet.interfaces import IReactorCore, IReactorFDSet, IReactorThreads, IReactorTime

if TYPE_CHECKING:
    from twisted.python.threadpool import ThreadPool

    class DelayedCall(Protocol):
        """A call to come (IDelayedCall)."""

        def active(self) -> bool:
            """Is it still to come?"""

        def cancel(self) -> None:
            """Have it not come."""

    class Timer(IReactorTime):
        """What tells the time and calls later: a reactor, or a clock that tests turn."""

        def seconds(self) -> float:
            """Seconds since some moment; since 1970 for a reactor."""

        def callLater(  # type: ignore[override]
            self, delay: float, function: Callable[..., object], /, *args: object, **kwargs: object
        ) -> DelayedCall:
            """Call the function in `delay` seconds."""

    class Reactor(Timer, IReactorCore, IReactorThreads, IReactorFDSet):
        """A whole reactor."""

        def addSystemEventTrigger(  # type: ignore[override]
            self, phase: str, event: str, function: Callable[..., object], /, *args: object, **kwargs: object
        ) -> object:
            """Call the function before, during or after an event, such as "shutdown"."""

        def callWhenRunning(  # type: ignore[override]
            self, function: Callable[..., object], /, *args: object, **kwargs: object
        ) -> object:
            """Call the function once the reactor runs."""

        def callFromThread(  # type: ignore[override]
            self, function: Callable[..., object], /, *args: object, **kwargs: object
        ) -> None:
            """Call the function in the reactor's own thread; this may be called in any."""

        def getThreadPool(self) -> ThreadPool:
            """The threads for work that takes its time."""

        def run(self) -> None:
            """Run until `stop`."""

        def stop(self) -> None:
            """End."""

else:
    Timer, Reactor = IReactorTime, IReactorCore
