"""One HTTP connection: Twisted's parser, with limits and total deadlines (H1-H6), and a short way past it for plain requests."""

from enum import Enum, auto
from functools import cached_property
from typing import Any, Protocol

from twisted.internet.defer import Deferred, succeed
from twisted.internet.interfaces import IHalfCloseableDescriptor, IHalfCloseableProtocol
from twisted.internet.protocol import connectionDone
from twisted.protocols.basic import LineReceiver
from twisted.python.failure import Failure
from twisted.web import http, http_headers
from zope.interface import implementer

from iam.http import certificates, plain, request
from iam.http.answers import Answer, Headers
from iam.http.request import Request
from iam.limits import Limits
from iam.records.certificate import Certificate

LONGEST_NUMBER = 32  # digits of a Content-Length; Python refuses to parse thousands of them


class Phase(Enum):
    """What a connection is doing, which decides its deadline."""

    HEAD = auto()
    BODY = auto()
    HANDLING = auto()
    SENDING = auto()
    IDLE = auto()
    CLOSING = auto()


class ConnectionHost(request.RequestHost, Protocol):
    """What a connection needs from its site."""

    limits: Limits
    channels: "set[Channel]"

    def forget(self, channel: "Channel") -> None:
        """Forgets a connection that is gone."""

    async def sharing(self, path: bytes, headers: http_headers.Headers) -> Headers:
        """Returns the headers that say which origins may read an answer from this path."""

    def plain(self, status: int) -> Answer:
        """Returns an error in plain text, for what did not become a request."""

    def error(self, request: Request, status: int) -> Answer:
        """Returns an error as a page or as JSON, as the path requires."""


