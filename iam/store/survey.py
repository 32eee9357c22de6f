"""Which servers the hosts of `--database` are: all are asked at once, before anything is written.

Hosts of two clusters would share out the data among them, so they are refused; so is a place to which no write can go.
"""

from collections.abc import Callable, Coroutine, Iterator, Mapping, Sequence
from contextlib import suppress
from datetime import datetime
from itertools import combinations
from typing import Any, Final

from attrs import evolve, field, frozen
from psycopg2.extensions import make_dsn
from twisted.internet.defer import Deferred
from twisted.logger import Logger
from twisted.python.failure import Failure

from iam.store import poolers
from iam.store.addresses import Host, Target
from iam.store.connecting import OLDEST, TOO_OLD
from iam.store.connection import Connection
from iam.store.connection_strings import wrong
from iam.store.errors import READ_FROM, Rejected, Unavailable, Unsuitable, Unusable
from iam.store.racing import AllFailed, Race
from iam.store.resolver import Resolver

GRACE: Final = 1.0  # seconds that the other hosts have after one was found that takes writes
ABOUT: Final = """
select current_setting('transaction_read_only')::boolean, pg_postmaster_start_time(),
    host(inet_server_addr()), inet_server_port()
"""
CLUSTER: Final = "select system_identifier::text from pg_control_system()"
TIMELINE: Final = "select left(pg_walfile_name(pg_current_wal_lsn()), 8)"
SILENT: Final = Unavailable("no answer in time")

log = Logger()


@frozen
class Server:
    """A PostgreSQL, as it is seen by way of one of the hosts."""

    host: Host
    address: str
    read_only: bool
    began: datetime
    own: tuple[str | None, int | None]  # the address and port that it has itself
    cluster: str | None  # the system identifier, which all copies of one cluster have; None where we may not know it
    timeline: str  # empty for a standby

    @property
    def direct(self) -> bool:
        """Were we led there by nothing that might lead elsewhere tomorrow: no proxy, no name but this machine's?"""
        if self.host.local:
            return self.own == (None, None)
        lasting = (
            self.host.address or self.host.place[0] == self.address or self.host.name.lower().rstrip(".") == "localhost"
        )
        return bool(lasting) and self.own == (self.address, int(self.host.port or 5432))


@frozen
class Findings:
    """What there is behind the hosts of a target."""

    servers: tuple[Server, ...] = ()
    missing: tuple[tuple[Host, Unavailable], ...] = ()

    @property
    def writable(self) -> list[Server]:
        """Those that take writes; of several, one that was promoted comes before the one that it has replaced."""
        return sorted((one for one in self.servers if not one.read_only), key=lambda one: one.timeline, reverse=True)


@frozen
class Surveyed:
    """A target whose hosts are in the order to use them."""

    target: Target
    primary: str = field(
        repr=False
    )  # the connection string that leads to the one that takes writes, at the address that answered


async def survey(reactor: Any, target: Target) -> Surveyed:
    """Who takes writes, and in which order the hosts are to be used; raises Unavailable where none of them takes writes.

    Raises Unusable where waiting does not cure that, and Misdirected where they do not belong together.
    """
    findings = await look(reactor, target)
    unsuitable = any(isinstance(reason, Unsuitable) for _, reason in findings.missing)
    check_cluster(findings.servers)
    check_twice(findings.servers)
    if unsuitable or not findings.writable:
        raise obstacle(findings)
    check_copies(findings.writable)
    report(findings)
    first = [server.host for server in findings.writable]
    answering = [server.host for server in findings.servers if server.read_only]
    hosts = (*first, *answering, *(host for host, _ in findings.missing))
    primary = findings.writable[0]
    return Surveyed(evolve(target, hosts=hosts), str(make_dsn(**target.at(primary.host, primary.address))))


async def look(reactor: Any, target: Target) -> Findings:
    """What the hosts answer, all asked at once; those that are slow are left out once there is one that takes writes."""
    outcomes: dict[Host, Server | Failure] = {}
    enough: Deferred[None] = Deferred()
    timers: list[Any] = []

    def stop() -> None:
        if not enough.called:
            enough.callback(None)

    def note(outcome: Server | Failure, host: Host) -> None:
        outcomes[host] = outcome
        if len(outcomes) == len(target.hosts):
            stop()
        elif isinstance(outcome, Server) and not outcome.read_only:
            timers.append(reactor.callLater(GRACE, stop))

    visitor = Visitor(reactor, target)
    visits = [Deferred.fromCoroutine(visitor.visit(host)).addBoth(note, host) for host in target.hosts]
    try:
        await enough
        return findings(target, dict(outcomes))
    finally:
        for pending in (*visits, *(timer for timer in timers if timer.active())):
            pending.cancel()


def findings(target: Target, outcomes: Mapping[Host, Server | Failure]) -> Findings:
    """The servers and what kept us from others; an exception that nobody expects is raised."""
    missing: list[tuple[Host, Unavailable]] = []
    for host in target.hosts:
        outcome: Any = outcomes.get(host, SILENT)
        if isinstance(outcome, Failure):
            outcome.trap(Unavailable)
            outcome = outcome.value
        if isinstance(outcome, Unavailable):
            missing.append((host, outcome))
    return Findings(tuple(one for one in outcomes.values() if isinstance(one, Server)), tuple(missing))


