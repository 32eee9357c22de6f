"""Rows that are asked at the same time travel in one statement: group commit, where Python spends its time."""

from collections import deque
from collections.abc import Callable, Coroutine, Sequence
from typing import Any, Final, Generic, TypeVar

from attrs import define
from twisted.internet.defer import Deferred
from twisted.python.failure import Failure

from iam.database.arrays import array
from iam.database.connection import Row, Rows
from iam.database.errors import Overloaded, Rejected, Timeout
from iam.database.inputs import elements, filled, parameters
from iam.database.pool import ACQUIRE, Statistics
from iam.reactor import Timer

ROWS: Final = 64  # in one batch
FLIGHTS: Final = 2  # batches of one statement under way
QUEUE: Final = 1024  # rows of one statement that wait: one for each connection that browsers may have open (H6)

Run = Callable[[str, Sequence[str]], Coroutine[Any, Any, Rows]]
Record = TypeVar("Record")


@define(eq=False)
class Call:
    """One row that was asked, and who waits for what it gives."""

    row: tuple[str, ...]
    since: float
    answer: Deferred[Row | None]
    alone: bool = False

    @property
    def key(self) -> str:
        """What no two rows of a batch have in common."""
        return self.row[0]


class Statement(Generic[Record]):
    """A prepared statement over records of one class, which declares its parameters; many callers share an execution.

    Its SQL reads `{input}` (iam.database.inputs) and answers with `n` first; the caller gets the other columns of his row,
    or None. The first field is the key. Rows go in the order of their keys, so that two servers lock in one order. Two rows
    with an equal key never go at the same time, unless the statement is `shared`: one that only reads. A row that
    PostgreSQL rejects takes the others of its batch with it, so they all go again, one by one.
    """

    def __init__(
        self,
        reactor: Timer,
        run: Run,
        statistics: Statistics,
        name: str,
        record: type[Record],
        sql: str,
        *,
        shared: bool,
    ) -> None:
        self.reactor = reactor
        self.run = run
        self.statistics = statistics
        types = parameters(record)
        self.preparation = "prepare " + name + "(" + ", ".join(types) + ") as " + filled(record, sql)
        self.execution = "execute " + name + "(" + ", ".join(["%s"] * len(types)) + ")"
        self.width = len(types)
        self.elements = elements(record)
        self.shared = shared
        self.waiting: deque[Call] = deque()
        self.keys: set[str] = set()
        self.flights = 0
        self.due = False
        self.flushing = False
        self.alarm: Any = None

    def __call__(self, record: Record) -> Deferred[Row | None]:
        """What this record gives. Whoever stops waiting for it stops nothing that is under way (H42).

        Raises ValueError where PostgreSQL cannot hold one of its texts, Overloaded.
        """
        if len(self.waiting) >= QUEUE:
            self.refuse_beyond()
        call = Call(self.elements(record), self.reactor.seconds(), Deferred())
        self.waiting.append(call)
        self.schedule()
        return call.answer

    def refuse_beyond(self) -> None:
        """Refuse one row more, unless some of those who wait have left (H45)."""
        self.waiting = deque(call for call in self.waiting if not call.answer.called)
        if len(self.waiting) >= QUEUE:
            raise Overloaded("Too many requests wait for the database.")

    def schedule(self) -> None:
        """Send at the end of this turn of the reactor, when all who ask in it have asked, or a full batch at once."""
        if len(self.waiting) >= ROWS or self.flights == FLIGHTS:
            self.flush()
        elif not self.due:
            self.due = True
            self.reactor.callLater(0, self.send_due)

    def send_due(self) -> None:
        """Send what this turn of the reactor has brought."""
        self.due = False
        self.flush()

    def flush(self) -> None:
        """Send what may go now; who must wait, does not wait for ever."""
        if self.flushing:
            return  # a batch has failed at once, and the loop below goes on
        self.flushing = True
        try:
            while self.waiting and self.flights < FLIGHTS and (batch := self.take()):
                self.send(batch)
        finally:
            self.flushing = False
        if self.waiting and self.alarm is None:
            self.alarm = self.reactor.callLater(ACQUIRE, self.expire)

    def expire(self) -> None:
        """Let rows go that have waited too long for a batch (H44)."""
        self.alarm = None
        latest = self.reactor.seconds() - ACQUIRE
        while self.waiting and self.waiting[0].since <= latest:
            call = self.waiting.popleft()
            if not call.answer.called:
                call.answer.errback(Timeout("The database did not take the request in time."))
        if self.waiting:
            left = self.waiting[0].since - latest
            self.alarm = self.reactor.callLater(left, self.expire)

    def take(self) -> list[Call]:
        """The next batch: in the order of asking, without what must wait for its like."""
        batch: list[Call] = []
        kept: list[Call] = []
        keys = set(self.keys)
        while self.waiting and len(batch) < ROWS:
            call = self.waiting.popleft()
            if call.answer.called:
                continue
            if call.key in keys or (call.alone and batch):
                kept.append(call)
            else:
                batch.append(call)
            if not self.shared:
                keys.add(call.key)
            if batch and batch[0].alone:
                break
        self.waiting.extendleft(reversed(kept))
        return batch

    def send(self, batch: list[Call]) -> None:
        """Send a batch in one statement, which is one transaction."""
        batch.sort(key=lambda call: call.row)
        self.statistics.rows += len(batch)
        self.flights += 1
        if not self.shared:
            self.keys.update(call.key for call in batch)
        columns = [array(column) for column in zip(*(call.row for call in batch), strict=True)]
        sent = Deferred.fromCoroutine(self.run(self.execution, columns))
        sent.addBoth(self.land, batch)

    def land(self, outcome: Rows | Failure, batch: list[Call]) -> None:
        """A batch is back: let the next go, then answer."""
        self.flights -= 1
        self.keys.difference_update(call.key for call in batch)
        if isinstance(outcome, Failure) and isinstance(outcome.value, Rejected) and len(batch) > 1:
            self.separate(batch)
            outcome = []
            batch = []
        self.flush()
        if isinstance(outcome, Failure):
            self.fail(outcome, batch)
        else:
            self.answer(outcome, batch)

    def separate(self, batch: list[Call]) -> None:
        """Put the rows of a rejected batch in front, each to go alone."""
        for call in batch:
            call.alone = True
        self.waiting.extendleft(reversed(batch))

    def answer(self, rows: Rows, batch: list[Call]) -> None:
        """Give each caller the row that bears his number."""
        found = {row[0]: row[1:] for row in rows}
        for number, call in enumerate(batch, 1):
            if not call.answer.called:
                call.answer.callback(found.get(number))

    def fail(self, failure: Failure, batch: list[Call]) -> None:
        """Tell each caller what went wrong."""
        for call in batch:
            if not call.answer.called:
                call.answer.errback(failure)
