"""PostgreSQL through txpostgres: connections that never block the reactor, lanes of them, hot statements, LISTEN."""

import os
from collections.abc import Callable, Coroutine, Mapping, Sequence
from functools import partial
from typing import Any, Final, NoReturn, TypeVar

import psycopg2
import psycopg2.extras
from attrs import define
from psycopg2.extensions import POLL_OK, POLL_WRITE, new_type, register_type
from twisted.internet.defer import Deferred
from twisted.internet.error import ConnectionDone
from twisted.logger import Logger
from twisted.python.failure import Failure
from txpostgres import txpostgres

from iam.store import connecting
from iam.store.addresses import target
from iam.store.batches import Statement
from iam.store.connecting import Connector
from iam.store.errors import ConnectionLost, Timeout, Unavailable, fatal, stale, translated
from iam.store.listening import Listener
from iam.store.pool import ACQUIRE, Pool, Rows

log = Logger()

CONNECT: Final = 5.0  # seconds for one address (H44)
STATEMENT: Final = 6.0  # seconds for one statement; PostgreSQL itself gives up after five

BYTES: Final = new_type((17,), "BYTEA", lambda text, _: None if text is None else bytes.fromhex(text[2:]))
psycopg2.extras.register_uuid()

T = TypeVar("T")


class Uncancellable(psycopg2.extensions.connection):  # type: ignore[misc]
    """A connection without PQcancel, which stops the whole process for as long as PostgreSQL stands still (H42)."""

    def cancel(self) -> NoReturn:
        """Refuse."""
        raise RuntimeError("a statement is never cancelled: close the connection")


class Connection(txpostgres.Connection):  # type: ignore[misc]
    """One connection, running one statement at a time.

    txpostgres takes a connection out of the reactor and puts it back for each query, and answers by way of callLater: a
    third of the cost. Here it stays registered until it is closed, under a descriptor of its own: libpq closes its
    socket by itself when the server goes, and the reactor must never watch a number that means another socket by then.
    """

    connectionFactory = staticmethod(psycopg2.connect)  # noqa: N815

    def __init__(self, reactor: Any) -> None:
        super().__init__(reactor)
        self.alive = False
        self.lost: Callable[[Any, Exception], None] = lambda _connection, _reason: None
        self.heard: Callable[[str, str], None] = lambda _channel, _payload: None
        self.watched = -1
        self.answer: Deferred[Rows] | None = None
        self.rows: Any = None
        self.began = 0.0
        self.alarm: Any = None

    async def open(self, keywords: Mapping[str, str]) -> None:
        """Connect to one address."""
        timer = self.reactor.callLater(CONNECT, self.close)
        try:
            await self.connect(connection_factory=Uncancellable, **keywords)
        except (psycopg2.Error, ConnectionDone) as error:
            self.close()
            reason = " ".join(str(error).split()) if timer.active() else "no answer in time"
            raise Unavailable(reason) from None
        finally:
            if timer.active():
                timer.cancel()
        self.reactor.removeReader(self)
        self.watched = os.dup(self.pollable().fileno())
        self.alive = True
        self.reactor.addReader(self)
        register_type(BYTES, self.pollable())

    def run(self, sql: str, parameters: Any = None) -> Deferred[Rows]:
        """Run one statement, in a transaction of its own."""
        if not self.alive:
            raise ConnectionLost("The connection to the database is closed.")
        cursor = self.pollable().cursor()
        try:
            cursor.execute(sql, parameters or None)
        except psycopg2.Error as error:
            if not self.pollable().closed:
                raise
            self.part(translated(error))
            raise translated(error) from None
        self.rows = cursor
        self.began = self.reactor.seconds()
        if self.alarm is None:
            self.alarm = self.reactor.callLater(STATEMENT, self.expire)
        self.answer = answer = Deferred[Rows]()
        self.advance()
        return answer

    def advance(self) -> None:
        """Let libpq read or write what it can; at the end of a statement, answer."""
        try:
            state = self.pollable().poll()
        except psycopg2.Error as error:
            self.stumble(error)
            return
        if state == POLL_WRITE:
            self.reactor.addWriter(self)
        elif state == POLL_OK:
            self.deliver()

    def deliver(self) -> None:
        """Pass on notifications and rows."""
        pending = self.pollable().notifies
        while pending:
            notification = pending.pop(0)
            self.heard(notification.channel, notification.payload)
        answer, self.answer = self.answer, None
        if answer is not None:
            cursor, self.rows = self.rows, None
            answer.callback(cursor.fetchall() if cursor.description else [])

    def stumble(self, error: psycopg2.Error) -> None:
        """Pass on an error; part with the connection if it is of no more use."""
        if fatal(error) or stale(error) or self.pollable().closed:
            self.part(translated(error))
            return
        answer, self.answer = self.answer, None
        if answer is not None:
            answer.errback(translated(error))

    def part(self, reason: Exception) -> None:
        """Close the connection, tell the pool, answer."""
        answer, self.answer = self.answer, None
        self.close()
        self.lost(self, reason)
        if answer is not None:
            answer.errback(reason)

    def expire(self) -> None:
        """Part with a connection whose statement takes too long: its server may stand still (H42, H44)."""
        self.alarm = None
        if self.answer is None:
            return
        left = self.began + STATEMENT - self.reactor.seconds()
        if left > 0:
            self.alarm = self.reactor.callLater(left, self.expire)
        else:
            self.part(Timeout("The database did not answer in time."))

    def close(self) -> None:
        """Close the socket, whatever is under way."""
        self.alive = False
        if self.alarm is not None:
            self.alarm.cancel()
            self.alarm = None
        if self.watched >= 0:
            self.reactor.removeReader(self)
            self.reactor.removeWriter(self)
            os.close(self.watched)
            self.watched = -1
        if self.pollable() is not None:
            super().close()
            self.pollable().close()
        answer, self.answer = self.answer, None
        if answer is not None:
            answer.errback(ConnectionLost("The connection to the database was closed."))

    def fileno(self) -> int:
        """The descriptor that the reactor watches."""
        return self.watched if self.watched >= 0 else super().fileno()

    def doRead(self) -> None:  # noqa: N802
        """Called by the reactor."""
        if self.alive:
            self.advance()
        else:
            self.proceed()

    def doWrite(self) -> None:  # noqa: N802
        """Called by the reactor."""
        if self.alive:
            self.reactor.removeWriter(self)
            self.advance()
        else:
            self.proceed()

    def proceed(self) -> None:
        """Go on connecting: libpq may change its socket meanwhile, so it is out of the reactor while it does."""
        self.reactor.removeReader(self)
        self.reactor.removeWriter(self)
        if not self.pollable().closed:
            self.continuePolling()

    def connectionLost(self, reason: Failure) -> None:  # noqa: N802
        """Called by the reactor when the descriptor fails, and by close()."""
        if self.alive:
            self.part(ConnectionLost("The connection to the database was lost."))
        else:
            super().connectionLost(reason)


