"""Opens connections: races the hosts, each with a deadline, and prepares a connection in one round trip (H44)."""

from collections.abc import Callable, Coroutine
from contextlib import suppress
from typing import Any, Final

from attrs import evolve, frozen
from twisted.internet.defer import Deferred, DeferredLock, gatherResults
from twisted.logger import Logger

from iam.database import poolers, primaries
from iam.database.addresses import Host, Target
from iam.database.connection import Connection
from iam.database.errors import ONLY_READ, READ_FROM, ReadOnly, Rejected, Superseded, Unavailable, Unsuitable, Unusable
from iam.database.places import Places
from iam.database.primaries import Succession
from iam.database.racing import AllFailed, Race
from iam.database.resolver import Resolver
from iam.reactor import Reactor

log = Logger()

Way = Callable[[Race[Connection]], Coroutine[Any, Any, Connection]]

OLDEST: Final = 140000  # server_version of PostgreSQL 14
TOO_OLD: Final = "it is older than version 14, and iam needs 14 or later"

# A prepared statement has one plan for all values, which stays until the statistics of its tables change. A plan made
# while a table was empty would go on reading the whole table. All hot statements look rows up by a key, so scans and
# joins that read whole tables are disabled. Pages are priced low, as they are in memory: otherwise a hashed subplan
# over a small table would look cheaper than a few look-ups.
# PostgreSQL must notice as soon as we do (addresses.CUSTOMARY) when the network or our machine is gone; by default it
# keeps an idle backend for two hours. On a Unix socket these settings have no effect.
SETTINGS: Final = """
set statement_timeout = '5s'; set lock_timeout = '2s'; set idle_in_transaction_session_timeout = '10s';
set timezone = 'UTC'; set bytea_output = 'hex'; set jit = off; set max_parallel_workers_per_gather = 0;
set plan_cache_mode = force_generic_plan;
set enable_seqscan = off; set enable_hashjoin = off; set enable_mergejoin = off;
set seq_page_cost = 0.1; set random_page_cost = 0.1;
set tcp_keepalives_idle = 5; set tcp_keepalives_interval = 5; set tcp_keepalives_count = 3; set tcp_user_timeout = '10s'
"""
UNANSWERED: Final = 2  # hanging looks at one address; no more are begun beyond these


@frozen
class Wish:
    """What a new connection must be able to do."""

    preparation: str
    reading: bool  # whether a read-only server will do, unless the connection string demands writes


