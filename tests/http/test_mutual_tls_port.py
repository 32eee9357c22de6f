"""The port of our own that asks clients for a certificate (RFC 8705): real TLS, from a client in a thread."""

import json
import ssl
from collections.abc import Iterator
from http.client import HTTPSConnection
from pathlib import Path
from socket import create_connection
from typing import Any
from urllib.parse import urlencode

import pytest
from attrs import frozen
from pytest_twisted import blockon
from twisted.internet import reactor
from twisted.internet.defer import Deferred
from twisted.internet.protocol import Factory
from twisted.internet.threads import deferToThread

from iam.server.listen import ListenError, describe, listen
from iam.server.site import build_site
from iam.settings import Settings
from tests.certificates import SERVERS, Shown, authority
from tests.harness import App, Server
from tests.mutual_tls import ALIAS, PROXIES, client_ca, root

__all__ = ["client_ca", "root"]  # fixtures

# Twisted's endpoints themselves use what pyOpenSSL and Twisted have deprecated.
pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning")

SELF = {"grant_type": "client_credentials"}


@frozen
class Port:
    """A server with a port that asks for certificates."""

    server: Server
    number: int
    directory: Path

    def context(self, shown: Shown | None) -> ssl.SSLContext:
        """A client's, with this certificate or without."""
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
        if shown is not None:
            context.load_cert_chain(*map(str, shown.write(self.directory)))
        return context

    async def ask(
        self, shown: Shown | None, method: str, path: str, form: Any = None, times: int = 1, **headers: str
    ) -> list[tuple[int, Any]]:
        """The answers to the same request on one connection, each with what is in it."""
        told = {"Host": "mtls.example", "Content-Type": "application/x-www-form-urlencoded", **headers}
        sent = urlencode(form) if form is not None else None
        below = self.server.below(path)

        def talk() -> list[tuple[int, Any]]:
            connection = HTTPSConnection("127.0.0.1", self.number, context=self.context(shown), timeout=30)
            answers = []
            for _ in range(times):
                connection.request(method, below, sent, told)
                reply = connection.getresponse()
                answers.append((reply.status, reply.read()))
            connection.close()
            return answers

        return [(status, parsed(body)) for status, body in await deferToThread(talk)]

    async def token(self, app: App, shown: Shown | None, **headers: str) -> tuple[int, Any]:
        """The answer to a token request."""
        return (await self.ask(shown, "POST", "/token", {**SELF, **app.form}, **headers))[0]


def parsed(body: bytes) -> Any:
    try:
        return json.loads(body)
    except ValueError:
        return body


@pytest.fixture(scope="module")
def endpoint(tmp_path_factory: pytest.TempPathFactory) -> str:
    certificate, key = Shown("localhost", usages=SERVERS).write(tmp_path_factory.mktemp("port"))
    return f"ssl:0:interface=127.0.0.1:privateKey={key}:certKey={certificate}"


@pytest.fixture
def port(server: Server, endpoint: str, client_ca: Path, configured: Any, tmp_path: Path) -> Iterator[Port]:
    """The port of a server that believes a proxy on this machine too, so that a header would count if it could."""
    told = {"proxy_headers": PROXIES, "client_certificate_header": "Client-Cert", "mtls_url": ALIAS}
    asking = configured(mtls_listen=(endpoint,), client_ca=client_ca, **told)
    only = asking.settings.model_copy(update={"interface": ()})
    (listening,) = blockon(Deferred.fromCoroutine(listen(reactor, only, build_site(asking.application))))
    yield Port(asking, listening.getHost().port, tmp_path)
    blockon(listening.stopListening())


async def test_a_client_authenticates_by_the_certificate_of_its_connection(port: Port, root: Shown) -> None:
    app = await port.server.app(auth_method="tls_client_auth", tls_client_auth_subject_dn="CN=client,O=Example")

    assert (await port.token(app, Shown(issuer=root)))[0] == 200
    for other in (None, Shown(), Shown("other", root), Shown(issuer=root, days=(-2, -1)), Shown(issuer=authority())):
        status, answer = await port.token(app, other)
        assert (status, answer["error"]) == (401, "invalid_client")


