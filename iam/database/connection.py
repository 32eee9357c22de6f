"""One connection to PostgreSQL through txpostgres: runs one statement at a time, with a deadline, without blocking."""

import os
import socket
from collections.abc import Callable, Mapping, Sequence
from contextlib import closing, suppress
from typing import Any, Final, NoReturn

import psycopg2
import psycopg2.extras
from attrs import evolve
from psycopg2.extensions import POLL_OK, POLL_WRITE, new_array_type, new_type, register_type
from twisted.internet.defer import Deferred
from twisted.internet.error import ConnectionDone
from twisted.python.failure import Failure
from txpostgres import txpostgres

from iam.database import admission
from iam.database.addresses import Host
from iam.database.errors import READ_ONLY, ConnectionLost, GivenUp, Unavailable, fatal, stale, translated
from iam.database.primaries import UNKNOWN
from iam.reactor import Reactor

CONNECT: Final = 5.0  # seconds for one address (H44)
STATEMENT: Final = 6.0  # seconds for one statement; PostgreSQL itself gives up after five
BYTEA, BYTEA_ARRAY = 17, 1001  # PostgreSQL's OIDs of these types

Row = tuple[Any, ...]
Rows = list[Row]
Parameters = Mapping[str, object] | Sequence[object]
Place = tuple[str, ...]  # host, address and port, as given to libpq

BYTES: Final = new_type((BYTEA,), "BYTEA", lambda text, _: text and bytes.fromhex(text.removeprefix("\\x")))
BYTES_ARRAY: Final = new_array_type((BYTEA_ARRAY,), "BYTEA[]", BYTES)
psycopg2.extras.register_uuid()


class Uncancellable(psycopg2.extensions.connection):  # type: ignore[misc]
    """A connection without PQcancel, which blocks the whole process while PostgreSQL does not answer (H42)."""

    def __init__(self, *arguments: Any, **keywords: Any) -> None:
        super().__init__(*arguments, **keywords)
        admission.ask_for_states(self)

    def cancel(self) -> NoReturn:
        """Always raises RuntimeError."""
        raise RuntimeError("a statement is never cancelled: close the connection")


