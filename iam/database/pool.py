"""Connections kept open, lent to one statement at a time, and replaced when they are lost."""

from collections import deque
from collections.abc import Awaitable, Callable
from secrets import SystemRandom
from typing import Any, Final

from attrs import define, field
from twisted.internet.defer import CancelledError, Deferred
from twisted.internet.task import deferLater
from twisted.python.failure import Failure

from iam.database.connection import Connection, Parameters, Place, Rows
from iam.database.errors import (
    ConnectionLost,
    NoPartition,
    Overloaded,
    ReadOnly,
    Repeatable,
    Superseded,
    Timeout,
    Unavailable,
)
from iam.reactor import Timer

ACQUIRE: Final = 2.0  # seconds that a statement waits for a connection (H44)
REPETITIONS: Final = 3  # of a statement that conflicted with other transactions (H43)
PACE: Final = 0.02  # seconds between two attempts to connect while all is well
SLOW: Final = 1.0  # seconds between two new connections, at most, while old ones hang
LONGEST: Final = 0.5  # seconds between two attempts while the database is away
UNWRITTEN: Final = 3.0  # seconds between two attempts while it is read-only, which somebody has to change
READING: Final = "set local transaction_read_only = on;"  # lets PostgreSQL itself decide which statements write

chance = SystemRandom().uniform


@define
class Statistics:
    """Counts of what the database was asked; a statement outside of a transaction is a commit of its own."""

    statements: int = 0
    rows: int = 0  # of hot statements
    losses: int = 0  # of connections


@define(eq=False)
class Waiter:
    """A caller that waits for a connection."""

    writes: bool
    turn: Deferred[Connection] = field(factory=Deferred)


