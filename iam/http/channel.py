"""One HTTP connection: twisted's parser, with limits and total deadlines (H1-H6)."""

from enum import Enum, auto
from typing import Any, Protocol

from twisted.internet.defer import Deferred
from twisted.internet.interfaces import IHalfCloseableDescriptor, IHalfCloseableProtocol
from twisted.internet.protocol import connectionDone
from twisted.protocols.basic import LineReceiver
from twisted.python.failure import Failure
from twisted.web import http, http_headers
from zope.interface import implementer

from iam.http import request
from iam.http.answers import Answer, Headers
from iam.http.request import Request
from iam.limits import Limits

LONGEST_NUMBER = 32  # digits; Python refuses to read one of thousands


class Phase(Enum):
    """What a connection is doing, and so which deadline it has."""

    HEAD = auto()
    BODY = auto()
    HANDLING = auto()
    IDLE = auto()
    CLOSING = auto()


class ConnectionHost(request.RequestHost, Protocol):
    """What a connection needs of its site."""

    limits: Limits
    channels: "set[Channel]"

    def forget(self, channel: "Channel") -> None:
        """It is gone."""

    async def sharing(self, path: bytes, headers: http_headers.Headers) -> Headers:
        """Who may read an answer to what was asked there."""

    def plain(self, status: int) -> Answer:
        """An error before there was a request."""

    def error(self, request: Request, status: int) -> Answer:
        """An error in the words of who asks."""


