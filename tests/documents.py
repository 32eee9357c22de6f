"""Web servers of clients that are documents: TLS on loopback, by a certification authority of our own."""

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from attrs import define, field
from cryptography.hazmat.primitives.serialization import Encoding
from pytest_twisted import blockon
from twisted.internet import reactor
from twisted.internet.defer import maybeDeferred
from twisted.web.resource import Resource
from twisted.web.server import NOT_DONE_YET, Site

from iam.secrets import minted
from tests.authority import Authority
from tests.harness import REDIRECT_URI, App


@define(eq=False)
class Publisher(Resource):
    """Somebody who publishes documents, whose paths nobody has used before; `answer` is how it answers, if not with them."""

    host: str = "127.0.0.1"
    number: int = 0  # of the port
    documents: dict[bytes, Any] = field(factory=dict)
    headers: dict[str, str] = field(factory=lambda: {"Content-Type": "application/json"})
    status: int = 200
    answer: Callable[[Any], Any] | None = None
    asked: list[bytes] = field(factory=list)
    held: list[Any] = field(factory=list)
    isLeaf = True

    def __attrs_pre_init__(self) -> None:
        Resource.__init__(self)

    def render_GET(self, request: Any) -> Any:
        self.asked.append(request.path)
        if self.answer is not None:
            return self.answer(request)
        request.setResponseCode(self.status)
        for name, value in self.headers.items():
            request.setHeader(name, value)
        document = self.documents.get(request.path, {})
        return document if isinstance(document, bytes) else json.dumps(document).encode()

    def hold(self, request: Any) -> Any:
        """Keep somebody waiting."""
        self.held.append(request)
        request.notifyFinish().addErrback(lambda _: self.held.remove(request))
        return NOT_DONE_YET

    def release(self) -> None:
        """Answer all who wait, with their documents."""
        for request in list(self.held):
            self.held.remove(request)
            request.setHeader("Content-Type", "application/json")
            request.write(json.dumps(self.documents[request.path]).encode())
            request.finish()

    def url(self, path: str | None = None) -> str:
        return f"https://{self.host}:{self.number}{path or '/' + minted.identifier().hex}"

    def put(self, url: str, document: Any) -> None:
        """What is at this address from now on: bytes as they are."""
        self.documents[("/" + url.split("/", 3)[3]).encode()] = document

    def publish(self, url: str | None = None, **members: Any) -> App:
        """A public client, with these members in its document."""
        url = url or self.url()
        usual = {"client_id": url, "client_name": "Tools", "redirect_uris": [REDIRECT_URI]}
        self.put(url, {name: value for name, value in {**usual, **members}.items() if value is not None})
        return App(url, None)


@contextmanager
def publishing(authority: Authority, host: str = "127.0.0.1") -> Iterator[Publisher]:
    """One that listens."""
    publisher = Publisher(host)
    port = reactor.listenSSL(0, Site(publisher), authority.options(host), interface=host)
    publisher.number = port.getHost().port
    yield publisher
    publisher.answer = None
    publisher.release()
    blockon(maybeDeferred(port.stopListening))


@pytest.fixture(scope="session")
def authority() -> Authority:
    return Authority()


@pytest.fixture
def trusted(authority: Authority, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Authority:
    """The authority, which this machine trusts."""
    path = tmp_path / "authority.pem"
    path.write_bytes(authority.pair[1].public_bytes(Encoding.PEM))
    monkeypatch.setenv("SSL_CERT_FILE", str(path))
    return authority


@pytest.fixture
def publisher(trusted: Authority) -> Iterator[Publisher]:
    with publishing(trusted) as publisher:
        yield publisher