class Pool:
    """At most `size` connections; a statement waits for one if it must, but neither long nor in a long queue (H45).

    Writes get three quarters of them, including those that hang, so that reads go on while commits wait.
    """

    def __init__(
        self,
        reactor: Timer,
        size: int,
        waiters: int,
        connect: Callable[[], Awaitable[Connection]],
        changed: Callable[[Exception | None], None],
    ) -> None:
        self.reactor = reactor
        self.size = size
        self.share = size - size // 4
        self.limit = waiters
        self.connect = connect
        self.changed = changed
        self.tend: Callable[[], Awaitable[None]] = nothing
        self.restriction: Callable[[], str] = str  # returns why nothing may be written, or an empty text
        self.statistics = Statistics()
        self.members: set[Connection] = set()
        self.idle: list[Connection] = []
        self.overdue: set[Connection] = set()  # given up by us, while PostgreSQL may be at work for them
        self.writers: set[Connection] = set()  # running a write, or hanging in one
        self.place: Place = ()  # the address of the connection that joined last
        self.waiters: deque[Waiter] = deque()
        self.serving = False
        self.stopping = False
        self.renewing = False  # the last connection was given up although the database is available
        self.unwritten = False  # the last attempt found the database read-only
        self.pause: Deferred[None] | None = None
        self.vacancy: Deferred[None] | None = None
        self.drained: Deferred[None] | None = None

    @property
    def absent(self) -> int:
        """How many connections are missing."""
        return self.size - len(self.members)

    async def start(self) -> None:
        """Opens the first connection, or raises Unavailable; the others follow in the background."""
        self.join(await self.connect())
        Deferred.fromCoroutine(self.keep())

    async def stop(self, patience: float) -> None:
        """Refuses new statements, gives those under way `patience` seconds, and closes all connections."""
        self.stopping = True
        self.refuse(Unavailable("The connections to the database are being closed."))
        if len(self.idle) < len(self.members):
            self.drained = Deferred()
            timer = self.reactor.callLater(patience, self.drained.callback, None)
            await self.drained
            if timer.active():
                timer.cancel()
        for connection in list(self.members):
            connection.close()
        self.members.clear()
        self.idle.clear()
        for waiting in (self.pause, self.vacancy):
            if waiting is not None and not waiting.called:
                waiting.cancel()

    @property
    def writable(self) -> bool:
        """Whether one more write may begin."""
        return sum(writer.place == self.place for writer in self.writers) < self.share

    @property
    def stalled(self) -> bool:
        """Whether as many writes hang as may run at once."""
        return sum(writer.place == self.place for writer in self.writers & self.overdue) >= self.share

    async def run(self, sql: str, parameters: Parameters | None = None, *, writes: bool = False) -> Rows:
        """Runs one statement in a transaction of its own, again if other transactions were in its way."""
        for repetition in range(REPETITIONS):
            try:
                return await self.attempt(sql, parameters, writes=writes)
            except NoPartition:
                await self.tend()
            except Repeatable:
                await deferLater(self.reactor, chance(0.005, 0.02) * 2**repetition)
        return await self.attempt(sql, parameters, writes=writes)

    async def attempt(self, sql: str, parameters: Parameters | None, *, writes: bool) -> Rows:
        """Runs one statement once, and notes a server that turns out to be read-only."""
        free = self.idle and not self.stopping and (not writes or self.writable)
        connection = self.idle.pop() if free else await self.turn(writes=writes)
        self.statistics.statements += 1
        if writes:
            self.writers.add(connection)
        restriction = self.restriction()
        try:
            return await connection.run(READING + sql if restriction else sql, parameters)
        except ReadOnly as reason:
            if restriction:
                raise Unavailable(restriction) from reason
            connection.demote()
            raise
        finally:
            self.release(connection)

    def turn(self, *, writes: bool) -> Deferred[Connection]:
        """Returns a connection as soon as one is free. Raises Unavailable, Timeout and Overloaded."""
        if self.stopping or not (self.members or self.renewing):
            raise Unavailable("There is no connection to the database.")
        if writes and self.stalled:
            raise Timeout("The database has not answered so many writes that no other is begun.")
        if len(self.waiters) >= self.limit:
            raise Overloaded("Too many requests wait for the database.")
        waiter = Waiter(writes)
        timer = self.reactor.callLater(ACQUIRE, self.expire, waiter)
        self.waiters.append(waiter)
        return waiter.turn.addBoth(stopped, timer)

    def expire(self, waiter: Waiter) -> None:
        """Fails a waiter with Timeout."""
        self.waiters.remove(waiter)
        waiter.turn.errback(Timeout("No connection to the database was free in time."))

    def refuse(self, reason: Exception) -> None:
        """Fails all waiters with this error."""
        while self.waiters:
            self.waiters.popleft().turn.errback(reason)

    def release(self, connection: Connection) -> None:
        """Takes back a connection, for the one who waits longest."""
        if not connection.overdue:
            self.writers.discard(connection)
        if connection.alive:
            self.idle.append(connection)
        self.serve()
        if self.drained is not None and not self.drained.called and len(self.idle) == len(self.members):
            self.drained.callback(None)

    def serve(self) -> None:
        """Gives free connections to waiters, in a loop, since a connection may come back at once."""
        if self.serving:
            return
        self.serving = True
        try:
            while self.idle and (waiter := self.next()) is not None:
                self.waiters.remove(waiter)
                waiter.turn.callback(self.idle.pop())
        finally:
            self.serving = False

    def next(self) -> Waiter | None:
        """Returns the waiter that has waited longest of those that may go now."""
        writable = self.writable
        return next((waiter for waiter in self.waiters if writable or not waiter.writes), None)

    def join(self, connection: Connection) -> None:
        """Adds an open connection to those that are lent out."""
        connection.lost = self.leave
        self.renewing = False
        self.place = connection.place
        self.members.add(connection)
        self.changed(None)
        self.release(connection)

    def leave(self, connection: Connection, reason: Exception) -> None:
        """Forgets a lost connection; if it was the last and the database seems gone, fails all waiters."""
        self.statistics.losses += 1
        self.members.discard(connection)
        if connection.overdue:
            self.overdue.add(connection)
            connection.ended = lambda: self.recover(connection)
        if connection in self.idle:
            self.idle.remove(connection)
        self.renewing = isinstance(reason, Repeatable | Superseded)
        if not self.members and not self.renewing:
            self.refuse(ConnectionLost("All connections to the database were lost."))
        if self.vacancy is not None and not self.vacancy.called:
            self.vacancy.callback(None)
        self.changed(reason)

    def recover(self, connection: Connection) -> None:
        """Called when an overdue connection has ended: its place is free, and the database may work again."""
        self.overdue.discard(connection)
        self.writers.discard(connection)
        self.serve()
        if self.pause is not None and not self.pause.called:
            self.pause.callback(None)

    @property
    def pace(self) -> float:
        """Seconds until the next connection may be opened: the more connections hang at the same place, the longer."""
        hanging = sum(other.place == self.place for other in self.overdue)
        return min(PACE * 2.0**hanging, SLOW)

    async def keep(self) -> None:
        """Keeps the pool full, opening one connection after another, with pauses also while the database is away."""
        delay = PACE
        while not self.stopping:
            try:
                if self.absent:
                    delay = self.pace if await self.fill() else self.longer(delay)
                    await self.rest(chance(0.5, 1) * delay)
                else:
                    self.vacancy = Deferred()
                    await self.vacancy
            except CancelledError:
                return

    def longer(self, delay: float) -> float:
        """Returns the seconds until the next attempt, after one that has failed."""
        return UNWRITTEN if self.unwritten else min(delay * 2, LONGEST)

    async def rest(self, seconds: float) -> None:
        """Waits these seconds, or until an overdue connection has ended."""
        pause: Deferred[None] = Deferred()
        self.pause = pause
        timer = self.reactor.callLater(seconds, pause.callback, None)
        try:
            await pause
        finally:
            if timer.active():
                timer.cancel()

    async def fill(self) -> bool:
        """Opens one more connection, and returns whether it could."""
        try:
            connection = await self.connect()
        except Exception as reason:  # noqa: BLE001 (whatever it was, the pool goes on trying)
            self.renewing = False
            self.unwritten = isinstance(reason, ReadOnly)
            if not self.members:
                self.refuse(ConnectionLost("All connections to the database were lost."))
            self.changed(reason)
            return False
        if self.stopping:
            connection.close()
        else:
            self.join(connection)
        return True


async def nothing() -> None:
    """Does nothing: the default of `tend`, with no partitions to create."""


def stopped(outcome: Connection | Failure, timer: Any) -> Connection | Failure:
    """Cancels the timer and passes on the outcome."""
    if timer.active():
        timer.cancel()
    return outcome
