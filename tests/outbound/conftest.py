"""Other people's servers, on loopback, with certificates of a certification authority of our own."""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from ipaddress import IPv4Network, ip_address
from typing import Any

import pytest
from attrs import define, field, frozen
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import NameOID
from OpenSSL.SSL import TLS_SERVER_METHOD, Context
from pytest_twisted import blockon
from twisted.internet import reactor, ssl
from twisted.web.resource import Resource
from twisted.web.server import NOT_DONE_YET, Site

from iam.clock import Clock
from iam.outbound.fetching import Fetcher
from tests.harness import TurnedClock

NAME = "client.test"
LOOPBACK = (IPv4Network("127.0.0.0/8"),)


def certificate(name: str, issuer: Any = None) -> tuple[Any, x509.Certificate]:
    """A key and a certificate; one without issuer is that of a certification authority."""
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    signing_key, signing_name = (issuer[0], issuer[1].subject) if issuer else (key, subject)
    now = datetime.now(UTC)
    try:
        alternative: x509.GeneralName = x509.IPAddress(ip_address(name))
    except ValueError:
        alternative = x509.DNSName(name)
    made = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(signing_name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.BasicConstraints(ca=issuer is None, path_length=None), critical=True)
        .add_extension(x509.SubjectAlternativeName([alternative]), critical=False)
        .sign(signing_key, SHA256())
    )
    return key, made


@frozen
class Authority:
    """A certification authority."""

    pair: Any = field(factory=lambda: certificate("an authority"))

    @property
    def trust_root(self) -> Any:
        return ssl.trustRootFromCertificates([ssl.Certificate.loadPEM(self.pair[1].public_bytes(Encoding.PEM))])

    def options(self, name: str) -> Any:
        """What a server of this name serves TLS with."""
        return Serving(*certificate(name, self.pair))


class Serving(ssl.ContextFactory):
    """TLS with one certificate."""

    def __init__(self, key: Any, made: x509.Certificate) -> None:
        self.context = Context(TLS_SERVER_METHOD)
        self.context.use_certificate(made)
        self.context.use_privatekey(key)

    def getContext(self) -> Any:
        return self.context


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