@implementer(IHalfCloseableProtocol)
class Channel(http.HTTPChannel):
    """A connection whose every phase ends in time, and which is refused in whole answers."""

    requestFactory = Request
    timeOut = None  # ours are total, and looked after by the site's sweep
    site: ConnectionHost
    transport: Any
    phase = Phase.HEAD
    since = 0.0
    started = False
    refused = False
    telling = False  # the error of a refusal is being found, and is not written yet
    heard_out = False  # they have closed their side
    lost = False
    address = ""

    @property
    def limits(self) -> Limits:
        """How much this connection may ask."""
        return self.site.limits

    def connectionMade(self) -> None:
        """Somebody connected."""
        self.maxHeaders = self.limits.headers
        self.totalHeadersSize = self.limits.head + self.limits.request_line
        self.MAX_LENGTH = max(self.limits.head, self.limits.request_line)
        self.enter(Phase.HEAD)
        self.site.channels.add(self)
        super().connectionMade()

    def connectionLost(self, reason: Failure = connectionDone) -> None:
        """They are gone; what is being handled goes on, and its answer to nobody."""
        self.lost = True
        self.site.forget(self)
        super().connectionLost(reason)

    def readConnectionLost(self) -> None:
        """They have said all they will; what was asked in full is still answered, and so is what was refused."""
        self.heard_out = True
        if self.phase is Phase.HANDLING:
            self.persistent = 0
        elif not self.telling:
            self.loseConnection()

    def writeConnectionLost(self) -> None:
        """We have said all we will (see `linger`)."""

    def enter(self, phase: Phase) -> None:
        """Begin a phase, and its time."""
        self.phase, self.since = phase, self.site.seconds()

    def dataReceived(self, data: bytes) -> None:
        """Bytes for the parser, unless the connection was refused: then they are nobody's."""
        if self.refused:
            return
        if self.phase is Phase.IDLE:
            self.enter(Phase.HEAD)
        LineReceiver.dataReceived(self, data)
        if self.phase is Phase.IDLE and self._buffer:
            self.enter(Phase.HEAD)  # the next request has begun behind the last one

    def lineReceived(self, line: bytes) -> None:
        """A line of the head, within limits, none continued on the next (RFC 9112 §5.2)."""
        if self.refused:
            return
        if not self.started and line:
            self.started = True
            self._request_line(line)
            return
        if line[:1] in (b" ", b"\t"):
            self.refuse(400)
            return
        if self._receivedHeaderSize + len(line) > self.limits.head:
            self.refuse(431)
            return
        super().lineReceived(line)

    def _request_line(self, line: bytes) -> None:
        """The first line, which has a limit of its own."""
        if len(line) > self.limits.request_line:
            self.refuse(414)
            return
        super().lineReceived(line)
        self._receivedHeaderSize = 0

    def lineLengthExceeded(self, line: bytes) -> None:
        """A line longer than any may be."""
        self.refuse(431 if self.started else 414)

    def headerReceived(self, line: bytes) -> bool:
        """One header more, within limits."""
        if self.refused:
            return False
        if self._receivedHeaderCount >= self.limits.headers:
            self.refuse(431)
            return False
        return bool(super().headerReceived(line))

    def _maybeChooseTransferDecoder(self, header: bytes, data: bytes) -> bool:
        """Only `chunked`, and not with HTTP/1.0: anything else may end elsewhere for a proxy before us (H5)."""
        if header == b"Content-Length" and len(data) > LONGEST_NUMBER:
            self.refuse(413 if data.isdigit() else 400)
            return False
        if header == b"Transfer-Encoding" and data.lower() != b"chunked":
            self.refuse(501 if data.lower() == b"identity" else 400)
            return False
        if header == b"Transfer-Encoding" and self._version != b"HTTP/1.1":
            self.refuse(400)
            return False
        return bool(super()._maybeChooseTransferDecoder(header, data))

    def allHeadersReceived(self) -> None:
        """The head is there; now the body."""
        if self.refused:
            return
        self.enter(Phase.BODY)
        super().allHeadersReceived()

    def checkPersistence(self, request: http.Request, version: bytes) -> bool:
        """May another request follow? Not after `close` anywhere in any Connection header (RFC 9112 §9.6)."""
        connection = b",".join(request.requestHeaders.getRawHeaders(b"connection") or ())
        closing = any(option.strip().lower() == b"close" for option in connection.split(b","))
        return version == b"HTTP/1.1" and not closing

    def _send100Continue(self) -> None:
        """Ask for the body, unless it is refused already: nothing may follow that answer."""
        if not self.refused:
            super()._send100Continue()

    def allContentReceived(self) -> None:
        """The request is there; now its handler."""
        if self.refused:
            return
        self.enter(Phase.HANDLING)
        self.started = False
        super().allContentReceived()

    def rawDataReceived(self, data: bytes) -> None:
        """Bytes of a body."""
        if not self.refused:
            super().rawDataReceived(data)

    def requestDone(self, request: http.Request) -> None:
        """The answer is written; the next request may follow."""
        self.enter(Phase.IDLE if self.persistent else Phase.CLOSING)
        super().requestDone(request)

    def _respondToBadRequestAndDisconnect(self) -> None:
        """What twisted's parser refuses, answered like everything else (H9)."""
        self.refuse(400)

    def refuse(self, status: int) -> None:
        """Answer with an error and close, whatever else was to come."""
        if self.refused:
            return
        self.refused = True
        self.enter(Phase.CLOSING)
        self.site.note(None, status)
        Deferred.fromCoroutine(self._tell(status))

    async def _tell(self, status: int) -> None:
        """Write the error and close; whoever may read the answers of the address may read it, where that is known by now."""
        site = self.site
        path, _, _ = getattr(self, "_path", b"").partition(b"?")
        headers = self.requests[-1].requestHeaders if path else http_headers.Headers()
        self.telling = True
        try:
            sharing = await site.sharing(path, headers)
        finally:
            self.telling = False
        if self.lost:
            return
        self.transport.write(site.layout.wire(site.plain(status), sharing, close=True))
        self.linger()

    def linger(self) -> None:
        """Close our side and let theirs run dry: unread bytes would reset the connection and the answer with it."""
        self._networkProducer.unregisterProducer()
        if IHalfCloseableDescriptor.providedBy(self.transport) and not self.heard_out:
            self.transport.loseWriteConnection()
        else:
            self.transport.loseConnection()

    def look(self, now: float) -> None:
        """Called once a second: has this phase taken too long?"""
        limits, passed = self.limits, now - self.since
        if self.phase is Phase.HANDLING and passed > limits.handler_time:
            self.since = now
            if self.requests:
                self.requests[0].unanswered = "The answer took too long."
                self.requests[0].respond(self.site.error(self.requests[0], 503))
        elif self.phase is Phase.HEAD and passed > limits.head_time:
            self.expire()
        elif self.phase is Phase.BODY and passed > limits.body_time:
            self.refuse(408)
        elif self.phase is Phase.IDLE and passed > (
            limits.write_time if self._waitingForTransport else limits.idle_time
        ):
            self.end()
        elif self.phase is Phase.CLOSING and passed > (limits.linger_time if self.refused else limits.write_time):
            self.transport.abortConnection()

    def expire(self) -> None:
        """A head that does not end: an answer for who has begun one, nothing for who has only connected."""
        if self.started or self._buffer:
            self.refuse(408)
        else:
            self.end()

    def part(self) -> None:
        """Close if nothing is being asked here; what is, is still answered."""
        if self.idle:
            self.end()

    @property
    def idle(self) -> bool:
        """Is nothing being asked here?"""
        return self.phase is Phase.IDLE or (self.phase is Phase.HEAD and not self.started)

    def leave(self, *, at_once: bool) -> None:
        """Make room for somebody else."""
        if at_once:
            self.persistent = 0
            self.enter(Phase.CLOSING)
            self.transport.abortConnection()
        else:
            self.end()

    def end(self) -> None:
        """Close, at once if the other side does not take what we wrote."""
        self.persistent = 0
        if self._waitingForTransport:
            self.transport.abortConnection()
        else:
            self.enter(Phase.CLOSING)
            self.loseConnection()
