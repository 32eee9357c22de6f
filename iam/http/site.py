"""The HTTP server: connections within limits, requests to their handlers, answers out (H1-H11)."""

import secrets
from collections import Counter
from collections.abc import Awaitable, Callable
from functools import partial

from twisted.internet.interfaces import IAddress, IProtocolNegotiationFactory
from twisted.internet.protocol import Factory
from twisted.internet.task import LoopingCall, deferLater
from twisted.logger import Logger
from twisted.web import http_headers
from zope.interface import implementer

from iam.clock import Clock
from iam.daily import Daily
from iam.http import coroutines, cors, problems
from iam.http.answers import FOR_NOBODY, TEXT, Answer, Headers, Parts, json_answer, retry_after
from iam.http.channel import Channel
from iam.http.connections import Connections
from iam.http.cors import Registered
from iam.http.dispatch import Handler, MethodNotAllowed, NotFound, Route, Router
from iam.http.forwarded import Proxies
from iam.http.headers import Layout, status_line
from iam.http.mutual_tls import mutual_tls
from iam.http.problems import problem
from iam.http.request import Request
from iam.http.summary import Summary
from iam.limits import Limits
from iam.reactor import Timer
from iam.recurring import Recurring
from iam.settings import Settings

log = Logger()

ErrorPage = Callable[[int, str | None], Answer]
Budget = Callable[[Request], Awaitable[int]]  # returns the seconds until this request may be tried again, or 0
Finish = Callable[[Request, Answer], Answer]
SOON = 1  # seconds
FAILED = 500
LONGEST_SHOWN = 200  # characters of a path in the log
TOO_MANY = 429
UNAVAILABLE = 503
REFUSED = 400
DRAIN_LOOK = 0.02  # seconds


async def nothing(_: Request) -> int:
    """Returns 0 seconds to wait, because nothing is counted."""
    return 0


def as_it_is(_: Request, answer: Answer) -> Answer:
    """Returns the answer unchanged."""
    return answer