class Connector:
    """Opens connections, ready for use, to the server that is the primary as far as this process knows."""

    def __init__(self, reactor: Reactor, target: Target, places: Places) -> None:
        self.reactor = reactor
        self.target = target
        self.places = places
        self.turns = DeferredLock()  # one at a time, so that a silent database gets few requests
        self.stopped = False
        self.resolver = Resolver(reactor)
        self.opening: set[Race[Connection]] = set()
        self.made: set[Connection] = set()
        self.glances: set[Connection] = set()  # those that look at an address; some may still wait for an answer
        self.answered: dict[Host, str] = {}  # the address of a host that worked last
        self.doubted: set[tuple[Host, str]] = set()  # addresses that did not answer in time
        self.succession = Succession()
        self.complaints: dict[tuple[Host, str], str] = {}
        self.examined = False  # whether a pooler was ruled out; checked once, at the start

    async def connect(self, *preparations: str) -> Connection:
        """Opens a connection to the first host that accepts it, and executes the preparations. Raises Unavailable.

        A read-only server will do once there was one that takes writes.
        """
        async with self.turns:
            preparation = ";".join([SETTINGS, *preparations, primaries.FIND])
            return await self.raced(Wish(preparation, reading=self.succession.begun))

    async def raced(self, wish: Wish) -> Connection:
        """Returns the first connection to succeed. Raises Unavailable with the reason of each host."""
        hosts = self.target.hosts
        if self.stopped:
            raise Unavailable("no more connections are made")
        race = Race(self.reactor, [self.way(host, wish) for host in hosts])
        self.opening.add(race)
        try:
            connection = await race.run()
        except AllFailed as failed:
            raise self.unusable(hosts, failed.reasons) from None
        finally:
            self.opening.discard(race)
        self.prefer(connection.host, connection.address)
        return connection

    def unusable(self, hosts: tuple[Host, ...], reasons: list[Unavailable]) -> Unavailable:
        """Returns the error that says why no host gave a connection: Unusable if waiting does not help."""
        if self.target.alone and isinstance(reasons[0], ReadOnly):
            return ReadOnly(READ_FROM + ".")
        told = "; ".join(f"{host}: {reason}" for host, reason in zip(hosts, reasons, strict=True))
        final = any(isinstance(reason, Unusable) for reason in reasons)
        return (Unusable if final else Unavailable)("PostgreSQL cannot be used: " + told)

    def way(self, host: Host, wish: Wish) -> Way:
        """Returns the attempt by which a race reaches this host."""
        return lambda race: self.reach(race, host, wish)

    async def reach(self, race: Race[Connection], host: Host, wish: Wish) -> Connection:
        """Opens a connection to one of the addresses of a host, which race each other. Raises Unavailable."""
        addresses = await self.addresses(host)

        def way(address: str) -> Way:
            return lambda inner: self.attempt(inner, host, address, wish)

        inner = Race(self.reactor, [way(address) for address in addresses])
        race.take(inner)
        try:
            return await inner.run()
        except AllFailed as failed:
            raise next(filter(readable, failed.reasons), failed.reasons[-1]) from None
        finally:
            race.opening.discard(inner)

    async def addresses(self, host: Host) -> list[str]:
        """Returns the addresses of a host: first the one that worked last, at the end those that did not answer.

        Raises Unavailable.
        """
        found = await self.resolver.addresses(host)
        if not found:
            raise Unavailable("its name has no address")
        good = self.answered.get(host)
        return sorted(found, key=lambda address: ((host, address) in self.doubted, address != good))

    async def attempt(self, race: Race[Connection], host: Host, address: str, wish: Wish) -> Connection:
        """Opens, checks and prepares a connection to one address. Raises Unavailable."""
        connection = self.new(host, address)
        race.take(connection)
        try:
            await connection.open(self.target.at(host, address))
            self.demand(wish, only_read=connection.standby)
            await self.examine(connection)
            await self.prepare(connection, wish.preparation)
            self.settle(connection)
            self.demand(wish, only_read=not connection.server.writes)
            self.made.add(connection)
            await self.places.look(connection)
        except BaseException:
            connection.let_go()
            raise
        finally:
            race.opening.discard(connection)
        return connection

    def new(self, host: Host, address: str) -> Connection:
        """Returns a connection that is to be opened and has taken a place. Raises Unavailable.

        If it does not answer, its address is tried last from then on.
        """
        if self.stopped:
            raise Unavailable("no more connections are made")
        connection = Connection(self.reactor)
        connection.host, connection.address = host, address
        connection.place = (host.name, address, host.port)
        connection.demanding = self.target.demanding
        connection.silent = lambda: self.doubt(host, address)
        self.places.take(connection)
        return connection

    def demand(self, wish: Wish, *, only_read: bool) -> None:
        """Raises ReadOnly if a connection must write and the server is read-only."""
        if only_read and (self.target.demanding or not wish.reading):
            raise ReadOnly(f"it is only read: {ONLY_READ}")

    async def examine(self, connection: Connection) -> None:
        """Raises Unsuitable if PostgreSQL is too old, or behind a pooler that does not keep settings.

        A pooler is detected with a second connection. If none can be opened, the next connection is checked.
        """
        if connection.server_version < OLDEST:
            raise Unsuitable(TOO_OLD)
        if self.examined:
            return
        other = self.new(connection.host, connection.address)
        try:
            with suppress(Unavailable):
                await other.open(self.target.at(connection.host, connection.address))
            if other.alive:
                await poolers.examine(self.reactor, connection, other)
                self.examined = True
        finally:
            other.let_go()

    async def prepare(self, connection: Connection, preparation: str) -> None:
        """Executes the preparation and reads what the server is. Raises Unusable if the tables do not fit."""
        try:
            [row] = await connection.run(preparation)
            connection.pid = row[0]
        except Rejected as reason:
            raise Unusable(f"its tables do not fit this version of iam ({reason})") from None
        connection.server = primaries.read(row)

    async def look(self, host: Host) -> None:
        """Looks at the addresses of a host; a server that takes writes on a later timeline replaces ours."""
        with suppress(Unavailable):
            looks = [Deferred.fromCoroutine(self.glance(host, address)) for address in await self.addresses(host)]
            await gatherResults(looks, consumeErrors=True)

    async def glance(self, host: Host, address: str) -> None:
        """Looks at one address with a connection of its own, since existing connections may lead elsewhere."""
        self.glances = {other for other in self.glances if other.connected}
        if sum(other.host == host and other.address == address for other in self.glances) >= UNANSWERED:
            return
        connection = self.new(host, address)
        self.glances.add(connection)
        try:
            await connection.open(self.target.at(host, address))
            await self.prepare(connection, primaries.FIND)
            self.settle(connection)
            if connection.server.writes:
                self.prefer(host, address)
            await self.places.look(connection)
        except Unavailable:
            pass
        finally:
            connection.let_go()

    def worth_a_look(self) -> tuple[Host, ...]:
        """Returns the hosts whose server may have changed.

        A single Unix socket always leads to the same server, so it is looked at only while that is read-only.
        """
        local = self.target.alone and self.target.hosts[0].local
        return () if local and all(connection.server.writes for connection in self.current()) else self.target.hosts

    def current(self) -> set[Connection]:
        """Returns the connections in use."""
        self.made = {connection for connection in self.made if connection.alive}
        return self.made

    def settle(self, connection: Connection) -> None:
        """Raises Unavailable if this server is worse than ours; otherwise leaves connections to a worse one.

        Logs each new reason of an address, and a change of the primary.
        """
        place = (connection.host, connection.address)
        try:
            self.succession.judge(connection.server)
            self.compare(connection)
        except Unavailable as reason:
            if self.complaints.get(place) != str(reason):
                self.complaints[place] = str(reason)
                log.warn("database.refused: {host}: {reason}", host=str(connection.host), reason=str(reason))
            raise
        self.complaints.pop(place, None)
        if self.succession.note(connection.server):
            log.warn(
                "database.superseded: {host} takes writes on timeline {timeline}, and the server before is left",
                host=str(connection.host),
                timeline=connection.server.timeline,
            )
        self.leave(connection)

    def compare(self, new: Connection) -> None:
        """Raises Unavailable if ours, on the same timeline, was started later: two such servers must not be mixed."""
        if new.server.writes and any(ours.server.rank > new.server.rank for ours in self.current()):
            raise Unavailable(
                "another server, which was started later, takes writes on the same timeline and is in use"
            )

    def leave(self, new: Connection) -> None:
        """Retires connections to servers that are worse than this one.

        Those to a server that takes writes are closed at once, because what it acknowledges will be lost.
        """
        if not new.server.writes:
            return
        for ours in [other for other in self.places.connections if other.overdue]:
            if ours.server.writes and ours.server.rank < new.server.rank:
                ours.finish()
        for ours in list(self.current()):
            if ours.server.rank < new.server.rank:
                ours.retire(
                    Superseded("Another server of the database is the primary now."), at_once=ours.server.writes
                )

    def prefer(self, host: Host, address: str) -> None:
        """Puts this host first from now on, at this address."""
        self.answered[host] = address
        self.doubted.discard((host, address))
        self.target = evolve(self.target, hosts=(host, *self.others(host)))

    def doubt(self, host: Host, address: str) -> None:
        """Puts this host last from now on, and this address last among its addresses."""
        self.doubted.add((host, address))
        self.target = evolve(self.target, hosts=(*self.others(host), host))

    def others(self, host: Host) -> tuple[Host, ...]:
        """Returns all hosts but this one, in their order."""
        return tuple(other for other in self.target.hosts if other != host)

    def stop(self) -> None:
        """Drops the attempts under way and closes all connections."""
        self.stopped = True
        for race in list(self.opening):
            race.drop()
        self.places.close()


def readable(reason: Unavailable) -> bool:
    """Tells whether the reason is a server that can be read but not written."""
    return isinstance(reason, ReadOnly)
