"""One HTTP request, as handlers see it."""

from collections.abc import Callable
from io import BytesIO
from typing import Any, Protocol

from twisted.logger import Logger
from twisted.web import http, http_headers

from iam.http.answers import FOR_NOBODY, Answer, Headers
from iam.http.headers import Layout
from iam.http.target import host_of, ours, well_formed
from iam.limits import Limits
from iam.records.session import RecognisedSession
from iam.settings import Settings


class RequestHost(Protocol):
    """What a request needs of the site that it came to."""

    settings: Settings
    base: str
    layout: Layout
    draining: bool

    @property
    def seconds(self) -> Callable[[], float]:
        """The clock of deadlines."""

    def whence(self, peer: str, headers: http_headers.Headers) -> str:
        """The address of who asks."""

    def handle(self, request: "Request") -> None:
        """Have it answered by its handler."""

    def refuse(self, request: "Request", status: int) -> None:
        """Have it answered with an error."""

    def admitted(self, request: "Request") -> bool:
        """May a line in the log be spent on it?"""

    def note(self, request: "Request | None", status: int) -> None:
        """Tell the log how it was answered."""


class Carrier(Protocol):
    """What a request needs of the connection that it came by."""

    refused: bool
    persistent: int

    @property
    def limits(self) -> Limits:
        """How much it may ask."""

    @property
    def site(self) -> RequestHost:
        """Where it leads to."""

    def refuse(self, status: int) -> None:
        """Answer with an error, and close."""

    def write(self, data: bytes) -> None:
        """Send."""


class Request(http.Request):
    """A request whose body is bytes, whose query nobody has touched, and which is answered once."""

    channel: Carrier  # type: ignore[assignment] # all that is used of it
    content: Any
    query: bytes = b""
    body: bytes = b""
    client_address: str = ""
    sharing: Headers = FOR_NOBODY
    passage: bool = False
    since: float = 0.0
    unanswered: str = ""  # why it is answered with 503
    base: str = ""  # the issuer's path
    found: dict[
        str, RecognisedSession
    ]  # what cookies stand for, as far as anybody has asked, by the secret that began their series

    def gotLength(self, length: int | None) -> None:
        """The head is there: refuse a body that says it is too long (H1)."""
        self.content = BytesIO()
        if length is not None and length > self.channel.limits.body:
            self.channel.refuse(413)

    def handleContentChunk(self, data: bytes) -> None:
        """Part of the body is there: refuse one that turns out too long (H1)."""
        if self.channel.refused:
            return
        if self.content.tell() + len(data) > self.channel.limits.body:
            self.channel.refuse(413)
            return
        self.content.write(data)

    def parseCookies(self) -> None:
        """Nothing: cookies are read strictly, where they are needed."""

    def requestReceived(self, command: bytes, path: bytes, version: bytes) -> None:
        """All is there: check whom and what it is for, and hand it to its handler."""
        if self.channel.refused:
            return
        self.method, self.uri, self.clientproto = command, path, version
        self.path, _, self.query = path.partition(b"?")
        self.body = self.content.getvalue()
        site = self.channel.site
        self.since = site.seconds()
        self.base = site.base
        self.found = {}
        status = self.examine()
        if status:
            site.refuse(self, status)
        else:
            site.handle(self)

    def examine(self) -> int | None:
        """The status with which to refuse this request before anybody looks at it (H5, H8, H11)."""
        site, headers = self.channel.site, self.requestHeaders
        host = host_of(headers)
        if host is None or not well_formed(self.uri) or len(headers.getRawHeaders(b"authorization") or ()) > 1:
            return 400
        if not ours(host, site.settings.issuer_host, getattr(self.host, "host", "")):
            return 421
        self.client_address = site.whence(getattr(self.client, "host", ""), headers)
        return None

    def say(self, log: Logger, sentence: str, **values: object) -> None:
        """A line in the log about what is wrong with this request, unless its network has had enough of them today."""
        if self.channel.site.admitted(self):
            log.info(sentence, **values)

    def respond(self, answer: Answer) -> None:
        """Write the answer, unless the client is gone or has had one."""
        if self.finished or self._disconnected:
            return
        site = self.channel.site
        if site.draining:
            self.channel.persistent = 0
        close = not self.channel.persistent
        site.note(self, answer.status)
        self.startedWriting = 1
        with_body = self.method != b"HEAD"
        wire = site.layout.wire(answer, self.sharing, passage=self.passage, with_body=with_body, close=close)
        self.channel.write(wire)
        self.finish()