@implementer(IProtocolNegotiationFactory)
class Site(Factory):
    """The factory of connections, one for all ports of the server.

    `unavailable` are the exceptions that mean 503, `throttled` those that mean 429, `error_page` makes a page for people of a status
    and an id, `registered` says whether a client is registered at an origin, `budget` how many seconds a writing request has to wait,
    `finish` adds headers to the answer of a handler.
    """

    noisy = False

    def __init__(
        self,
        reactor: Timer,
        settings: Settings,
        routes: list[Route],
        *,
        error_page: ErrorPage,
        unavailable: tuple[type[Exception], ...],
        throttled: tuple[type[Exception], ...] = (),
        limits: Limits,
        registered: Registered = cors.nobody,
        budget: Budget = nothing,
        finish: Finish = as_it_is,
    ) -> None:
        self.settings = settings
        self.base = settings.path
        self.limits = limits
        self.seconds: Callable[[], float] = reactor.seconds
        self.layout = Layout(settings, reactor.seconds)
        self.proxies = Proxies.among(settings.proxy_headers, settings.proxy_header)
        self.mutual = mutual_tls(settings, self.proxies)
        self.channels: set[Channel] = set()
        self.connections = Connections(limits, self.channels, self.proxies.believed)
        self.misunderstood: Counter[str] = Counter()
        self._router = Router(routes)
        self._problems = (settings.path + problems.BELOW).encode()
        self._error_page = error_page
        self._unavailable = unavailable
        self._throttled = throttled
        self._registered = registered
        self._budget = budget
        self._finish = finish
        self.crowd = Summary(reactor, lambda count: log.warn("connections refused: {count}, too many", count=count))
        self.unread = Summary(reactor, lambda count: log.info("requests refused unread: {count}", count=count))
        self.unanswered = Recurring(reactor, log_unanswered, log_answered)
        self._daily = None if settings.no_rate_limits else Daily(limits.refusals_per_network, limits.refusals)
        self._clock = Clock(reactor.seconds)
        self._sweep = LoopingCall(self._look)
        self._sweep.clock = reactor
        self._pause = partial(deferLater, reactor)
        self._handling = 0
        self.draining = False
        self.talkative = False  # log a line for each answer, for a person who watches
        self.debugging = True  # somebody hears events of debug level

    # Connections

    def acceptableProtocols(self) -> list[bytes]:
        """Returns the protocols for ALPN (RFC 7301), which many TLS clients ask for; without any Twisted would end the handshake."""
        return [b"http/1.1"]

    def doStart(self) -> None:
        """Begins to enforce the deadlines of connections."""
        if not self._sweep.running:
            self._sweep.start(self.limits.sweep, now=False)
        super().doStart()

    def doStop(self) -> None:
        """Stops the sweep and the log counters once the last listening port is closed."""
        super().doStop()
        if not self.numPorts and self._sweep.running:
            self._sweep.stop()
        if not self.numPorts:
            self.unanswered.stop()

    def map_paths(self) -> object:
        """Makes Klein's map of paths, unless a request has needed it already, and returns it."""
        return self._router.paths

    def buildProtocol(self, addr: IAddress | None) -> Channel | None:
        """Accepts a connection; None if there are too many, in all or of this network (H6)."""
        address = getattr(addr, "host", "")
        if not self.connections.admit(address):
            self.crowd.add()
            return None
        channel = Channel()
        channel.site = channel.factory = self
        channel.address = address
        self.connections.begin(address)
        return channel

    def forget(self, channel: Channel) -> None:
        """Forgets a connection that is gone."""
        self.channels.discard(channel)
        self.connections.end(channel.address)

    def _look(self) -> None:
        now = self.seconds()
        for channel in list(self.channels):
            try:
                channel.look(now)
            except Exception:  # noqa: BLE001 - one connection must not end the sweep over all others
                log.failure("a connection could not be looked after")
                channel.transport.abortConnection()

    async def drain(self) -> None:
        """Answers the requests that are under way or arriving, each as the last of its connection; then closes all connections."""
        self.draining = True
        latest = self.seconds() + self.limits.drain_time
        if self.channels:
            await self._pause(self.limits.farewell_time)
        for channel in list(self.channels):
            channel.part()
        while (self._handling or self.channels) and self.seconds() < latest:
            await self._pause(DRAIN_LOOK)
        for channel in list(self.channels):
            channel.transport.abortConnection()

    # Requests

    def whence(self, peer: str, headers: http_headers.Headers) -> str:
        """Returns the client's address; a complaint about a proxy's headers is logged once, and then counted."""
        whence = self.proxies.whence(peer, headers)
        if whence.complaint:
            subject = whence.complaint.partition(":")[0]
            self.misunderstood[subject] += 1
            if self.misunderstood[subject] == 1:
                log.warn(
                    "forwarding headers of the proxy {peer}: {complaint} (see --proxy-header; said once)",
                    peer=peer or "on the socket",
                    complaint=whence.complaint,
                )
        return whence.address

    def is_page(self, path: bytes) -> bool:
        """Whether people open this address in a browser; true for unknown ones."""
        return self._router.is_page(path)

    def handle(self, request: Request) -> None:
        """Finds the handler and runs it to its end, whether the client waits for it or not (H42)."""
        try:
            route, arguments = self._router.find(request.method, request.path)
        except NotFound:
            request.respond(self.error(request, 404))
        except MethodNotAllowed as refusal:
            handler = self._answering(405, ((b"Allow", ", ".join(refusal.allowed).encode()),))
            self._begin(request, Route("", (), handler, cors=refusal.cors), {})
        else:
            self._begin(request, route, arguments)

    def refuse(self, request: Request, status: int) -> None:
        """Answers with an error that the same origins may read as the other answers of this address."""
        self._begin(request, Route("", (), self._answering(status), cors=self._router.cors(request.path)), {})

    async def sharing(self, path: bytes, headers: http_headers.Headers) -> Headers:
        """Returns the CORS headers of an answer to an incomplete request; nobody may read it if the database does not answer."""
        try:
            return await cors.headers(headers, self._router.cors(path), self._registered)
        except self._unavailable:
            return FOR_NOBODY

    def _answering(self, status: int, headers: Headers = ()) -> Handler:
        async def handler(request: Request) -> Answer:
            return self.error(request, status, headers)

        return handler

    def _begin(self, request: Request, route: Route, arguments: dict[str, str]) -> None:
        self._handling += 1
        request.passage = route.passage
        coroutines.run(self._run(request, route, arguments))

    async def _run(self, request: Request, route: Route, arguments: dict[str, str]) -> None:
        """Runs the handler of a route and sends its answer; every exception ends here as an error page or an error in JSON."""
        try:
            settled = cors.settled(request.requestHeaders, route.cors)
            request.sharing = settled or await cors.headers(request.requestHeaders, route.cors, self._registered)
            answer = await self._handled(request, route, arguments)
        except self._unavailable as error:
            request.unanswered = str(error)
            answer = self.error(request, UNAVAILABLE, retry_after(getattr(error, "retry_after", SOON)))
        except self._throttled as error:
            answer = self.error(request, TOO_MANY, retry_after(getattr(error, "retry_after", SOON)))
        except Exception:  # noqa: BLE001 - here ends every mistake of ours
            answer = self._failed(request, route)
        finally:
            self._handling -= 1
        if answer.parts is None:
            request.respond(answer)
        else:
            await self._send(request, answer, answer.parts)

    async def _send(self, request: Request, answer: Answer, parts: Parts) -> None:
        """Sends an answer that is made in parts; whoever stops the server waits for it."""
        self._handling += 1
        try:
            await request.send(answer, parts)
        finally:
            self._handling -= 1

    async def _handled(self, request: Request, route: Route, arguments: dict[str, str]) -> Answer:
        """Returns the handler's answer, or 429 if the route writes and the sender has no budget left."""
        wait = await self._budget(request) if route.writes else 0
        if wait:
            return self.error(request, TOO_MANY, retry_after(wait))
        try:
            answer = await route.handler(request, **arguments)
        except route.errors.caught as error:
            answer = route.errors.write(request, error)
        return self._finish(request, answer)

    def _failed(self, request: Request, route: Route) -> Answer:
        """Logs an unexpected exception under a new id, and returns a 500 that shows the id."""
        identifier = secrets.token_hex(8)
        log.failure(
            "request failed: {method} {path}, id {id}", method=shorten(request.method), path=route.path, id=identifier
        )
        return self.error(request, FAILED, identifier=identifier)

    # Errors

    def error(self, request: Request, status: int, headers: Headers = (), identifier: str | None = None) -> Answer:
        """Returns an error: a page at addresses that people open, JSON at protocol endpoints, a problem in the API."""
        if status == UNAVAILABLE and not headers:
            headers = retry_after(SOON)
        if request.path.startswith(self._problems):
            told = error_members(status, identifier)
            return problem(status, told.pop("error_description"), headers, **told)
        if self._router.is_page(request.path):
            page = self._error_page(status, identifier)
            return Answer(status, page.body, page.headers + headers)
        return json_answer(status, error_members(status, identifier), headers)

    def plain(self, status: int) -> Answer:
        """Returns an error in plain text, for what did not become a request; it names the limit, if one was exceeded."""
        limits, host = self.limits, self.settings.issuer_host
        sentence = TOO_LARGE.get(status, "").format(limits=limits, host=host)
        return Answer(status, status_line(status)[13:].strip() + b"\n" + sentence.encode(), TEXT)

    def admitted(self, request: Request) -> bool:
        """Whether this refusal may be a line in the log: each network has so many a day."""
        return self._daily is None or self._daily.admit(request.client_address, self._clock.now())

    def note(self, request: Request | None, status: int) -> None:
        """Logs one line about an answer: refusals at info level, others at debug level unless a person watches.

        Requests that cannot be answered now have a line for each reason, not for each request.
        """
        if request is None:
            self.unread.add()
            return
        if request.unanswered:
            self.unanswered.add(request.unanswered)
        refused = status >= REFUSED and not request.expected
        said = self.talkative or refused or self._router.is_page(request.path)
        said = said and not request.unanswered and (not refused or self.admitted(request))
        if not (said or self.debugging):
            return
        emit = log.info if said else log.debug
        emit(
            "{method} {path} {status}",
            method=shorten(request.method),
            path=shorten(request.path),
            status=status,
            peer=request.client_address,
            milliseconds=round((self.seconds() - request.since) * 1000, 1),
        )