@define
class Statistics:
    """What has been asked of the database so far; a statement outside of a transaction is a commit of its own."""

    statements: int = 0
    rows: int = 0
    losses: int = 0


class Database:
    """The database: a main lane for statements, and a spare one for what must get through when that is full (H45)."""

    def __init__(self, reactor: Any, dsn: str, *, connections: int = 8, waiters: int = 200) -> None:
        self.reactor = reactor
        self.statements: dict[str, Statement] = {}
        self.statistics = Statistics()
        self.connector = Connector(reactor, target(dsn), partial(Connection, reactor))
        self.main = Pool(reactor, connections, waiters, self.prepared, self.changed)
        self.spare = Pool(reactor, 1, waiters, self.connector.connect, self.changed)
        self.listener = Listener(reactor, self.connector.connect, self.changed)
        self.started = False
        self.away = False

    def statement(self, name: str, sql: str, types: Sequence[str], *, shared: bool = False) -> Statement:
        """Declare a hot statement, before the start: each connection prepares it as soon as it is open."""
        self.declare()
        self.statements[name] = Statement(self.reactor, self.batch, name, sql, types, shared=shared)
        return self.statements[name]

    def listen(self, channel: str, heard: Callable[[str], None], lost: Callable[[], None]) -> None:
        """Hear what is notified on a channel; `lost` says that something may not have been heard (H46)."""
        self.declare()
        self.listener.listen(channel, heard, lost)

    def declare(self) -> None:
        """Refuse what can only be declared before the start."""
        if self.started:
            raise RuntimeError("statements and channels are declared before the start")

    async def start(self) -> None:
        """Connect, or say in one sentence why not."""
        self.started = True
        try:
            await self.main.start()
            await self.spare.start()
            await self.listener.start()
        except BaseException:
            await self.stop()
            raise

    async def stop(self, patience: float = 3.0) -> None:
        """Let what is under way finish, within limits, and disconnect."""
        await self.main.stop(patience)
        await self.spare.stop(0)
        await self.listener.stop(0)
        self.connector.stop()

    def query(self, sql: str, parameters: Mapping[str, object] | Sequence[object] = ()) -> Deferred[Rows]:
        """The rows of one statement."""
        self.statistics.statements += 1
        return shielded(self.main.run(sql, parameters))

    def aside(self, sql: str, parameters: Mapping[str, object] | Sequence[object] = ()) -> Deferred[Rows]:
        """The rows of one statement on the spare lane, for what must not wait for requests nor delay them."""
        return shielded(self.spare.run(sql, parameters))

    async def check(self) -> None:
        """Does the database answer?"""

        def late(_outcome: object, _seconds: float) -> NoReturn:
            raise Timeout("The database did not answer in time.")

        await self.aside("select 1").addTimeout(ACQUIRE, self.reactor, late)

    async def prepared(self) -> connecting.Connection:
        """A new connection that knows the hot statements."""
        return await self.connector.connect(*(statement.preparation for statement in self.statements.values()))

    async def batch(self, sql: str, columns: Sequence[str]) -> Rows:
        """The rows of a hot statement."""
        self.statistics.statements += 1
        return await self.main.run(sql, columns)

    def changed(self, reason: Exception | None) -> None:
        """Log the first loss, and the end of it: one line each, however long it takes."""
        absent = self.main.absent + self.spare.absent + self.listener.pool.absent
        if reason is not None and not self.away and self.started:
            self.away = True
            log.warn("database.lost", reason=str(reason), connections=absent)
        elif not absent and self.away:
            self.away = False
            log.info("database.back")


def shielded(work: Coroutine[Any, Any, T]) -> Deferred[T]:
    """The result of `work`, which goes on when nobody waits for it any longer (H42)."""
    outer: Deferred[T] = Deferred()

    def deliver(outcome: T | Failure) -> None:
        if not outer.called:
            outer.callback(outcome)

    Deferred.fromCoroutine(work).addBoth(deliver)
    return outer
