"""How a connection comes about: host after host, each with a deadline, and made ready in one round trip (H44)."""

from collections.abc import Mapping
from contextlib import suppress
from typing import Any, Final

from attrs import evolve
from twisted.internet.defer import DeferredLock

from iam.store import poolers
from iam.store.addresses import Host, Target
from iam.store.connection import Connection
from iam.store.errors import Rejected, Unavailable, Unsuitable, Unusable
from iam.store.places import Places
from iam.store.resolver import Resolver

OLDEST: Final = 140000  # server_version of PostgreSQL 14
TOO_OLD: Final = "it is older than version 14, and iam needs 14 or later"

# A prepared statement is planned once, for any values, and the plan stays until the statistics of its tables change:
# made while a table was empty, it would go on to read the whole table. All hot statements look rows up by a key, so
# scans and joins that read whole tables are out of the question from the start, and a page costs little, being in memory:
# else a hashed subplan over a small table looks cheaper than a few look-ups.
# PostgreSQL is to notice as soon as we do (addresses.CUSTOMARY) when the network or our machine is gone: it would keep an
# idle backend for two hours. Where the socket is a Unix one this means nothing.
SETTINGS: Final = """
set statement_timeout = '5s'; set lock_timeout = '2s'; set idle_in_transaction_session_timeout = '10s';
set timezone = 'UTC'; set bytea_output = 'hex'; set jit = off; set max_parallel_workers_per_gather = 0;
set plan_cache_mode = force_generic_plan;
set enable_seqscan = off; set enable_hashjoin = off; set enable_mergejoin = off;
set seq_page_cost = 0.1; set random_page_cost = 0.1;
set tcp_keepalives_idle = 5; set tcp_keepalives_interval = 5; set tcp_keepalives_count = 3; set tcp_user_timeout = '10s'
"""
PROCESS: Final = "select pg_backend_pid()"  # libpq knows it too, but poolers tell it another number


class Connector:
    """Makes connections that are ready for use."""

    def __init__(self, reactor: Any, target: Target, places: Places) -> None:
        self.reactor = reactor
        self.target = target
        self.places = places
        self.turns = DeferredLock()  # one after another, so that a silent database is not asked by all at once
        self.stopped = False
        self.resolver = Resolver(reactor)
        self.opening: set[Connection] = set()
        self.examined = False  # whether what is set on a connection lasts, found out once, at the start

    async def connect(self, *preparations: str) -> Connection:
        """A new connection to the first host that takes it."""
        async with self.turns:
            return await self.walk(";".join([SETTINGS, *preparations, PROCESS]))

    async def walk(self, preparation: str) -> Connection:
        """A new connection to the first host that takes it, each being asked in turn."""
        reasons = []
        for host in self.target.hosts:
            try:
                return await self.reach(host, preparation)
            except Unavailable as reason:
                reasons.append((host, reason))
        final = any(isinstance(reason, Unusable) for _, reason in reasons)
        told = "; ".join(f"{host}: {reason}" for host, reason in reasons)
        raise (Unusable if final else Unavailable)("PostgreSQL cannot be used: " + told)

    async def reach(self, host: Host, preparation: str) -> Connection:
        """A new connection to one of the addresses of a host, which is the first to be asked from now on."""
        reason = Unavailable("its name has no address")
        for address in await self.resolver.addresses(host):
            try:
                connection = await self.attempt(self.target.at(host, address), preparation)
            except Unavailable as error:
                reason = error
            else:
                self.prefer(host)
                return connection
        raise reason

    async def attempt(self, keywords: Mapping[str, str], preparation: str) -> Connection:
        """A new connection to one address."""
        connection = self.connection(keywords)
        self.opening.add(connection)
        try:
            await connection.open(keywords)
            await self.examine(connection, keywords)
            await self.prepare(connection, preparation)
            await self.places.look(connection)
        except BaseException:
            connection.let_go()
            raise
        finally:
            self.opening.discard(connection)
        return connection

    def connection(self, keywords: Mapping[str, str]) -> Connection:
        """A connection that is to be opened, with a place of its own."""
        if self.stopped:
            raise Unavailable("no more connections are made")
        connection = Connection(self.reactor)
        connection.place = tuple(keywords.get(name, "") for name in ("host", "hostaddr", "port"))
        self.places.take(connection)
        return connection

    async def examine(self, connection: Connection, keywords: Mapping[str, str]) -> None:
        """Raise Unavailable where PostgreSQL is too old, or a pooler in between: that shows with a second connection, if one can be had."""
        if connection.server_version < OLDEST:
            raise Unsuitable(TOO_OLD)
        if self.examined:
            return
        other = self.connection(keywords)
        self.opening.add(other)
        try:
            with suppress(Unavailable):
                await other.open(keywords)
            if other.alive:
                await poolers.examine(self.reactor, connection, other)
                self.examined = True
        finally:
            other.let_go()
            self.opening.discard(other)

    async def prepare(self, connection: Connection, preparation: str) -> None:
        """Make a connection ready, or say why it cannot be."""
        try:
            [(connection.pid,)] = await connection.run(preparation)
        except Rejected as reason:
            raise Unusable(f"its tables do not fit this version of iam ({reason})") from None

    def prefer(self, host: Host) -> None:
        """Ask this host first from now on: those before it may be silent."""
        others = tuple(other for other in self.target.hosts if other != host)
        self.target = evolve(self.target, hosts=(host, *others))

    def stop(self) -> None:
        """Give up what is under way."""
        self.stopped = True
        self.places.close()