def log_unanswered(reason: str, count: int) -> None:
    """Logs how many requests could not be answered for this reason."""
    log.warn("unavailable: {reason} (requests: {count})", reason=reason, count=count)


def log_answered(total: int, seconds: float) -> None:
    """Logs that requests are answered again."""
    log.info("unavailable: no longer, after {total} requests in {seconds} s", total=total, seconds=round(seconds, 1))


def shorten(text: bytes) -> str:
    """Returns a text from a request in ASCII, cut to LONGEST_SHOWN characters for the log."""
    told = text.decode("ascii", "replace")
    return told if len(told) <= LONGEST_SHOWN else told[: LONGEST_SHOWN - 1] + "…"


# People see these too, without a page: its style sheet would be refused for the same cookies.
TOO_LARGE = {
    413: "The body of the request has more than {limits.body} bytes (the server's limit `body`).\n",
    414: "The address of the request has more than {limits.request_line} characters.\n",
    431: (
        "The headers of the request have more than {limits.head} bytes, or are more than {limits.headers} (the server's limits "
        "`head` and `headers`). In a browser it is cookies, of all programs on this host: delete the cookies of {host}, and "
        "try again.\n"
    ),
}


ERRORS = {
    404: ("not_found", "There is nothing at this address."),
    405: ("method_not_allowed", "This address takes other methods: see Allow."),
    421: ("misdirected_request", "This server does not answer for that host."),
    429: ("temporarily_unavailable", "Too much has come from you or your network; wait as long as Retry-After says."),
    500: ("server_error", "The server made a mistake; its log has more under this id."),
    503: ("temporarily_unavailable", "The server cannot answer right now; try again in a moment."),
}


def error_members(status: int, identifier: str | None) -> dict[str, str]:
    """Returns the members of an error in JSON (RFC 6749 §5.2)."""
    error, description = ERRORS.get(status, ("invalid_request", "The request is malformed."))
    return {"error": error, "error_description": description} | ({"error_id": identifier} if identifier else {})
