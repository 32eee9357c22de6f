"""The interfaces of Twisted's reactor that we use.

Twisted's interfaces declare their methods without `self`, which type checkers do not understand. For them the methods that we call
are declared here again; at run time these names are Twisted's own interfaces.
"""

from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Any, Protocol

from twisted.internet.interfaces import IReactorCore, IReactorFDSet, IReactorThreads, IReactorTime

InThread = Callable[..., Awaitable[Any]]  # calls a function that blocks, with its arguments, in a thread

if TYPE_CHECKING:
    from twisted.python.threadpool import ThreadPool

    class DelayedCall(Protocol):
        """A scheduled call (IDelayedCall)."""

        def active(self) -> bool:
            """Returns whether the call is still to come."""

        def cancel(self) -> None:
            """Cancels the call."""

    class Timer(IReactorTime):
        """A source of time and delayed calls: a reactor, or a simulated clock in tests."""

        def seconds(self) -> float:
            """Returns the seconds since some moment; since 1970 for a reactor."""

        def callLater(  # type: ignore[override]
            self, delay: float, function: Callable[..., object], /, *args: object, **kwargs: object
        ) -> DelayedCall:
            """Calls the function in `delay` seconds."""

    class Reactor(Timer, IReactorCore, IReactorThreads, IReactorFDSet):
        """A whole reactor."""

        def addSystemEventTrigger(  # type: ignore[override]
            self, phase: str, event: str, function: Callable[..., object], /, *args: object, **kwargs: object
        ) -> object:
            """Calls the function before, during or after an event, such as "shutdown"."""

        def callWhenRunning(  # type: ignore[override]
            self, function: Callable[..., object], /, *args: object, **kwargs: object
        ) -> object:
            """Calls the function once the reactor runs."""

        def callFromThread(  # type: ignore[override]
            self, function: Callable[..., object], /, *args: object, **kwargs: object
        ) -> None:
            """Calls the function in the reactor's own thread; this may be called in any."""

        def getThreadPool(self) -> ThreadPool:
            """Returns the threads for blocking work."""

        def run(self) -> None:
            """Runs until `stop`."""

        def stop(self) -> None:
            """Stops the reactor."""

else:
    Timer, Reactor = IReactorTime, IReactorCore
