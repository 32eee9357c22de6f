"""PostgreSQL: lanes of connections, hot statements, LISTEN. The only object that other modules of the store know."""

from collections.abc import Callable, Coroutine
from functools import partial
from typing import Any, Final, NoReturn, TypeVar

from twisted.internet.defer import Deferred
from twisted.python.failure import Failure

from iam.database.addresses import target
from iam.database.batches import Statement
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

    While `guard` gives a sentence, the main lane only reads: what would write is Unavailable (H51).
    """

    def __init__(
        self, reactor: Reactor, dsn: str, *, connections: int = 8, waiters: int = 200, look: float = LOOK
    ) -> None:
        self.reactor = reactor
        self.statements: dict[str, Statement[Any]] = {}
        # with one more to look, and those that are about to end, there are fewer than twice as many as there are connections
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
        """What has been asked on the main lane."""
        return self.main.statistics

    def statement(self, name: str, record: type[Record], sql: str, *, shared: bool = False) -> Statement[Record]:
        """Declare a hot statement over such records, before the start: each connection prepares it as soon as it is open."""
        self.declare()
        run = partial(self.run, self.main, writes=writing(sql))
        statement = Statement(self.reactor, run, self.statistics, name, record, sql, shared=shared)
        self.statements[name] = statement
        return statement

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
            self.watch.start()
        except BaseException:
            await self.stop()
            raise

    async def stop(self, patience: float = 3.0) -> None:
        """Let what is under way finish, within limits, and disconnect."""
        self.watch.stop()
        self.readiness.stop()
        self.losses.stop()
        await self.main.stop(patience)
        await self.spare.stop(0)
        await self.listener.stop(0)
        self.connector.stop()

    def query(self, sql: str, parameters: Parameters = ()) -> Deferred[Rows]:
        """The rows of one statement."""
        return shielded(self.run(self.main, sql, parameters, writes=writing(sql)))

    def aside(self, sql: str, parameters: Parameters = ()) -> Deferred[Rows]:
        """The rows of one statement on the spare lane, for what must not wait for requests nor delay them."""
        return shielded(self.run(self.spare, sql, parameters, writes=writing(sql)))

    def run(self, pool: Pool, sql: str, parameters: Parameters, *, writes: bool) -> Coroutine[Any, Any, Rows]:
        """Run one statement on a lane; what becomes of writes is noted."""
        work = pool.run(sql, parameters, writes=writes)
        return self.writes.watch(work) if writes and not self.guard() else work

    def obstacle(self) -> str:
        """Why the database is only read; empty if it is written too."""
        return self.guard()

    def told(self) -> bool:
        """Does the log have it already why writes do not come through?"""
        return not self.main.members or bool(self.guard())

    async def unready(self) -> str:
        """Why nobody should be sent to this server now; empty if they may."""
        return self.guard() or await self.readiness.obstacle()

    async def examine(self) -> Rows:
        """Ask PostgreSQL about itself: on the spare lane, unless something there takes its time and the other lane is free."""

        def late(_outcome: object, _seconds: float) -> NoReturn:
            raise Timeout("The database did not answer in time.")

        lane = self.main if self.main.idle and not self.spare.idle else self.spare
        return await shielded(lane.run(CHECK)).addTimeout(LATE, self.reactor, late)

    async def prepared(self) -> Connection:
        """A new connection that knows the hot statements."""
        return await self.connector.connect(*(statement.preparation for statement in self.statements.values()))

    def changed(self, reason: Exception | None) -> None:
        """Have the first loss told, and the end of it; not of connections that were given up since writes do not come through."""
        absent = self.main.absent + self.spare.absent + self.listener.pool.absent
        if self.main.stopping:
            return
        if reason is not None and self.readiness.stalled is None:
            self.losses.lost(reason, absent)
        elif not absent and self.losses.away:
            self.losses.back()
            self.writes.forget()


def shielded(work: Coroutine[Any, Any, T]) -> Deferred[T]:
    """The result of `work`, which goes on when nobody waits for it any longer (H42)."""
    outer: Deferred[T] = Deferred()

    def deliver(outcome: T | Failure) -> None:
        if not outer.called:
            outer.callback(outcome)

    Deferred.fromCoroutine(work).addBoth(deliver)
    return outer