@implementer(IHalfCloseableProtocol)
class Channel(http.HTTPChannel):
    """A connection on which every phase has a deadline, and every refusal is a complete answer."""

    requestFactory = Request  # type: ignore[assignment] # made from a connection alone
    timeOut = None  # our deadlines are totals, which the site's sweep enforces
    site: ConnectionHost
    transport: Any
    phase = Phase.HEAD
    since = 0.0
    heard = False  # anything at all
    started = False
    refused = False
    telling = False  # a refusal is being prepared, and is not written yet
    heard_out = False  # the client has closed its side
    lost = False
    room: Deferred[None] | None = None  # waits for the client to take what was sent
    address = ""
    asks = False  # for the certificate of the client (RFC 8705)

    @cached_property
    def certificate(self) -> Certificate | None:
        """The certificate that the client has shown, where it was asked for one; it stays the same."""
        return certificates.shown(self.transport) if self.asks else None

    @property
    def limits(self) -> Limits:
        """The limits of this connection."""
        return self.site.limits

    def connectionMade(self) -> None:
        """Sets the parser's limits, and begins to wait for a head."""
        self.maxHeaders = self.limits.headers
        self.totalHeadersSize = self.limits.head + self.limits.request_line
        self.MAX_LENGTH = max(self.limits.head, self.limits.request_line)
        self.enter(Phase.HEAD)
        self.site.channels.add(self)
        super().connectionMade()

    def connectionLost(self, reason: Failure = connectionDone) -> None:
        """Forgets the connection; a handler that runs goes on, and its answer is dropped."""
        self.lost = True
        self.site.forget(self)
        super().connectionLost(reason)
        self._make_room()

    def readConnectionLost(self) -> None:
        """Notes that the client has closed its side; a complete request, or a refusal, is still answered."""
        self.heard_out = True
        if self.phase in (Phase.HANDLING, Phase.SENDING):
            self.persistent = 0
        elif not self.telling:
            self.loseConnection()

    def writeConnectionLost(self) -> None:
        """Does nothing: `linger` has closed our side, and waits for the client's."""

    def enter(self, phase: Phase) -> None:
        """Enters a phase, and begins its deadline."""
        self.phase, self.since = phase, self.site.seconds()

    def dataReceived(self, data: bytes) -> None:
        """Takes a plain request at once, and passes other bytes to the parser; after a refusal they are dropped."""
        whole = plain.read(data, self.limits) if self.resting else None
        self.heard = True
        if whole:
            self._take(whole)
        elif not self.refused:
            self._parse(data)

    @property
    def resting(self) -> bool:
        """Whether nothing has come of the next request yet, nor of what may be before it."""
        if self.phase is Phase.IDLE:
            return not self._busyReceiving
        return self.phase is Phase.HEAD and not self.heard

    def _take(self, whole: plain.Plain) -> None:
        """Hands a plain request to its handler, and leaves the parser as it leaves itself once it has read one."""
        self.enter(Phase.HANDLING)
        self._handlingRequest = True
        self.setRawMode()
        request = Request(self, headers=whole.headers)
        self.requests.append(request)
        request.begin(whole.method, whole.target, whole.body)

    def _parse(self, data: bytes) -> None:
        if self.phase is Phase.IDLE:
            self.enter(Phase.HEAD)
        LineReceiver.dataReceived(self, data)
        if self.phase is Phase.IDLE and self._buffer:
            self.enter(Phase.HEAD)  # the next request has already begun (pipelining)

    def lineReceived(self, line: bytes) -> None:
        """Passes on a line of the head; refuses a head that is too long, and continuation lines (RFC 9112 §5.2)."""
        if self.refused:
            return
        if self.phase is Phase.IDLE:
            self.enter(Phase.HEAD)  # in the same read as the request before (pipelining)
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
        """Passes on the request line, which has a limit of its own."""
        if len(line) > self.limits.request_line:
            self.refuse(414)
            return
        super().lineReceived(line)
        self._receivedHeaderSize = 0

    def lineLengthExceeded(self, line: bytes) -> None:
        """Refuses a line that is longer than any limit."""
        self.refuse(431 if self.started else 414)

    def headerReceived(self, line: bytes) -> bool:
        """Passes on a header; refuses one too many."""
        if self.refused:
            return False
        if self._receivedHeaderCount >= self.limits.headers:
            self.refuse(431)
            return False
        return bool(super().headerReceived(line))

    def _maybeChooseTransferDecoder(self, header: bytes, data: bytes) -> bool:
        """Refuses codings other than `chunked`, and any with HTTP/1.0: a proxy may see the body end elsewhere (H5)."""
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
        """Begins to wait for the body."""
        if self.refused:
            return
        self.enter(Phase.BODY)
        super().allHeadersReceived()

    def checkPersistence(self, request: http.Request, version: bytes) -> bool:
        """Whether another request may follow: not after `close` anywhere in a Connection header (RFC 9112 §9.6)."""
        connection = b",".join(request.requestHeaders.getRawHeaders(b"connection") or ())
        closing = any(option.strip().lower() == b"close" for option in connection.split(b","))
        return version == b"HTTP/1.1" and not closing

    def _send100Continue(self) -> None:
        """Sends 100 Continue, unless the request has been refused: nothing may follow that answer."""
        if not self.refused:
            super()._send100Continue()

    def allContentReceived(self) -> None:
        """Hands the complete request to its handler."""
        if self.refused:
            return
        self.enter(Phase.HANDLING)
        self.started = False
        super().allContentReceived()

    def rawDataReceived(self, data: bytes) -> None:
        """Passes on bytes of a body; after a refusal they are dropped."""
        if not self.refused:
            super().rawDataReceived(data)

    def send(self, part: bytes) -> Deferred[None]:
        """Sends a part of an answer; the result comes once the client has room for more, or is gone."""
        self.enter(Phase.SENDING)
        self.write(part)
        if not self._waitingForTransport or self.lost:
            return succeed(None)
        self.room = Deferred()
        return self.room

    def resumeProducing(self) -> None:
        """Goes on, now that the client has taken what was sent."""
        super().resumeProducing()
        if self.phase is Phase.SENDING:
            self.enter(Phase.SENDING)
        self._make_room()

    def _make_room(self) -> None:
        room, self.room = self.room, None
        if room is not None:
            room.callback(None)

    def abort(self) -> None:
        """Ends the connection at once."""
        self.transport.abortConnection()

    def requestDone(self, request: http.Request) -> None:
        """Waits for the next request, or closes, now that the answer is written."""
        self.enter(Phase.IDLE if self.persistent else Phase.CLOSING)
        super().requestDone(request)

    def _respondToBadRequestAndDisconnect(self) -> None:
        """Answers what Twisted's parser refuses like every other refusal (H9)."""
        self.refuse(400)

    def refuse(self, status: int) -> None:
        """Answers with an error and closes; whatever else comes is dropped."""
        if self.refused:
            return
        self.refused = True
        self.enter(Phase.CLOSING)
        self.site.note(None, status)
        Deferred.fromCoroutine(self._tell(status))

    async def _tell(self, status: int) -> None:
        """Writes the error and closes; origins that may read the path's answers may read it too, if the path is known by now."""
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
        """Closes our side and drains the client's: unread bytes would reset the connection and lose the answer."""
        self._networkProducer.unregisterProducer()
        if IHalfCloseableDescriptor.providedBy(self.transport) and not self.heard_out:
            self.transport.loseWriteConnection()
        else:
            self.transport.loseConnection()

    def look(self, now: float) -> None:
        """Enforces the deadline of the phase; called once a second."""
        limits, passed = self.limits, now - self.since
        if self.phase is Phase.HANDLING and passed > limits.handler_time:
            self.since = now
            if self.requests:
                self.requests[0].unanswered = "The answer took too long."
                self.requests[0].respond(self.site.error(self.requests[0], 503))
        elif self.phase is Phase.SENDING and passed > (
            limits.write_time if self._waitingForTransport else limits.handler_time
        ):
            self.abort()
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
        """Ends the wait for a head: with 408 if one has begun, silently if none has."""
        if self.started or self._buffer:
            self.refuse(408)
        else:
            self.end()

    def part(self) -> None:
        """Closes if the connection is idle; a request under way is still answered."""
        if self.idle:
            self.end()

    @property
    def idle(self) -> bool:
        """Whether no request has begun on this connection."""
        return self.phase is Phase.IDLE or (self.phase is Phase.HEAD and not self.started)

    def leave(self, *, at_once: bool) -> None:
        """Closes, to make room for another connection."""
        if at_once:
            self.persistent = 0
            self.enter(Phase.CLOSING)
            self.transport.abortConnection()
        else:
            self.end()

    def end(self) -> None:
        """Closes, at once if the client does not read what we wrote."""
        self.persistent = 0
        if self._waitingForTransport:
            self.transport.abortConnection()
        else:
            self.enter(Phase.CLOSING)
            self.loseConnection()
