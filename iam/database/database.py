"""The Database, with which the modules of the store work: lanes of connections, hot statements, LISTEN."""

from collections.abc import Callable, Coroutine
from functools import partial
from typing import Any, Final, NoReturn, TypeVar

from twisted.internet.defer import Deferred
from twisted.python.failure import Failure

from iam.database.addresses import target
from iam.database.batches import Statement
from iam.database.conditions import conditional
from iam.database.connecting import Connector
from iam.database.connection import Connection, Parameters, Rows
from iam.database.errors import Timeout
from iam.database.losses import Losses
from iam.database.notifications import Listener
from iam.database.places import Places
from iam.database.pool import Pool, Statistics
from iam.database.readiness import CHECK, Readiness
from iam.database.watching import Watch
from iam.database.writes import LATE, Writes, writing
from iam.reactor import Reactor

LOOK: Final = 3.0  # seconds between two looks at the hosts

T = TypeVar("T")
Record = TypeVar("Record")


class Database:
    """The database: a main lane for statements, and a spare one for what must get through when that is full (H45).

    While `guard` returns a sentence, the main lane is read-only: writes raise Unavailable with that sentence (H51).
    """

    def __init__(
        self, reactor: Reactor, dsn: str, *, connections: int = 8, waiters: int = 200, look: float = LOOK
    ) -> None:
        self.reactor = reactor
        self.statements: dict[str, Statement[Any]] = {}
        # room for those that only look or are about to end: in all, less than twice what the lanes and LISTEN need
        places = Places(reactor, connections + 2 + max(1, connections - 1))
        self.connector = Connector(reactor, target(dsn), places)
        self.main = Pool(reactor, connections, waiters, self.prepared, self.changed)
        self.spare = Pool(reactor, 1, waiters, self.connector.connect, self.changed)
        self.listener = Listener(reactor, self.connector.connect, self.changed, places)
        self.watch = Watch(reactor, look, self.connector.worth_a_look, self.connector.look)
        self.guard: Callable[[], str] = str
        self.writes = Writes(reactor)
        self.losses = Losses(reactor)
        self.readiness = Readiness(reactor, self.writes, self.examine, self.told)
        self.main.restriction = self.obstacle
        self.started = False

    @property
    def statistics(self) -> Statistics:
        """Counts of what the main lane has executed."""
        return self.main.statistics

    def statement(self, name: str, record: type[Record], sql: str, *, shared: bool = False) -> Statement[Record]:
        """Declares a hot statement over records of this class, which each new connection prepares.

        Raises RuntimeError after the start.
        """
        self.declare()
        run = partial(self.run, self.main, writes=writing(sql))
        statement = Statement(self.reactor, run, self.statistics, name, record, sql, shared=shared)
        self.statements[name] = statement
        return statement

    def listen(self, channel: str, heard: Callable[[str], None], lost: Callable[[], None]) -> None:
        """Calls `heard` with each notification on a channel, and `lost` when some may have been missed (H46).

        Raises RuntimeError after the start.
        """
        self.declare()
        self.listener.listen(channel, heard, lost)

    def heard(self) -> float:
        """Return the moment, in seconds of the reactor's clock, before which every notified change has been heard of (H46)."""
        return self.listener.heard

    def declare(self) -> None:
        """Raises RuntimeError after the start, for what must be declared before."""
        if self.started:
            raise RuntimeError("statements and channels are declared before the start")

    async def start(self) -> None:
        """Connects. Raises Unavailable, which says in one sentence why it cannot."""
        self.started = True
        try:
            await self.main.start()
            await self.spare.start()
            await self.listener.start()
            self.watch.start()
        except BaseException:
            await self.stop()
            raise

    async def stop(self, patience: float = 3.0) -> None:
        """Disconnects; what is under way on the main lane has `patience` seconds to finish."""
        self.watch.stop()
        self.readiness.stop()
        self.losses.stop()
        await self.main.stop(patience)
        await self.spare.stop(0)
        await self.listener.stop(0)
        self.connector.stop()

    def query(self, sql: str, parameters: Parameters = ()) -> Deferred[Rows]:
        """Returns the rows of one statement on the main lane, which is conditional within `only_if`."""
        sql, parameters = conditional(sql, parameters)
        return shielded(self.run(self.main, sql, parameters, writes=writing(sql)))

    def aside(self, sql: str, parameters: Parameters = ()) -> Deferred[Rows]:
        """Returns the rows of one statement on the spare lane, which neither waits for requests nor delays them."""
        return shielded(self.run(self.spare, sql, parameters, writes=writing(sql)))

    def run(self, pool: Pool, sql: str, parameters: Parameters, *, writes: bool) -> Coroutine[Any, Any, Rows]:
        """Runs one statement on a lane, and notes how writes end."""
        work = pool.run(sql, parameters, writes=writes)
        return self.writes.watch(work) if writes and not self.guard() else work

    def obstacle(self) -> str:
        """Returns why the database is used read-only; empty if it is written too."""
        return self.guard()

    def told(self) -> bool:
        """Tells whether the log already has the reason why writes do not come through."""
        return not self.main.members or bool(self.guard())

    async def unready(self) -> str:
        """Returns why this server should get no requests now; empty if it may."""
        return self.guard() or await self.readiness.obstacle()

    async def examine(self) -> Rows:
        """Returns PostgreSQL's answer to CHECK. Raises Timeout after LATE seconds.

        It uses the spare lane, unless that is busy and the main lane has a free connection.
        """

        def late(_outcome: object, _seconds: float) -> NoReturn:
            raise Timeout("The database did not answer in time.")

        lane = self.main if self.main.idle and not self.spare.idle else self.spare
        return await shielded(lane.run(CHECK)).addTimeout(LATE, self.reactor, late)

    async def prepared(self) -> Connection:
        """Opens a connection that has prepared the hot statements."""
        return await self.connector.connect(*(statement.preparation for statement in self.statements.values()))

    def changed(self, reason: Exception | None) -> None:
        """Logs the first loss of a connection, and that all are back.

        Connections that were given up because writes stall are not logged.
        """
        absent = self.main.absent + self.spare.absent + self.listener.pool.absent
        if self.main.stopping:
            return
        if reason is not None and self.readiness.stalled is None:
            self.losses.lost(reason, absent)
        elif not absent and self.losses.away:
            self.losses.back()
            self.writes.forget()


def shielded(work: Coroutine[Any, Any, T]) -> Deferred[T]:
    """Returns the result of `work`, which goes on if the caller cancels (H42)."""
    outer: Deferred[T] = Deferred()

    def deliver(outcome: T | Failure) -> None:
        if not outer.called:
            outer.callback(outcome)

    Deferred.fromCoroutine(work).addBoth(deliver)
    return outer
