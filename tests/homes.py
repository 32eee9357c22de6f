"""The web servers of other people, on this machine: what is there, by path."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from attrs import define, field
from pytest_twisted import blockon
from twisted.internet import reactor
from twisted.internet.defer import maybeDeferred
from twisted.web.resource import Resource
from twisted.web.server import Site

ONE = "/document"


@define(eq=False)
class Home(Resource):
    """Documents by path: text as it is, anything else as JSON; and how they are answered with."""

    documents: dict[bytes, Any] = field(factory=dict)
    status: int = 200
    kind: str | None = None  # its media type, if it is not the usual one
    location: str | None = None
    asked: int = 0
    number: int = 0  # of the port
    isLeaf = True

    def __attrs_pre_init__(self) -> None:
        Resource.__init__(self)

    def render_GET(self, request: Any) -> bytes:
        self.asked += 1
        document = self.documents[request.path]
        usual = "application/jwt" if isinstance(document, str) else "application/json"
        request.setResponseCode(self.status)
        request.setHeader("Content-Type", self.kind or usual)
        if self.location:
            request.setHeader("Location", self.location)
        return document.encode() if isinstance(document, str) else json.dumps(document).encode()

    @property
    def uri(self) -> str:
        """Where `document` is."""
        return f"http://127.0.0.1:{self.number}{ONE}"

    @property
    def document(self) -> Any:
        """The one document, where there is only one."""
        return self.documents[ONE.encode()]

    @document.setter
    def document(self, document: Any) -> None:
        self.put(ONE, document)

    def put(self, path: str, document: Any) -> str:
        """Where the document is from now on."""
        self.documents[path.encode()] = document
        return f"http://127.0.0.1:{self.number}{path}"


@contextmanager
def at_home() -> Iterator[Home]:
    """One that listens."""
    home = Home()
    port = reactor.listenTCP(0, Site(home), interface="127.0.0.1")
    home.number = port.getHost().port
    yield home
    blockon(maybeDeferred(port.stopListening))


@pytest.fixture
def home() -> Iterator[Home]:
    with at_home() as home:
        yield home
