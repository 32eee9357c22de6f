"""Races attempts; the first to succeed wins, so that a silent host costs one second, not five (RFC 8305 §5)."""

from collections.abc import Callable, Coroutine, Sequence
from typing import Any, Final, Generic, Protocol, TypeVar

from twisted.internet.defer import Deferred
from twisted.python.failure import Failure

from iam.database.errors import Unavailable, Unusable
from iam.reactor import Timer

HEAD_START: Final = 1.0  # seconds that an attempt has before the next one begins in parallel
AGAIN: Final = 0.3  # seconds until a failed attempt is repeated, while others are still silent

T = TypeVar("T")


class AllFailed(Unavailable):
    """Every attempt has failed; `reasons` has the error of each, in their order."""

    def __init__(self, reasons: list[Unavailable]) -> None:
        super().__init__("; ".join(map(str, reasons)))
        self.reasons = reasons


class Attempt(Protocol):
    """Something under way that a race can give up."""

    def drop(self) -> None:
        """Stops waiting for it."""


class Race(Generic[T]):
    """Begins each attempt when the one before has failed or had its head start.

    A failed attempt is repeated while another is silent: a standby that refuses may soon be the primary, and waiting
    for the silent host would take its whole deadline.
    """

    def __init__(self, reactor: Timer, attempts: "Sequence[Callable[[Race[T]], Coroutine[Any, Any, T]]]") -> None:
        self.reactor = reactor
        self.attempts = attempts
        self.begun = 0
        self.failures: dict[int, Unavailable] = {}
        self.opening: set[Attempt] = set()
        self.head_start: Any = None
        self.pauses: dict[int, Any] = {}
        self.over = False
        self.end: Deferred[T] = Deferred(lambda _: self.drop())

    def run(self) -> Deferred[T]:
        """Runs the race and returns the winner's result. Raises AllFailed."""
        self.begin()
        return self.end

    def take(self, attempt: Attempt) -> None:
        """Registers what the race drops when it is over. Raises Unavailable if it is over already."""
        if self.over:
            raise Unavailable("another host was faster")
        self.opening.add(attempt)

    def begin(self) -> None:
        """Begins the next attempt, if there is one."""
        if self.head_start is not None and self.head_start.active():
            self.head_start.cancel()
        if not self.over and self.begun < len(self.attempts):
            self.begun += 1
            self.head_start = self.reactor.callLater(HEAD_START, self.begin)
            self.attempt(self.begun - 1)

    def attempt(self, number: int) -> None:
        """Makes the attempt with this number, counted from 0."""
        self.pauses.pop(number, None)
        Deferred.fromCoroutine(self.attempts[number](self)).addCallbacks(self.finish, self.fail, errbackArgs=(number,))

    def fail(self, failure: Failure, number: int) -> None:
        """Notes a failure: begins the next attempt, repeats this one later, and ends the race if all have failed.

        An error other than Unavailable ends the race; after Unusable there is no repetition.
        """
        if self.over:
            return
        if not isinstance(failure.value, Unavailable):
            self.finish(failure)
            return
        first = number not in self.failures
        self.failures[number] = failure.value
        if len(self.failures) == len(self.attempts):
            self.finish(Failure(AllFailed([self.failures[place] for place in range(len(self.attempts))])))
            return
        if not isinstance(failure.value, Unusable):
            self.pauses[number] = self.reactor.callLater(AGAIN, self.attempt, number)
        if first and number == self.begun - 1:
            self.begin()

    def finish(self, outcome: T | Failure) -> None:
        """Ends the race with this outcome, and drops what is still under way."""
        if self.over:
            return
        self.over = True
        for timer in (self.head_start, *self.pauses.values()):
            if timer is not None and timer.active():
                timer.cancel()
        for attempt in list(self.opening):
            attempt.drop()
        self.end.callback(outcome)

    def drop(self) -> None:
        """Ends the race with Unavailable."""
        self.finish(Failure(Unavailable("it was given up")))