@frozen
class Visitor:
    """Asks each host who it is."""

    reactor: Any
    target: Target
    resolver: Resolver = field(init=False)

    @resolver.default
    def _resolver(self) -> Resolver:
        return Resolver(self.reactor)

    async def visit(self, host: Host) -> Server:
        """The server behind a host, at the first of its addresses that lets us in; raises Unavailable."""
        addresses = await self.resolver.addresses(host)
        if not addresses:
            raise Unavailable("its name has no address")
        try:
            return await Race(self.reactor, [self.way(host, address) for address in addresses]).run()
        except AllFailed as failed:
            raise next(
                (reason for reason in failed.reasons if isinstance(reason, Unusable)), failed.reasons[-1]
            ) from None

    def way(self, host: Host, address: str) -> Callable[[Race[Server]], Coroutine[Any, Any, Server]]:
        """How a race calls at one address."""
        return lambda race: self.call(race, host, address)

    async def call(self, race: Race[Server], host: Host, address: str) -> Server:
        """The server at one address of a host."""
        connection, other = Connection(self.reactor), Connection(self.reactor)
        keywords = self.target.at(host, address)
        race.take(connection)
        try:
            await connection.open(keywords)
            server = await ask(connection, host, address)
            if len(self.target.hosts) > 1:  # else the first connection of the server's own finds out
                await self.examine(connection, other, keywords, reading=server.read_only)
            return server
        except Rejected as reason:
            raise Unsuitable(f"it is no PostgreSQL that iam can work with ({reason})") from None
        finally:
            race.opening.discard(connection)
            connection.close()
            other.close()

    async def examine(self, one: Connection, other: Connection, keywords: Mapping[str, str], *, reading: bool) -> None:
        """Raise Unsuitable where a pooler is in between, if a second connection can be had to see it."""
        with suppress(Unavailable):
            await other.open(keywords)
        if other.alive:
            await poolers.examine(self.reactor, one, other, reading=reading)


async def ask(connection: Connection, host: Host, address: str) -> Server:
    """Which server this connection leads to; raises Unsuitable where it is too old."""
    if connection.server_version < OLDEST:
        raise Unsuitable(TOO_OLD)
    ((read_only, began, own_address, own_port),) = await connection.run(ABOUT)
    return Server(
        host,
        address,
        read_only=read_only,
        began=began,
        own=(own_address, own_port),
        cluster=await allowed(connection, CLUSTER),
        timeline="" if read_only else await allowed(connection, TIMELINE) or "",
    )


async def allowed(connection: Connection, sql: str) -> str | None:
    """A value that some operators and providers let nobody see."""
    try:
        ((value,),) = await connection.run(sql)
    except Rejected:
        return None
    return str(value)


def report(findings: Findings) -> None:
    """Say what is not as it should be, although there is a server to work with."""
    for host, reason in findings.missing:
        log.warn("database.missing: {host}: {reason}", host=str(host), reason=str(reason))
    for one, other in twice(findings.servers):
        log.warn(
            "database.twice: ({one}) and ({other}) lead to the same server", one=str(one.host), other=str(other.host)
        )
    first, *others = findings.writable
    for other in others:
        if other.timeline != first.timeline:
            log.warn(
                "database.deposed: ({other}) still takes writes, which are lost: ({first}) was promoted after it",
                other=str(other.host),
                first=str(first.host),
            )


def check_cluster(servers: Sequence[Server]) -> None:
    """Refuse hosts of different clusters: what is written to one would be missing in the other."""
    known = [server for server in servers if server.cluster]
    for one in known[1:]:
        if one.cluster != known[0].cluster:
            raise wrong(
                f"({known[0].host}) and ({one.host}) are different clusters (system identifiers {known[0].cluster} "
                f"and {one.cluster}), among which the data would be shared out; name only hosts of one"
            )


def twice(servers: Sequence[Server]) -> Iterator[tuple[Server, Server]]:
    """The pairs of hosts that lead to one server."""
    for one, other in combinations(servers, 2):
        if (one.cluster, one.began) == (other.cluster, other.began):
            yield one, other


def check_twice(servers: Sequence[Server]) -> None:
    """Refuse a server that is named twice. Proxies and names that lead to one server may lead to two tomorrow: they may stay."""
    for one, other in twice(servers):
        if one.direct and other.direct:
            raise wrong(f"({one.host}) and ({other.host}) are the same server; name it once")


def check_copies(writable: Sequence[Server]) -> None:
    """Refuse two that both take writes and of which none has replaced the other."""
    first, *others = writable
    for other in others:
        if other.timeline == first.timeline and other.began != first.began:
            raise Unusable(
                f"({first.host}) and ({other.host}) both take writes, and neither was promoted after the other: "
                "what is written to one of them would be missing in the other. Stop one, or leave it out of --database."
            )


def obstacle(findings: Findings) -> Unavailable:
    """Why no host can be used."""
    told = [f"{host}: {reason}" for host, reason in findings.missing]
    final = any(isinstance(reason, Unusable) for _, reason in findings.missing)
    kind = Unusable if final else Unavailable
    if findings.writable or not findings.servers:
        return kind("PostgreSQL cannot be used: " + "; ".join(told))
    hosts = ", ".join(f"({server.host})" for server in findings.servers)
    return kind("; ".join([f"{READ_FROM}: {hosts}", *told]))
