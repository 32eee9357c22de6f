"""The HTTP edge alone: a site without a database, whose clock is turned by hand, and raw connections to it."""

from collections.abc import AsyncGenerator, Callable, Iterator
from typing import Any

import pytest
from attrs import define, evolve, field
from pytest_twisted import blockon
from twisted.internet import reactor
from twisted.internet.defer import Deferred
from twisted.internet.endpoints import TCP4ClientEndpoint, connectProtocol
from twisted.internet.protocol import Protocol, connectionDone
from twisted.python.failure import Failure

from iam.browser.theme import Theme
from iam.database.errors import Unavailable
from iam.http.answers import JSON, Answer, json_answer
from iam.http.cors import Cors
from iam.http.dispatch import Route
from iam.http.request import Request
from iam.http.site import Site
from iam.limits import Limits
from iam.server.transport import hasten
from iam.settings import Settings, read
from tests.harness import pause

PATIENCE = 10.0  # seconds
SWEEP = 0.005
TURNS = 8  # of the reactor
PARTS = 64  # of an answer that is made in parts
HUGE = 32 * 1024 * 1024  # more than two sockets' buffers hold
LARGE = 8 * 1024 * 1024  # more than one does
SIZES = {b"huge": HUGE, b"large": LARGE}


@define
class TurnedReactor:
    """The reactor with a clock that stands still until a test turns it."""

    time: float = field(factory=reactor.seconds)

    def seconds(self) -> float:
        return self.time

    def __getattr__(self, name: str) -> Any:
        return getattr(reactor, name)


async def settle(seconds: float) -> None:
    """Wait, and let the reactor turn as often as it takes to send, read, answer and hear the answer, however slow it is."""
    await pause(seconds)
    for _ in range(TURNS):
        await pause(0)


class Wire(Protocol):
    """A raw connection: what came, and whether it is over."""

    def __init__(self, cut: int = 0) -> None:
        self.cut = cut
        self.received = b""
        self.closed = False

    def dataReceived(self, data: bytes) -> None:
        self.received += data

    def connectionLost(self, reason: Failure = connectionDone) -> None:
        self.closed = True

    def connectionMade(self) -> None:
        self.transport.setTcpNoDelay(True)  # or a second write waits until the first is acknowledged

    async def send(self, data: bytes) -> None:
        """Send, and let the server read it: at once, or the first `cut` bytes alone."""
        for part in filter(None, (data[: self.cut], data[self.cut :])):
            self.transport.write(part)
            await settle(2 * SWEEP)

    async def until(self, condition: Callable[[], bool]) -> None:
        end = reactor.seconds() + PATIENCE
        while not condition():
            assert reactor.seconds() < end, self.received[:1000]
            await pause(SWEEP)

    async def ending(self) -> bytes:
        """All that came until the server closed."""
        await self.until(lambda: self.closed)
        return self.received

    @property
    def statuses(self) -> list[int]:
        return [int(part[:3]) for part in self.received.split(b"HTTP/1.1 ")[1:]]


@define
class Edge:
    """A site that listens, with handlers that a test needs."""

    site: Site
    reactor: TurnedReactor
    port: Any
    hung: list[Deferred[Answer]] = field(factory=list)
    sought: list[Deferred[bool]] = field(factory=list)
    handled: int = 0
    cut: int = 0
    made: int = 0  # parts of answers
    over: int = 0  # such answers that are over, whole or not
    wires: list[Wire] = field(factory=list)

    async def connect(self, source: str = "127.0.0.1") -> Wire:
        endpoint = TCP4ClientEndpoint(reactor, "127.0.0.1", self.port.getHost().port, bindAddress=(source, 0))
        self.wires.append(await connectProtocol(endpoint, Wire(self.cut)))
        return self.wires[-1]

    async def turn(self, seconds: float) -> None:
        """Let this much time pass, and the server notice."""
        self.reactor.time += seconds
        await settle(4 * SWEEP)

    async def exchange(self, data: bytes) -> Wire:
        """Send and wait for the end."""
        wire = await self.connect()
        await wire.send(data)
        await wire.ending()
        return wire


def settings(**options: object) -> Settings:
    return read({"issuer": "http://localhost", **options})


@pytest.fixture
def start() -> Iterator[Callable[..., Edge]]:
    """Make an edge with these limits and settings."""
    edges: list[Edge] = []

    def begin(limits: Limits | None = None, **options: object) -> Edge:
        known = settings(**options)
        turned = TurnedReactor()

        async def hello(request: Request) -> Answer:
            edge.handled += 1
            return json_answer(200, {"body": len(request.body), "client": request.client_address})

        async def unavailable(_: Request) -> Answer:
            raise Unavailable("There is no connection to the database.")

        async def registered(origin: str) -> bool:
            if origin == "https://unknown.example":
                raise Unavailable("There is no connection to the database.")
            if origin == "https://slow.example":
                edge.sought.append(Deferred())
                return await edge.sought[-1]
            return False

        async def hang(_: Request) -> Answer:
            edge.hung.append(Deferred())
            return await edge.hung[-1]

        async def huge(_: Request) -> Answer:
            return Answer(200, bytes(HUGE))

        async def in_parts(request: Request) -> Answer:
            return Answer(200, headers=JSON, parts=parts(request.query))

        async def parts(query: bytes) -> AsyncGenerator[bytes, None]:
            try:
                for _ in range(PARTS):
                    edge.made += 1
                    yield b"x" * (SIZES[query] // PARTS) if query in SIZES else b"part"
                if query == b"fail":
                    raise RuntimeError("a canary in an exception")
                if query == b"hang":
                    edge.hung.append(Deferred())
                    await edge.hung[-1]
            finally:
                edge.over += 1

        async def fail(_: Request) -> Answer:
            raise RuntimeError("a canary in an exception")

        async def split(_: Request) -> Answer:
            return Answer(200, b"", ((b"X-Other", b"a\r\nSet-Cookie: iam=b"),))

        site = Site(
            turned,
            known,
            [
                Route("/hello", ("GET", "POST"), hello),
                Route("/hang", ("GET",), hang),
                Route("/huge", ("GET",), huge),
                Route("/fail", ("GET",), fail),
                Route("/unavailable", ("GET",), unavailable),
                Route("/shared", ("POST",), hello, cors=Cors.REGISTERED),
                Route("/page", ("GET",), fail, page=True),
                Route("/parts", ("GET",), in_parts),
                Route("/split", ("GET",), split),
            ],
            error_page=Theme(known).error_of,
            unavailable=(Unavailable,),
            registered=registered,
            limits=evolve(limits or Limits(), sweep=SWEEP),
        )
        edge = Edge(site, turned, hasten(reactor.listenTCP(0, site, interface="127.0.0.1")))
        edges.append(edge)
        return edge

    async def stop() -> None:
        for edge in edges:
            await edge.port.stopListening()
            for wire in edge.wires:
                wire.transport.abortConnection()
            while edge.site.channels or not all(wire.closed for wire in edge.wires):
                await pause(SWEEP)

    yield begin
    blockon(Deferred.fromCoroutine(stop()))


@pytest.fixture(params=["in one read", "in two"])
def edge(request: pytest.FixtureRequest, start: Callable[..., Edge]) -> Edge:
    """The edge with the limits of the rules; what comes in two reads is never taken for plain."""
    edge = start()
    edge.cut = request.param == "in two"
    return edge
