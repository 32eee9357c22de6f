"""Finds out which servers the hosts of `--database` are: asks all at once, before anything is written.

Refuses hosts of two clusters, between which the data would be divided, and hosts of which none takes writes.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from itertools import combinations
from typing import Any, Final

from attrs import define, evolve, field, frozen
from psycopg2.extensions import make_dsn
from twisted.internet.defer import Deferred, DeferredList
from twisted.logger import Logger
from twisted.python.failure import Failure

from iam.database import poolers, primaries
from iam.database.addresses import Host, Target
from iam.database.connecting import OLDEST, TOO_OLD
from iam.database.connection import Connection
from iam.database.connection_strings import wrong
from iam.database.errors import READ_FROM, Rejected, Unavailable, Unsuitable, Unusable
from iam.database.resolver import Resolver, system
from iam.reactor import Reactor

GRACE: Final = 1.0  # seconds that the other hosts have to answer after one that takes writes
WHERE: Final = "select host(inet_server_addr()), inet_server_port()"
SILENT: Final = Unavailable("no answer in time")

Names = Callable[[str], list[str]]  # the addresses of a name

log = Logger()


@frozen
class Seen:
    """A PostgreSQL server, as seen through one of the hosts."""

    host: Host
    address: str
    about: primaries.Instance
    own: tuple[str | None, int | None]  # its own address and port

    def __str__(self) -> str:
        told = self.host.name or self.address
        return f"({self.host})" if told == self.address or self.host.local else f"({self.host}, at {self.address})"

    @property
    def direct(self) -> bool:
        """Whether the host will always lead to this server: by no proxy, and by no name but localhost."""
        if self.host.local:
            return self.own == (None, None)
        lasting = (
            self.host.address or self.host.place[0] == self.address or self.host.name.lower().rstrip(".") == "localhost"
        )
        return bool(lasting) and self.own == (self.address, int(self.host.port or 5432))


@frozen
class Findings:
    """The servers behind the hosts of a target, and the hosts without a suitable one, with the reason."""

    servers: tuple[Seen, ...] = ()
    missing: tuple[tuple[Host, Unavailable], ...] = ()

    @property
    def writable(self) -> list[Seen]:
        """The servers that take writes; a promoted one comes before the one that it has replaced."""
        return sorted(
            (one for one in self.servers if one.about.writes), key=lambda one: one.about.timeline, reverse=True
        )


@frozen
class Surveyed:
    """A target with its hosts in the order to use them, and the connection string of the primary.

    The string leads to the address that answered.
    """

    target: Target
    primary: str = field(repr=False)


async def survey(reactor: Reactor, target: Target, names: Names = system) -> Surveyed:
    """Finds the server that takes writes and the order in which to use the hosts.

    Raises Unavailable if none takes writes, Unusable if waiting does not help, and Misdirected if the hosts do not
    belong together.
    """
    findings = await look(Round(reactor, target, Resolver(reactor, names)))
    unsuitable = any(isinstance(reason, Unsuitable) for _, reason in findings.missing)
    check_cluster(findings.servers)
    check_twice(findings.servers)
    if unsuitable or not findings.writable:
        raise obstacle(findings)
    check_copies(findings.writable)
    report(findings)
    answering = [*findings.writable, *(server for server in findings.servers if not server.about.writes)]
    order = dict.fromkeys([*(server.host for server in answering), *(host for host, _ in findings.missing)])
    primary = findings.writable[0]
    return Surveyed(evolve(target, hosts=tuple(order)), str(make_dsn(**target.at(primary.host, primary.address))))


async def look(hosts: "Round") -> Findings:
    """Returns what the hosts answer, all asked at once; slow ones are left out once one takes writes."""
    visits = hosts.visits()
    try:
        await hosts.over(visits)
        return hosts.findings()
    finally:
        for visit in visits:
            visit.cancel()
        hosts.stop()


@define
class Round:
    """Asks each address of each host which server it is."""

    _reactor: Reactor
    _target: Target
    _resolver: Resolver
    _servers: list[Seen] = field(factory=list)
    _reasons: dict[Host, list[Unavailable]] = field(factory=dict)
    _enough: Deferred[None] = field(factory=Deferred)
    _timers: list[Any] = field(factory=list)

    def visits(self) -> list[Deferred[None]]:
        """Starts a visit to each host."""
        return [Deferred.fromCoroutine(self.visit(host)) for host in self._target.hosts]

    def over(self, visits: Sequence[Deferred[None]]) -> Deferred[None]:
        """Fires when all visits are over, or GRACE seconds after a primary was found. Fails on unexpected errors."""
        left = set(visits)

        def ended(outcome: object, visit: Deferred[None]) -> None:
            left.discard(visit)
            if isinstance(outcome, Failure) and not self._enough.called:
                self._enough.errback(outcome)
            elif not left:
                self._suffice()

        for visit in visits:
            visit.addBoth(ended, visit)
        return self._enough

    def _suffice(self) -> None:
        if not self._enough.called:
            self._enough.callback(None)

    def stop(self) -> None:
        """Cancels the timers."""
        for timer in self._timers:
            if timer.active():
                timer.cancel()

    async def visit(self, host: Host) -> None:
        """Notes the servers at the addresses of a host, and why others cannot be used."""
        self._reasons[host] = []
        try:
            addresses = await self._resolver.addresses(host)
        except Unavailable as reason:
            self._reasons[host].append(reason)
            return
        calls = [Deferred.fromCoroutine(self._note(host, address)) for address in addresses]
        outcomes: list[tuple[bool, Any]] = await DeferredList(calls, consumeErrors=True)
        for _, outcome in outcomes:
            if isinstance(outcome, Failure):
                outcome.raiseException()

    async def _note(self, host: Host, address: str) -> None:
        try:
            server = await self._call(host, address)
        except Unavailable as reason:
            self._reasons[host].append(reason)
            return
        self._servers.append(server)
        if server.about.writes:
            self._timers.append(self._reactor.callLater(GRACE, self._suffice))

    async def _call(self, host: Host, address: str) -> Seen:
        """Returns the server at one address of a host. Raises Unavailable."""
        connection, other = Connection(self._reactor), Connection(self._reactor)
        keywords = self._target.at(host, address)
        try:
            await connection.open(keywords)
            server = await ask(connection, host, address)
            if len(self._target.hosts) > 1:  # else the Connector examines its first connection
                await self._examine(connection, other, keywords, reading=not server.about.writes)
            return server
        except Rejected as reason:
            raise Unsuitable(f"it is no PostgreSQL that iam can work with ({reason})") from None
        finally:
            connection.close()
            other.close()

    async def _examine(self, one: Connection, other: Connection, keywords: Mapping[str, str], *, reading: bool) -> None:
        """Raises Unsuitable if there is a pooler in between; is skipped if no second connection can be opened."""
        with suppress(Unavailable):
            await other.open(keywords)
        if other.alive:
            await poolers.examine(self._reactor, one, other, reading=reading)

    def findings(self) -> Findings:
        """Returns what was found until now.

        A host is missing if no address of it answers, or if something unsuitable is at one of them.
        """
        found = {server.host for server in self._servers}
        missing = []
        for host in self._target.hosts:
            reason = gravest(self._reasons.get(host, []))
            if host not in found or isinstance(reason, Unsuitable):
                missing.append((host, reason))
        return Findings(
            tuple(sorted(self._servers, key=lambda server: self._target.hosts.index(server.host))), tuple(missing)
        )


def gravest(reasons: Sequence[Unavailable]) -> Unavailable:
    """Returns the reason to report for a host, of those that its addresses gave."""
    for kind in (Unsuitable, Unusable, Unavailable):
        for reason in reasons:
            if isinstance(reason, kind):
                return reason
    return SILENT


async def ask(connection: Connection, host: Host, address: str) -> Seen:
    """Returns which server this connection leads to. Raises Unsuitable if it is too old."""
    if connection.server_version < OLDEST:
        raise Unsuitable(TOO_OLD)
    [row] = await connection.run(primaries.FIND)
    [own] = await connection.run(WHERE)
    return Seen(host, address, primaries.read(row), own)


def report(findings: Findings) -> None:
    """Logs hosts that are missing, lead to the same server, or are deposed."""
    for host, reason in findings.missing:
        log.warn("database.missing: {host}: {reason}", host=str(host), reason=str(reason))
    for one, other in twice(findings.servers):
        log.warn("database.twice: {one} and {other} lead to the same server", one=str(one), other=str(other))
    first, *others = findings.writable
    for other in others:
        if other.about.timeline != first.about.timeline:
            log.warn(
                "database.deposed: {other} still takes writes, which are lost: {first} was promoted after it",
                other=str(other),
                first=str(first),
            )


def check_cluster(servers: Sequence[Seen]) -> None:
    """Raises Misdirected for hosts of different clusters: writes to one would be missing in the other."""
    known = [server for server in servers if server.about.cluster]
    for one in known[1:]:
        if one.about.cluster != known[0].about.cluster:
            raise wrong(
                f"{known[0]} and {one} are different clusters (system identifiers {known[0].about.cluster} "
                f"and {one.about.cluster}), among which the data would be shared out; name only hosts of one"
            )


def twice(servers: Sequence[Seen]) -> Iterator[tuple[Seen, Seen]]:
    """Yields the pairs of hosts that lead to the same server."""
    for one, other in combinations(servers, 2):
        if one.host != other.host and (one.about.cluster, one.about.started) == (
            other.about.cluster,
            other.about.started,
        ):
            yield one, other


def check_twice(servers: Sequence[Seen]) -> None:
    """Raises Misdirected if a server is named twice.

    Proxies and names that lead to one server now may lead to two tomorrow, so they are accepted.
    """
    for one, other in twice(servers):
        if one.direct and other.direct:
            raise wrong(f"{one} and {other} are the same server; name it once")


def check_copies(writable: Sequence[Seen]) -> None:
    """Raises Unusable if two servers take writes and neither has replaced the other."""
    first, *others = writable
    for other in others:
        if other.about.timeline == first.about.timeline and other.about.started != first.about.started:
            raise Unusable(
                f"{first} and {other} both take writes, and neither was promoted after the other: "
                "what is written to one of them would be missing in the other. Stop one, or leave it out of --database."
            )


def obstacle(findings: Findings) -> Unavailable:
    """Returns the error that says why no host can be used."""
    told = [f"{host}: {reason}" for host, reason in findings.missing]
    final = any(isinstance(reason, Unusable) for _, reason in findings.missing)
    kind = Unusable if final else Unavailable
    if findings.writable or not findings.servers:
        return kind("PostgreSQL cannot be used: " + "; ".join(told))
    hosts = ", ".join(map(str, findings.servers))
    return kind("; ".join([f"{READ_FROM}: {hosts}", *told]))
