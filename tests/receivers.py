"""Relying parties that hear logout tokens: real HTTP on loopback, and the token verified without our own code."""

from typing import Any
from urllib.parse import parse_qs

from attrs import define, field
from joserfc import jwt
from joserfc.jwk import KeySet
from twisted.internet import reactor
from twisted.internet.defer import Deferred
from twisted.web.resource import Resource
from twisted.web.server import NOT_DONE_YET, Site

from tests.harness import Server
from tests.waiting import until


@define(eq=False)
class Receiver(Resource):
    """Answers as the test says, and remembers what was posted."""

    status: int = 200
    silent: bool = False
    headers: dict[str, str] = field(factory=dict)
    posts: list[Any] = field(factory=list)
    port: Any = field(default=None)
    isLeaf = True

    def __attrs_pre_init__(self) -> None:
        Resource.__init__(self)

    def render_POST(self, request: Any) -> Any:
        self.posts.append((dict(request.requestHeaders.getAllRawHeaders()), request.content.read()))
        if self.silent:
            request.notifyFinish().addErrback(lambda _: None)
            return NOT_DONE_YET
        request.setResponseCode(self.status)
        for name, value in self.headers.items():
            request.setHeader(name, value)
        return b""

    @property
    def uri(self) -> str:
        return f"http://127.0.0.1:{self.port.getHost().port}/back"

    @property
    def tokens(self) -> list[str]:
        """The logout tokens that came, by the reading of the specification."""
        return [parse_qs(body.decode(), strict_parsing=True)["logout_token"][0] for _, body in self.posts]

    def open(self) -> "Receiver":
        self.port = reactor.listenTCP(0, Site(self), interface="127.0.0.1")
        return self

    async def close(self) -> None:
        if self.port is not None:
            await self.port.stopListening()

    async def heard(self, count: int) -> list[str]:
        """The tokens, as soon as there are so many."""
        await until(lambda: len(self.posts) >= count)
        return self.tokens


async def verified(server: Server, token: str, algs: tuple[str, ...] = ("RS256",)) -> jwt.Token:
    """The token, its signature checked with the published keys."""
    keys = KeySet.import_key_set((await server.get("/jwks")).json)
    return jwt.decode(token, keys, algorithms=list(algs))


def stopped(receivers: list[Receiver]) -> list[Deferred[None]]:
    return [Deferred.fromCoroutine(receiver.close()) for receiver in receivers]