async def test_an_authority_in_between_comes_with_the_certificate(port: Port, root: Shown) -> None:
    app = await port.server.app(auth_method="tls_client_auth", tls_client_auth_subject_dn="CN=client,O=Example")
    between = authority("between", root)
    shown = Shown(issuer=between)

    certificate, key = shown.write(port.directory)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    certificate.write_bytes(shown.pem + between.pem)
    context.load_cert_chain(str(certificate), str(key))

    def talk() -> int:
        connection = HTTPSConnection("127.0.0.1", port.number, context=context, timeout=30)
        kind = {"Content-Type": "application/x-www-form-urlencoded", "Host": "mtls.example"}
        connection.request("POST", port.server.below("/token"), urlencode({**SELF, **app.form}), kind)
        status = connection.getresponse().status
        connection.close()
        return status

    assert await deferToThread(talk) == 200


async def test_a_self_signed_certificate_that_has_expired_gets_through(port: Port) -> None:
    shown = Shown(days=(-2, -1))
    app = await port.server.app(auth_method="self_signed_tls_client_auth", jwks={"keys": [shown.jwk()]})

    assert (await port.token(app, shown))[0] == 200


async def test_h54_a_bound_token_is_good_on_connections_with_its_certificate_alone(port: Port) -> None:
    app, shown = await port.server.app(tls_client_certificate_bound_access_tokens=True), Shown()
    _, answer = await port.token(app, shown)
    token = {"Authorization": f"Bearer {answer['access_token']}"}

    statuses = [
        [status for status, _ in await port.ask(each, "GET", "/resource", times=2, **token)]
        for each in (shown, None, Shown(), shown)
    ]

    assert statuses == [[200, 200], [401, 401], [401, 401], [200, 200]]


async def test_h54_no_header_counts_where_the_port_asks(port: Port) -> None:
    app, shown = await port.server.app(tls_client_certificate_bound_access_tokens=True), Shown()

    status, answer = await port.token(app, None, **shown.header)
    assert (status, answer["error"]) == (400, "invalid_request")

    _, answer = await port.token(app, shown, **Shown().header)
    assert (await port.server.introspect(app, answer["access_token"]))["cnf"] == {"x5t#S256": shown.digest}


async def test_who_shows_no_certificate_is_served_like_elsewhere(port: Port) -> None:
    assert (await port.token(await port.server.app(), None))[0] == 200


@pytest.mark.parametrize("host", ["mtls.example", "localhost"])
@pytest.mark.parametrize("path", ["/authorize", "/login", "/nothing"])
async def test_h54_there_are_no_pages_where_the_port_asks(port: Port, host: str, path: str) -> None:
    ((status, _),) = await port.ask(None, "GET", path, Host=host)

    assert status == 421


@pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3])
async def test_h54_no_session_is_resumed(port: Port, version: ssl.TLSVersion) -> None:
    context = port.context(Shown())
    context.minimum_version = context.maximum_version = version

    _, session = await deferToThread(connected, context, port.number, None)
    reused, _ = await deferToThread(connected, context, port.number, session)

    assert reused is False


def connected(context: ssl.SSLContext, number: int, session: Any) -> tuple[bool | None, Any]:
    """Connects with a session of before, and answers whether it was taken, and which one this connection has."""
    plain = create_connection(("127.0.0.1", number), 30)
    with context.wrap_socket(plain, session=session) as encrypted:
        encrypted.sendall(b"GET /healthz HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
        while encrypted.recv(4096):
            pass
        return encrypted.session_reused, encrypted.session


@pytest.mark.parametrize("text", ["tcp:8443", "unix:/run/iam.sock", "8443", "SSL:8443"])
def test_a_port_that_asks_speaks_tls(text: str) -> None:
    settings = Settings(mtls_listen=(text,), mtls_url=ALIAS)

    with pytest.raises(ListenError, match="--mtls-listen"):
        describe(reactor, settings)


async def test_a_port_that_asks_and_is_taken_says_which_option_to_change(endpoint: str) -> None:
    (first,) = await listen(reactor, one(endpoint), Factory())
    taken = endpoint.replace("ssl:0:", f"ssl:{first.getHost().port}:")

    with pytest.raises(ListenError, match=r"Change --mtls-listen\.$"):
        await listen(reactor, one(taken), Factory())
    await first.stopListening()


def one(endpoint: str) -> Settings:
    """Settings with this port alone."""
    return Settings(mtls_listen=(endpoint,), mtls_url=ALIAS).model_copy(update={"interface": ()})
