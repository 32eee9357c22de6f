"""A few places for slow work, and a short queue in which each network has a lane; the lanes take turns."""

from collections import Counter, deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, Final

from twisted.internet.defer import Deferred

QUEUE: Final = 32  # pieces of work that wait, of all networks
SHARE: Final = 8  # of these, how many may be of one network

Work = Callable[[], Deferred[Any]]


class Busy(Exception):
    """Too many passwords wait to be checked: HTTP 503, to be tried again in `retry_after` seconds."""

    retry_after = 2


class Crowd:
    """Limits how many logins of one network are under way, so that a burst takes no more than its share of the database."""

    def __init__(self, most: int | None) -> None:
        self._most = most
        self._counts: Counter[str] = Counter()

    @contextmanager
    def one_of(self, lane: str) -> Iterator[None]:
        """Counts one login of this lane while the block runs; raises Busy if too many are under way."""
        if self._most is not None and self._counts[lane] >= self._most:
            raise Busy("Too many logins of one network are under way.")
        self._counts[lane] += 1
        try:
            yield
        finally:
            self._counts[lane] -= 1
            if not self._counts[lane]:
                del self._counts[lane]


class Turns:
    """Starts work as places become free: the network that was served longest ago comes first, so a flood only delays itself."""

    def __init__(self, places: int, queue: int = QUEUE, share: int | None = SHARE) -> None:
        self._free = places
        self._queue = queue
        self._share = share
        self._lanes: dict[str | None, deque[tuple[Work, Deferred[Any]]]] = {}
        self._waiting = 0

    def take(self, lane: str | None, work: Work) -> Deferred[Any]:
        """Returns the result of the work, which begins when its turn comes; raises or fails with Busy if there is no room.

        Cancelling the result does not stop work that has begun: it holds its place to its end.
        """
        self._refuse_beyond(lane)
        if not self._free and self._waiting >= self._queue:
            self._turn_away()
        answer: Deferred[Any] = Deferred()
        self._lanes.setdefault(lane, deque()).append((work, answer))
        self._waiting += 1
        self._go_on()
        return answer

    def _refuse_beyond(self, lane: str | None) -> None:
        """Raises Busy if no place is free and the network has its share of the queue, or would have the longest lane of a full one."""
        own = len(self._lanes.get(lane, ()))
        if self._free:
            return
        if lane is not None and self._share is not None and own >= self._share:
            raise Busy("Too many passwords of one network are being checked.")
        if self._waiting >= self._queue and own + 1 >= len(self._longest()):
            raise Busy("Too many passwords are being checked.")

    def _longest(self) -> deque[tuple[Work, Deferred[Any]]]:
        return max(self._lanes.values(), key=len)

    def _turn_away(self) -> None:
        """Makes room: the last work in the longest lane fails with Busy."""
        _, answer = self._longest().pop()
        self._waiting -= 1
        if not answer.called:
            answer.errback(Busy("Too many passwords are being checked."))

    def _go_on(self) -> None:
        """Begins work for every free place, one lane after the other."""
        while self._free and self._lanes:
            lane = next(iter(self._lanes))
            waiting = self._lanes.pop(lane)
            if not waiting:
                continue
            work, answer = waiting.popleft()
            if waiting:
                self._lanes[lane] = waiting  # behind the others
            self._free -= 1
            self._waiting -= 1
            work().addBoth(self._done).chainDeferred(answer)

    def _done(self, outcome: Any) -> Any:
        """Frees the place, and begins the next work."""
        self._free += 1
        self._go_on()
        return outcome
