"""One HTTP request, as handlers see it."""

from collections.abc import Callable
from contextlib import aclosing
from io import BytesIO
from typing import Any, Protocol

from twisted.internet.defer import Deferred
from twisted.logger import Logger
from twisted.web import http, http_headers

from iam.http.answers import FOR_NOBODY, Answer, Headers, Parts
from iam.http.certificates import CertificateError
from iam.http.headers import Layout
from iam.http.mutual_tls import MutualTLS
from iam.http.target import host_of, ours, well_formed
from iam.limits import Limits
from iam.records.certificate import Certificate
from iam.records.session import RecognisedSession
from iam.settings import Settings

log = Logger()


class RequestHost(Protocol):
    """What a request needs from its site."""

    settings: Settings
    base: str
    layout: Layout
    draining: bool
    mutual: MutualTLS | None

    @property
    def seconds(self) -> Callable[[], float]:
        """The clock of deadlines, in seconds."""

    def whence(self, peer: str, headers: http_headers.Headers) -> str:
        """Returns the address of the client behind this peer."""

    def is_page(self, path: bytes) -> bool:
        """Whether people open this address in a browser."""

    def handle(self, request: "Request") -> None:
        """Lets the handler answer a request."""

    def refuse(self, request: "Request", status: int) -> None:
        """Answers a request with an error."""

    def admitted(self, request: "Request") -> bool:
        """Whether this request may still have a line in the log."""

    def note(self, request: "Request | None", status: int) -> None:
        """Logs how a request was answered."""


class Carrier(Protocol):
    """What a request needs from its connection."""

    refused: bool
    persistent: int
    since: float
    asks: bool

    @property
    def certificate(self) -> Certificate | None:
        """The certificate that the client has shown, where it was asked for one."""

    @property
    def limits(self) -> Limits:
        """The limits of the connection."""

    @property
    def site(self) -> RequestHost:
        """The site that the connection leads to."""

    def getHost(self) -> object:
        """Returns the address at our end; one of a unix socket has no `host`."""

    def getPeer(self) -> object:
        """Returns the address at the other end."""

    def refuse(self, status: int) -> None:
        """Answers with an error, and closes the connection."""

    def write(self, data: bytes) -> None:
        """Sends bytes to the client."""

    def send(self, part: bytes) -> Deferred[None]:
        """Sends a part of an answer; the result comes once the client has room for more, or is gone."""

    def abort(self) -> None:
        """Ends the connection at once."""

    def requestDone(self, request: http.Request) -> None:
        """Goes on, now that a request has been answered."""


