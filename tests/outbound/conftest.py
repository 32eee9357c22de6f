"""Other people's servers, on loopback, with certificates of a certification authority of our own."""

from collections.abc import Callable, Iterator
from ipaddress import IPv4Network
from typing import Any

import pytest
from attrs import define, field
from pytest_twisted import blockon
from twisted.internet import reactor
from twisted.web.resource import Resource
from twisted.web.server import NOT_DONE_YET, Site

from iam.clock import Clock
from iam.outbound.fetching import Fetcher
from tests.authority import Authority
from tests.harness import TurnedClock

NAME = "client.test"
LOOPBACK = (IPv4Network("127.0.0.0/8"),)


@define(eq=False)
class Other(Resource):
    """Somebody's web server: it answers as the test says, and remembers what it was asked."""

    body: bytes = b'{"keys": []}'
    status: int = 200
    headers: dict[str, str] = field(factory=lambda: {"Content-Type": "application/json"})
    answer: Callable[[Any], Any] | None = None
    requests: list[dict[str, str]] = field(factory=list)
    open_: list[Any] = field(factory=list)
    port: Any = field(default=None)
    isLeaf = True

    def __attrs_pre_init__(self) -> None:
        Resource.__init__(self)

    @property
    def number(self) -> int:
        return int(self.port.getHost().port)

    def render_GET(self, request: Any) -> Any:
        self.requests.append(
            {name.decode().lower(): values[0].decode() for name, values in request.requestHeaders.getAllRawHeaders()}
        )
        if self.answer is not None:
            return self.answer(request)
        request.setResponseCode(self.status)
        for name, value in self.headers.items():
            request.setHeader(name, value)
        return self.body

    render_POST = render_GET

    def hold(self, request: Any) -> Any:
        """Keep somebody waiting."""
        self.open_.append(request)
        request.notifyFinish().addErrback(lambda _: self.open_.remove(request))
        return NOT_DONE_YET

    def release(self) -> None:
        """Answer all who wait."""
        for request in list(self.open_):
            self.open_.remove(request)
            request.setHeader("Content-Type", "application/json")
            request.write(self.body)
            request.finish()


@pytest.fixture(scope="session")
def authority() -> Authority:
    return Authority()


@pytest.fixture
def other(authority: Authority) -> Iterator[Other]:
    """A server with a certificate for `client.test`."""
    other = Other()
    other.port = reactor.listenSSL(0, Site(other), authority.options(NAME), interface="127.0.0.1")
    yield other
    blockon(other.port.stopListening())


@pytest.fixture
def plain() -> Iterator[Other]:
    """A server without TLS."""
    other = Other()
    other.port = reactor.listenTCP(0, Site(other), interface="127.0.0.1")
    yield other
    blockon(other.port.stopListening())


@define(slots=False)
class Names:
    """What the resolver says, and how often it was asked."""

    addresses: dict[str, list[str]] = field(factory=lambda: {NAME: ["127.0.0.1"]})
    asked: list[str] = field(factory=list)

    def look(self, name: str) -> list[str]:
        self.asked.append(name)
        if name not in self.addresses:
            raise OSError("no such name")
        return self.addresses[name]


@pytest.fixture
def names() -> Names:
    return Names()


@pytest.fixture
def clock() -> TurnedClock:
    return TurnedClock()


@pytest.fixture
def fetcher(authority: Authority, names: Names, clock: TurnedClock) -> Fetcher:
    """One that may reach loopback."""
    return make(authority, names, clock)


def make(authority: Authority, names: Names, clock: TurnedClock, **options: Any) -> Fetcher:
    return Fetcher(
        reactor,
        Clock(clock.seconds),
        options.pop("private", LOOPBACK),
        look=names.look,
        trust_root=authority.trust_root,
        **options,
    )
