"""Attempts of which the first to succeed wins, so that who is silent costs a second and not five (RFC 8305 §5)."""

from collections.abc import Callable, Coroutine, Sequence
from typing import Any, Final, Generic, Protocol, TypeVar

from twisted.internet.defer import Deferred
from twisted.python.failure import Failure

from iam.database.errors import Unavailable, Unusable
from iam.reactor import Timer

HEAD_START: Final = 1.0  # seconds that an attempt has before the next one begins beside it
AGAIN: Final = 0.3  # seconds until an attempt that failed is made again, while others are still silent

T = TypeVar("T")


class AllFailed(Unavailable):
    """Each attempt has failed, for a reason of its own."""

    def __init__(self, reasons: list[Unavailable]) -> None:
        super().__init__("; ".join(map(str, reasons)))
        self.reasons = reasons


class Attempt(Protocol):
    """What an attempt has under way."""

    def drop(self) -> None:
        """Wait for it no longer."""


class Race(Generic[T]):
    """Each attempt begins when the one before has failed, or had its head start.

    One that failed is made again while another is silent: a standby that says no may be the primary in a moment, and the
    silent host would keep everybody waiting for the whole of its time.
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
        """What the winner gives, or AllFailed."""
        self.begin()
        return self.end

    def take(self, attempt: Attempt) -> None:
        """Give this up with the race; raise Unavailable where that is over already."""
        if self.over:
            raise Unavailable("another host was faster")
        self.opening.add(attempt)

    def begin(self) -> None:
        """Begin the next attempt, if there is one."""
        if self.head_start is not None and self.head_start.active():
            self.head_start.cancel()
        if not self.over and self.begun < len(self.attempts):
            self.begun += 1
            self.head_start = self.reactor.callLater(HEAD_START, self.begin)
            self.attempt(self.begun - 1)

    def attempt(self, number: int) -> None:
        """Make one attempt."""
        self.pauses.pop(number, None)
        Deferred.fromCoroutine(self.attempts[number](self)).addCallbacks(self.finish, self.fail, errbackArgs=(number,))

    def fail(self, failure: Failure, number: int) -> None:
        """Go on with the others, and make this attempt again later; end when each of them has failed."""
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
        """Give up what is still under way, and tell."""
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
        """Give up."""
        self.finish(Failure(Unavailable("it was given up")))