class Request(http.Request):
    """A request with its body in bytes and its query unparsed; it is answered once."""

    channel: Carrier  # type: ignore[assignment] # the part of it that is used
    content: Any
    query: bytes = b""
    body: bytes = b""
    client_address: str = ""
    certificate: Certificate | None = None  # whose private key the client holds
    sharing: Headers = FOR_NOBODY
    passage: bool = False
    since: float = 0.0
    clientproto = b"HTTP/1.1"
    unanswered: str = ""  # why it is answered with 503
    expected: bool = False  # an error is the answer that programs wait for, and no refusal
    base: str = ""  # the issuer's path
    given: Headers = ()  # cookies that the answer sets, whatever it is
    draft: bytes | None = None  # the form that its person sent before they had to log in, which is shown to them again
    found: dict[
        str, RecognisedSession
    ]  # sessions that cookies of this request stand for, as looked up so far, by the secret that began their series

    def __init__(self, channel: Carrier, _queued: object = 0, *, headers: http_headers.Headers | None = None) -> None:
        # Of what Twisted would set, what is used here: answers are written by `respond` alone
        self.channel = channel
        self.requestHeaders = http_headers.Headers() if headers is None else headers
        self.notifications = []

    def gotLength(self, length: int | None) -> None:
        """Refuses a body whose Content-Length is above the limit (H1)."""
        self.content = BytesIO()
        if length is not None and length > self.channel.limits.body:
            self.channel.refuse(413)

    def handleContentChunk(self, data: bytes) -> None:
        """Collects a part of the body; refuses one that grows beyond the limit (H1)."""
        if self.channel.refused:
            return
        if self.content.tell() + len(data) > self.channel.limits.body:
            self.channel.refuse(413)
            return
        self.content.write(data)

    def parseCookies(self) -> None:
        """Does nothing: cookies are parsed strictly, where they are needed."""

    def requestReceived(self, command: bytes, path: bytes, version: bytes) -> None:
        """Begins to handle a request that the parser has read to its end."""
        self.clientproto = version
        if not self.channel.refused:
            self.begin(command, path, self.content.getvalue())

    def begin(self, method: bytes, target: bytes, body: bytes) -> None:
        """Checks host and target of the complete request, and hands it to its handler."""
        self.method, self.uri, self.body = method, target, body
        self.path, _, self.query = target.partition(b"?")
        site = self.channel.site
        self.since = self.channel.since
        self.base = site.base
        self.found = {}
        status = self.examine()
        if status:
            site.refuse(self, status)
        else:
            site.handle(self)

    def examine(self) -> int | None:
        """Returns the status with which to refuse this request, or None; sets the client's address (H5, H8, H11).

        At the host for mutual TLS there are no pages.
        """
        site, headers = self.channel.site, self.requestHeaders
        host = host_of(headers)
        if host is None or not well_formed(self.uri) or len(headers.getRawHeaders(b"authorization") or ()) > 1:
            return 400
        mutual = site.mutual
        if not ours(host, site.settings.issuer_host, getattr(self.channel.getHost(), "host", "")) and (
            mutual is None or host != mutual.host or site.is_page(self.path)
        ):
            return 421
        peer = getattr(self.channel.getPeer(), "host", "")
        self.client_address = site.whence(peer, headers)
        return None if mutual is None else self._identify(mutual, peer)

    def _identify(self, mutual: MutualTLS, peer: str) -> int | None:
        """Sets the client's certificate; returns the status with which to refuse this request, or None (H54)."""
        if self.channel.asks and self.channel.site.is_page(self.path):
            return 421
        try:
            self.certificate = mutual.certificate(self.channel, peer, self.requestHeaders)
        except CertificateError as error:
            self.say(log, "certificate in the header of the proxy {peer}: {reason}", peer=peer, reason=str(error))
            return 400
        return None

    def say(self, log: Logger, sentence: str, **values: object) -> None:
        """Logs what is wrong with this request, unless its network has had its lines for today."""
        if self.channel.site.admitted(self):
            log.info(sentence, **values)

    def respond(self, answer: Answer) -> None:
        """Writes the answer, unless the client is gone or has been answered."""
        if self.finished or self._disconnected:
            return
        self.channel.write(self._wire(answer))
        self.finish()

    async def send(self, answer: Answer, parts: Parts) -> None:
        """Writes an answer that is made in parts, each once the client has room for it; no more of them once it is gone.

        A mistake in the midst ends the connection, so that nobody takes what came for the whole.
        """
        async with aclosing(parts):
            if self.finished or self._disconnected:
                return
            try:
                await self.channel.send(self._wire(answer))
                whole = await self._send(parts)
            except Exception:  # noqa: BLE001 - whatever it is, the head of the answer is gone
                log.failure("an answer broke off")
                whole = False
        if whole:
            self.finish()
        elif not self._disconnected:
            self.channel.abort()

    async def _send(self, parts: Parts) -> bool:
        """Writes the parts, none for HEAD, and returns whether the client got them all."""
        if self.method == b"HEAD":
            return not self._disconnected
        async for part in parts:
            if part and not self._disconnected:
                await self.channel.send(b"%x\r\n%s\r\n" % (len(part), part) if self._chunked else part)
            if self._disconnected:
                return False
        if self._chunked:
            self.channel.write(b"0\r\n\r\n")
        return True

    def _wire(self, answer: Answer) -> bytes:
        """Returns the answer as it is written, or its head if it is made in parts; the log has a line about it."""
        site = self.channel.site
        if site.draining:
            self.channel.persistent = 0
        close = not self.channel.persistent
        site.note(self, answer.status)
        self.startedWriting = 1
        with_body = self.method != b"HEAD"
        return site.layout.wire(
            answer, self.sharing, passage=self.passage, with_body=with_body, close=close, chunked=self._chunked
        )

    @property
    def _chunked(self) -> bool:
        """Whether the client knows chunks; with HTTP/1.0 the end of the connection is that of the answer."""
        return self.clientproto == b"HTTP/1.1"

    def finish(self) -> None:
        """Lets the connection go on, now that the answer is written."""
        self.finished = 1
        self.channel.requestDone(self)
        del self.channel
