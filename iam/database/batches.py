"""Batches: rows requested at the same time share one execution of a statement (group commit), to save Python's time."""

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
FEW: Final = 8  # rows from which a second batch may go beside a first
PATIENCE: Final = 0.01  # seconds after which fewer rows may go too
QUEUE: Final = 1024  # waiting rows of one statement: one for each connection that browsers may have open (H6)

Run = Callable[[str, Sequence[str]], Coroutine[Any, Any, Rows]]
Record = TypeVar("Record")


@define(eq=False)
class Call:
    """One requested row, and the Deferred of its result."""

    row: tuple[str, ...]
    since: float
    answer: Deferred[Row | None]
    alone: bool = False

    @property
    def key(self) -> str:
        """The first field of the row."""
        return self.row[0]


class Statement(Generic[Record]):
    """A prepared statement whose parameters are the fields of a record class; many callers share an execution.

    Its SQL reads `{input}` (iam.database.inputs) and returns the row number `n` first. Each caller gets the other
    columns of their row, or None. The first field of a record is its key. Rows are sent in the order of their keys, so
    that two servers lock in the same order. Two rows with equal keys are never under way at once, unless the statement
    is `shared`, which is for statements that only read. If PostgreSQL rejects a batch because of one row, all its rows
    are sent again, one by one.

    A second batch costs as much as the first, so while one is under way fewer than FEW rows wait for its end, but not
    longer than PATIENCE.
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
        self.impatience: Any = None

    def __call__(self, record: Record) -> Deferred[Row | None]:
        """Requests the row for this record. Cancelling the result stops nothing that is under way (H42).

        Raises ValueError for a text that PostgreSQL cannot hold, and Overloaded.
        """
        if len(self.waiting) >= QUEUE:
            self.refuse_beyond()
        call = Call(self.elements(record), self.reactor.seconds(), Deferred())
        self.waiting.append(call)
        self.schedule()
        return call.answer

    def refuse_beyond(self) -> None:
        """Raises Overloaded if the queue is full even without the rows whose callers have left (H45)."""
        self.waiting = deque(call for call in self.waiting if not call.answer.called)
        if len(self.waiting) >= QUEUE:
            raise Overloaded("Too many requests wait for the database.")

    def schedule(self) -> None:
        """Sends a full batch at once, and others at the end of this turn of the reactor, to collect its requests."""
        if len(self.waiting) >= ROWS or self.flights == FLIGHTS:
            self.flush()
        elif self.few:
            self.wait()
        elif not self.due:
            self.due = True
            self.reactor.callLater(0, self.send_due)

    @property
    def few(self) -> bool:
        """Whether the rows that wait are too few for a batch beside the one that is under way."""
        return self.flights > 0 and len(self.waiting) < FEW

    def wait(self, *, hurried: bool = False) -> None:
        """Sets the timers for rows that must wait, unless they are set."""
        if self.alarm is None:
            self.alarm = self.reactor.callLater(ACQUIRE, self.expire)
        if self.impatience is None and self.few and not hurried:
            self.impatience = self.reactor.callLater(PATIENCE, self.lose_patience)

    def lose_patience(self) -> None:
        """Sends rows that are too few after all, if the first of them has waited PATIENCE seconds."""
        self.impatience = None
        left = self.waiting[0].since + PATIENCE - self.reactor.seconds() if self.waiting else 0
        if left > 0:
            self.impatience = self.reactor.callLater(left, self.lose_patience)
        else:
            self.flush(hurried=True)

    def send_due(self) -> None:
        """Sends the rows that this turn of the reactor has brought."""
        self.due = False
        self.flush()

    def flush(self, *, hurried: bool = False) -> None:
        """Sends the batches that may go now, and sets timers for the rows that must wait."""
        if self.flushing:
            return  # called by a batch that failed at once: the loop below continues
        self.flushing = True
        try:
            while self.waiting and self.flights < FLIGHTS and (hurried or not self.few) and (batch := self.take()):
                self.send(batch)
        finally:
            self.flushing = False
        if self.waiting:
            self.wait(hurried=hurried)

    def expire(self) -> None:
        """Fails rows with Timeout that have waited ACQUIRE seconds for a batch (H44)."""
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
        """Returns the next batch in the order of the requests, without rows whose key is under way.

        A row that must go alone gets a batch of its own.
        """
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
        """Sends a batch in one statement, which is one transaction."""
        batch.sort(key=lambda call: call.row)
        self.statistics.rows += len(batch)
        self.flights += 1
        if not self.shared:
            self.keys.update(call.key for call in batch)
        columns = [array(column) for column in zip(*(call.row for call in batch), strict=True)]
        sent = Deferred.fromCoroutine(self.run(self.execution, columns))
        sent.addBoth(self.land, batch)

    def land(self, outcome: Rows | Failure, batch: list[Call]) -> None:
        """Receives the result of a batch: sends the next batches, then answers the callers.

        The rows of a rejected batch are queued again, each to go alone.
        """
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
        """Puts the rows of a rejected batch first in the queue, each to go alone."""
        for call in batch:
            call.alone = True
        self.waiting.extendleft(reversed(batch))

    def answer(self, rows: Rows, batch: list[Call]) -> None:
        """Gives each caller the row with the number of their call, or None."""
        found = {row[0]: row[1:] for row in rows}
        for number, call in enumerate(batch, 1):
            if not call.answer.called:
                call.answer.callback(found.get(number))

    def fail(self, failure: Failure, batch: list[Call]) -> None:
        """Fails the Deferred of each caller."""
        for call in batch:
            if not call.answer.called:
                call.answer.errback(failure)