class Connection(txpostgres.Connection):  # type: ignore[misc]
    """One connection, running one statement at a time.

    txpostgres removes its connection from the reactor and adds it again for each query, and delivers results through
    callLater, which is a third of the cost. This connection stays registered until it is closed, under a descriptor of
    its own: libpq closes its socket by itself when the server goes away, and the reactor must never watch a descriptor
    number that means another socket by then.
    """

    def __init__(self, reactor: Reactor) -> None:
        super().__init__(reactor)
        self.alive = False
        self.overdue = False  # given up, but PostgreSQL may still have a backend for it
        self.since = 0.0
        self.place: Place = ()
        self.host = Host("", "", "")
        self.address = ""  # of the host, the one to connect to
        self.pid = 0
        self.server = UNKNOWN
        self.demanding = False  # whether it is useless if the server is read-only
        self.lost: Callable[[Connection, Exception], None] = ignore
        self.ended: Callable[[], None] = nothing  # called when it was overdue and is finished
        self.silent: Callable[[], None] = nothing  # called when it does not answer in time
        self.heard: Callable[[str, str], None] = ignore
        self._watched = -1
        self._opening: Deferred[object] | None = None
        self._leaving: Exception | None = None
        self._answer: Deferred[Rows] | None = None
        self._statement: Any = None
        self._began = 0.0
        self._alarm: Any = None

    @property
    def held(self) -> bool:
        """Whether PostgreSQL may have a backend for it."""
        return self.overdue or self.connected

    @property
    def connected(self) -> bool:
        """Whether its socket is open."""
        return self.pollable() is not None and not self.pollable().closed

    async def open(self, keywords: Mapping[str, str]) -> None:
        """Connects to one address, within CONNECT seconds. Raises Unavailable.

        A caller that stops waiting must close the connection.
        """
        try:
            await self._connecting(keywords)
        except psycopg2.Error as error:
            raise admission.judged(error) from None
        except ConnectionDone:
            self.silent()
            raise Unavailable("no answer in time") from None
        register_type(BYTES, self.pollable())
        register_type(BYTES_ARRAY, self.pollable())
        self.reactor.removeReader(self)
        self._watched = os.dup(self.pollable().fileno())
        self.alive = True
        self.reactor.addReader(self)

    def _connecting(self, keywords: Mapping[str, str]) -> Deferred[object]:
        """Returns the outcome of connecting: ConnectionDone after CONNECT seconds, and what opens later is closed."""
        outcome = self._opening = Deferred[object]()
        timer = self.reactor.callLater(CONNECT, self.drop)

        def arrive(result: object) -> None:
            if timer.active():
                timer.cancel()
            if outcome.called:
                self.finish()
            else:
                outcome.callback(result)

        self.connect(connection_factory=Uncancellable, **keywords).addBoth(arrive)
        return outcome

    def drop(self) -> None:
        """Stops waiting for what is under way; if there may be a backend, it counts until PostgreSQL answers."""
        reason = GivenUp("Nobody waits for it any longer.")
        if self._answer is not None:
            self._give_up(reason)
            return
        if self._opening is None or self._opening.called:
            self._part(reason, over=True)
            return
        if self._reached():
            self._linger()
        self._opening.errback(ConnectionDone())
        if not self.overdue:
            self.close()

    def _reached(self) -> bool:
        """Tells whether the other side has accepted the connection."""
        with suppress(OSError, psycopg2.Error), closing(socket.socket(fileno=os.dup(super().fileno()))) as wire:
            wire.getpeername()
            return True
        return False

    def _linger(self) -> None:
        """Marks the connection as overdue: PostgreSQL may still be at work for it, without noticing that we left."""
        self.alive = False
        self.overdue = True
        self.since = self.reactor.seconds()

    def let_go(self) -> None:
        """Closes the socket, unless PostgreSQL may still be at work for the connection."""
        if not self.overdue:
            self.close()

    @property
    def standby(self) -> bool:
        """Whether the server reports that it is a standby. PostgreSQL tells every client, but a pooler may not."""
        return bool(self.pollable().info.parameter_status("in_hot_standby") == "on")

    def demote(self) -> None:
        """Marks the server as read-only, after it refused a write."""
        self.server = evolve(self.server, writes=False)

    def retire(self, reason: Exception, *, at_once: bool) -> None:
        """Parts with a connection that may still work: at once, or only after the statement under way."""
        if at_once or self._answer is None:
            self._part(reason, over=True)
        else:
            self._leaving = reason

    def run(self, sql: str, parameters: Parameters | None = None) -> Deferred[Rows]:
        """Runs one statement in a transaction of its own. Without parameters a `%` stands for itself.

        Raises ConnectionLost if the connection is closed; later errors are those of iam.database.errors.
        """
        if not self.alive:
            raise ConnectionLost("The connection to the database is closed.")
        statement = self.pollable().cursor()
        try:
            statement.execute(sql, parameters or None)
        except psycopg2.Error as error:
            if not self.pollable().closed:
                raise  # psycopg2 itself refused the parameters
            self._part(translated(error))
            raise translated(error) from None
        self._statement = statement
        self._began = self.reactor.seconds()
        if self._alarm is None:
            self._alarm = self.reactor.callLater(STATEMENT, self._expire)
        self._answer = answer = Deferred[Rows]()
        self._advance()
        return answer

    def _advance(self) -> None:
        """Lets libpq read or write what it can; at the end of a statement, delivers the result."""
        try:
            state = self.pollable().poll()
        except psycopg2.Error as error:
            self._stumble(error)
            return
        if state == POLL_WRITE:
            self.reactor.addWriter(self)
        elif state == POLL_OK:
            self._deliver()

    def _deliver(self) -> None:
        """Passes on notifications and rows."""
        notifications = self.pollable().notifies
        while notifications:
            notification = notifications.pop(0)
            self.heard(notification.channel, notification.payload)
        if self.overdue:
            self.finish()
        answer, self._answer = self._answer, None
        if answer is not None:
            statement, self._statement = self._statement, None
            rows = statement.fetchall() if statement.description else []
            if self._leaving is not None:
                self._part(self._leaving, over=True)
            answer.callback(rows)

    def _stumble(self, error: psycopg2.Error) -> None:
        """Passes on an error, and parts with the connection if it is no longer usable."""
        told = error.pgcode is not None  # reported by PostgreSQL itself, so its backend is idle or gone
        if self.overdue:
            if told:
                self.finish()
            else:
                self.close()
            return
        demoted = self._leaving is not None or (self.demanding and error.pgcode == READ_ONLY)
        if fatal(error) or stale(error) or demoted or self.pollable().closed:
            self._part(translated(error), over=told)
            return
        answer, self._answer = self._answer, None
        if answer is not None:
            answer.errback(translated(error))

    def _expire(self) -> None:
        """Gives up a statement that takes more than STATEMENT seconds: the server may hang (H42, H44)."""
        self._alarm = None
        if self._answer is None:
            return
        left = self._began + STATEMENT - self.reactor.seconds()
        if left > 0:
            self._alarm = self.reactor.callLater(left, self._expire)
        else:
            self.silent()
            self._give_up(GivenUp("The database did not answer in time."))

    def _give_up(self, reason: Exception) -> None:
        """Marks the connection as overdue, tells the pool and fails the statement. PostgreSQL may still finish it."""
        answer, self._answer = self._answer, None
        self._linger()
        self.lost(self, reason)
        if answer is not None:
            answer.errback(reason)

    def _part(self, reason: Exception, *, over: bool = False) -> None:
        """Closes the connection, tells the pool and fails the statement.

        Unless it is `over`, its backend may not have noticed, and the connection is overdue.
        """
        answer, self._answer = self._answer, None
        self.close()
        if not over:
            self._linger()
        self.lost(self, reason)
        if answer is not None:
            answer.errback(reason)

    def close(self) -> None:
        """Closes the socket; if a statement is under way, it goes on in PostgreSQL, and the connection is overdue."""
        self.alive = False
        if self._alarm is not None:
            self._alarm.cancel()
            self._alarm = None
        if self._watched >= 0:
            self.reactor.removeReader(self)
            self.reactor.removeWriter(self)
            os.close(self._watched)
            self._watched = -1
        if self.pollable() is not None:
            super().close()
            self.pollable().close()  # even if psycopg2 has seen the end already: only this frees libpq's memory
        answer, self._answer = self._answer, None
        if answer is not None:
            self._linger()
            answer.errback(ConnectionLost("The connection to the database was closed."))

    def finish(self) -> None:
        """Closes the socket and ends being overdue: PostgreSQL is no longer at work for the connection."""
        self.close()
        if self.overdue:
            self.overdue = False
            self.ended()

    def cancel(self, _statement: object = None) -> NoReturn:
        """Always raises RuntimeError: a caller may leave, but what is under way goes on (H42)."""
        raise RuntimeError("a statement is never cancelled: close the connection")

    def fileno(self) -> int:
        """Returns the descriptor that the reactor watches."""
        return self._watched if self._watched >= 0 else int(super().fileno())

    def doRead(self) -> None:
        """Called by the reactor when there is something to read."""
        if self._watched >= 0:
            self._advance()
        else:
            self._connect_further()

    def doWrite(self) -> None:
        """Called by the reactor when it is possible to write."""
        if self._watched >= 0:
            self.reactor.removeWriter(self)
            self._advance()
        else:
            self._connect_further()

    def _connect_further(self) -> None:
        """Continues connecting, out of the reactor meanwhile, since libpq may change its socket."""
        self.reactor.removeReader(self)
        self.reactor.removeWriter(self)
        if not self.pollable().closed:
            self.continuePolling()

    def connectionLost(self, reason: Failure) -> None:
        """Called by the reactor when the descriptor fails, and by close()."""
        if self.alive:
            self._part(ConnectionLost("The connection to the database was lost."))
        elif self._watched >= 0:
            self.close()
        else:
            super().connectionLost(reason)


def ignore(_first: object, _second: object) -> None:
    """Does nothing: the default of `lost` and `heard`."""


def nothing() -> None:
    """Does nothing: the default of `ended` and `silent`."""
