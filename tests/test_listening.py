"""What is listened on: TLS as it should be, whoever asks for less."""

import ssl
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack
from datetime import UTC, datetime, timedelta
from pathlib import Path
from socket import AF_UNIX, create_connection, socket

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from pytest_twisted import blockon
from twisted.internet import reactor
from twisted.internet.protocol import Factory, Protocol
from twisted.internet.threads import deferToThread

from iam.server.listen import AT_ONCE, ListenError, from_text, listen
from iam.settings import Settings
from tests.waiting import until

# Twisted's endpoints themselves use what pyOpenSSL and Twisted have deprecated; so does a client of old versions.
pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning")

V2, V3 = ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3


@pytest.fixture(scope="module")
def described(tmp_path_factory: pytest.TempPathFactory) -> str:
    """An endpoint with a key of RSA, with which the weak suites work."""
    directory = tmp_path_factory.mktemp("tls")
    key = rsa.generate_private_key(65537, 2048)
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "localhost")])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .sign(key, SHA256())
    )
    (directory / "key.pem").write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    (directory / "certificate.pem").write_bytes(made.public_bytes(Encoding.PEM))
    return f"ssl:0:interface=127.0.0.1:privateKey={directory}/key.pem:certKey={directory}/certificate.pem"


@pytest.fixture
def port(described: str, request: pytest.FixtureRequest) -> Iterator[int]:
    endpoint = from_text(reactor, described + getattr(request, "param", ""))
    listening = blockon(endpoint.listen(Factory.forProtocol(Protocol)))
    yield listening.getHost().port
    blockon(listening.stopListening())


def spoken(port: int, ciphers: str, version: ssl.TLSVersion = V2) -> str | None:
    """The suite that this client and the server agree on, if any."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    context.minimum_version = context.maximum_version = version
    context.set_ciphers(ciphers + ":@SECLEVEL=0")
    try:
        with create_connection(("127.0.0.1", port), 30) as plain, context.wrap_socket(plain) as encrypted:
            suite = encrypted.cipher()
            return suite and suite[0]
    except (ssl.SSLError, ConnectionResetError):
        return None


@pytest.mark.parametrize(
    ("ciphers", "suite"),
    [
        ("ECDHE-RSA-AES128-GCM-SHA256", "ECDHE-RSA-AES128-GCM-SHA256"),
        ("ECDHE-RSA-AES256-GCM-SHA384", "ECDHE-RSA-AES256-GCM-SHA384"),
        ("ECDHE-RSA-CHACHA20-POLY1305", "ECDHE-RSA-CHACHA20-POLY1305"),
        ("AES256-SHA", None),
        ("AES128-GCM-SHA256", None),
        ("ECDHE-RSA-AES256-SHA384", None),
        ("ECDHE-RSA-AES128-SHA", None),
        ("DHE-RSA-AES256-GCM-SHA384", None),
        ("AES128-GCM-SHA256:ECDHE-RSA-AES128-SHA:ECDHE-RSA-AES128-GCM-SHA256", "ECDHE-RSA-AES128-GCM-SHA256"),
    ],
)
async def test_tls_is_spoken_with_ecdhe_and_authenticated_encryption_only(
    port: int, ciphers: str, suite: str | None
) -> None:
    assert await deferToThread(spoken, port, ciphers) == suite


async def test_tls_is_1_2_or_1_3(port: int) -> None:
    assert await deferToThread(spoken, port, "ALL", V2)
    assert await deferToThread(spoken, port, "ALL", V3)
    for old in (ssl.TLSVersion.TLSv1, ssl.TLSVersion.TLSv1_1):
        assert await deferToThread(spoken, port, "ALL", old) is None


@pytest.mark.parametrize("port", [":sslmethod=TLSv1_2_METHOD"], indirect=True)
async def test_a_description_may_be_stricter(port: int) -> None:
    assert await deferToThread(spoken, port, "AES256-SHA", V2) is None
    assert await deferToThread(spoken, port, "ECDHE-RSA-AES128-GCM-SHA256", V2)
    assert await deferToThread(spoken, port, "ALL", V3) is None


@pytest.mark.parametrize("method", ["SSLv3_METHOD", "TLSv1_METHOD", "TLSv1_1_METHOD"])
def test_a_description_may_not_be_laxer(described: str, method: str) -> None:
    with pytest.raises(ListenError, match=r"only TLS 1\.2 and 1\.3"):
        from_text(reactor, f"{described}:sslmethod={method}")


class Greeting(Protocol):
    def connectionMade(self) -> None:
        self.transport.write(b"hello")


async def test_with_tls_nothing_is_sent_in_plain_text(described: str) -> None:
    (port,) = await listen(reactor, Settings(listen=[described]), Factory.forProtocol(Greeting))

    heard = await deferToThread(told, port.getHost().port)

    await port.stopListening()
    assert heard == b"hello"


def told(port: int) -> bytes:
    """What the server says first, as TLS."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    with create_connection(("127.0.0.1", port), 30) as plain, context.wrap_socket(plain) as encrypted:
        return encrypted.recv(5)


class Doorman(Factory):
    """Turns everybody away, and counts how many in which turn of the reactor."""

    def __init__(self) -> None:
        self.turn = 0
        self.came: Counter[int] = Counter()
        self._next()

    def _next(self) -> None:
        self.turn += 1
        self.waiting = reactor.callLater(0, self._next)

    def buildProtocol(self, _: object) -> None:
        self.came[self.turn] += 1


@pytest.mark.parametrize("description", ["tcp:0:interface=127.0.0.1", "unix:{}/socket"])
async def test_who_is_connected_waits_for_few_of_those_who_knock(description: str, tmp_path: Path) -> None:
    doorman, knocking = Doorman(), 40
    (port,) = await listen(reactor, Settings(listen=[description.format(tmp_path)]), doorman)
    host = port.getHost()
    with ExitStack() as stack:
        for _ in range(knocking):  # none is taken meanwhile: the reactor has no turn
            if hasattr(host, "port"):
                stack.enter_context(create_connection(("127.0.0.1", host.port), 30))
            else:
                stack.enter_context(socket(AF_UNIX)).connect(host.name)
        await until(lambda: doorman.came.total() == knocking)
    doorman.waiting.cancel()
    await port.stopListening()

    assert max(doorman.came.values()) <= AT_ONCE
