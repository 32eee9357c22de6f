"""Plain requests go past Twisted's parser (H5): whatever is sent, both ways must hand on the same, and answer the same."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from twisted.internet.task import Clock
from twisted.internet.testing import StringTransport
from twisted.web.http_headers import Headers

from iam.browser.theme import Theme
from iam.http import plain
from iam.http.answers import Answer, json_answer
from iam.http.dispatch import Route
from iam.http.request import Request
from iam.http.site import Site
from iam.limits import Limits
from tests.http.conftest import settings

LIMITS = Limits()
SMALL = Limits(head=60, request_line=40, headers=3, body=8)
BY_NAME = {"usual": LIMITS, "small": SMALL}
FORM = b"Content-Type: application/x-www-form-urlencoded\r\n"
NEXT = b"GET /hello?next HTTP/1.1\r\nHost: localhost\r\n\r\n"
POST = b"POST /hello?a=b HTTP/1.1\r\nHost: localhost\r\nX-Y: c d\r\nContent-Length: 3\r\n\r\nabc"
GET = b"GET /hello HTTP/1.1\r\nHost: localhost\r\nConnection: keep-alive\r\n\r\n"

# As they were recorded, but for the port.
CLIENTS = {
    "curl": (
        b"POST /token HTTP/1.1\r\nHost: 127.0.0.1:8000\r\nAuthorization: Basic YTpi\r\nUser-Agent: curl/7.88.1\r\n"
        b"Accept: */*\r\nContent-Length: 29\r\n" + FORM
    ),
    "requests": (
        b"POST /token HTTP/1.1\r\nHost: 127.0.0.1:8000\r\nUser-Agent: python-requests/2.34.2\r\n"
        b"Accept-Encoding: gzip, deflate\r\nAccept: */*\r\nConnection: keep-alive\r\nContent-Length: 29\r\n"
        + FORM
        + b"Authorization: Basic YTpi\r\n"
    ),
    "httpx": (
        b"POST /token HTTP/1.1\r\nHost: 127.0.0.1:8000\r\nAccept: */*\r\nAccept-Encoding: gzip, deflate\r\n"
        b"Connection: keep-alive\r\nUser-Agent: python-httpx2/2.16.2\r\nContent-Length: 29\r\n"
        + FORM
        + b"Authorization: Basic YTpi\r\n"
    ),
    "wrk": (
        b"POST /token HTTP/1.1\r\nHost: 127.0.0.1:8000\r\n"
        + FORM
        + b"Content-Length: 29\r\nAuthorization: Basic YTpi\r\n"
    ),
    "fetch of node": (
        b"POST /token HTTP/1.1\r\nhost: 127.0.0.1:8000\r\nconnection: keep-alive\r\nauthorization: Basic YTpi\r\n"
        b"content-type: application/x-www-form-urlencoded;charset=UTF-8\r\naccept: */*\r\naccept-language: *\r\n"
        b"sec-fetch-mode: cors\r\nuser-agent: node\r\naccept-encoding: gzip, deflate\r\ncontent-length: 29\r\n"
    ),
    "net/http of Go": (
        b"POST /token HTTP/1.1\r\nHost: 127.0.0.1:8000\r\nUser-Agent: Go-http-client/1.1\r\nContent-Length: 29\r\n"
        b"Authorization: Basic YTpi\r\n" + FORM + b"Accept-Encoding: gzip\r\n"
    ),
}


def get(headers: bytes = b"", line: bytes = b"GET /hello HTTP/1.1") -> bytes:
    return line + b"\r\nHost: localhost\r\n" + headers + b"\r\n"


def post(headers: bytes, body: bytes = b"") -> bytes:
    return get(headers, b"POST /hello HTTP/1.1") + body


FOR_THE_PARSER = {
    "nothing": b"",
    "a part of the line": GET[:12],
    "a part of the head": GET[:-2],
    "a part of the body": POST[:-1],
    "a byte behind the body": POST + b"d",
    "a line end before": b"\r\n" + GET,
    "two requests": GET + GET,
    "HEAD": get(line=b"HEAD /hello HTTP/1.1"),
    "PUT": get(b"Content-Length: 0\r\n", b"PUT /hello HTTP/1.1"),
    "get": get(line=b"get /hello HTTP/1.1"),
    "HTTP/1.0": get(line=b"GET /hello HTTP/1.0"),
    "an absolute target": get(line=b"GET http://localhost/hello HTTP/1.1"),
    "a target not ASCII": get(line="GET /hellö HTTP/1.1".encode()),
    "an escape in the target": get(line=b"GET /\x1b HTTP/1.1"),
    "line ends of LF": GET.replace(b"\r\n", b"\n"),
    "a bare CR": get(b"X: a\rb\r\n"),
    "a bare LF": get(b"X: a\nY: b\r\n"),
    "a NUL": get(b"X: a\0b\r\n"),
    "a header not ASCII": get(b"X: \xe9\r\n"),
    "a tab": get(b"X: a\tb\r\n"),
    "a folded header": get(b"X: a\r\n b\r\n"),
    "a header without a value": get(b"X:\r\n"),
    "a header without a name": get(b": y\r\n"),
    "a space before the colon": get(b"X : y\r\n"),
    "a space at the end": get(b"X: y \r\n"),
    "a header twice": get(b"X: y\r\nx: y\r\n"),
    "Host twice": get(b"HOST: localhost\r\n"),
    "no headers": b"GET /hello HTTP/1.1\r\n\r\n",
    "chunked": post(b"Transfer-Encoding: chunked\r\n", b"0\r\n\r\n"),
    "chunked with a length": post(b"transfer-encoding: chunked\r\nContent-Length: 5\r\n", b"0\r\n\r\n"),
    "Expect": post(b"Expect: 100-continue\r\nContent-Length: 3\r\n", b"abc"),
    "Upgrade": get(b"Upgrade: h2c\r\n"),
    "Connection: close": get(b"Connection: close\r\n"),
    "Connection: Upgrade": get(b"Connection: Upgrade\r\n"),
    "Connection: keep-alive, close": get(b"Connection: keep-alive, close\r\n"),
    "GET with a body": get(b"Content-Length: 3\r\n") + b"abc",
    "GET with a length and no body": get(b"Content-Length: 3\r\n"),
    "POST without a length": post(b""),
    "a length with a zero before": post(b"Content-Length: 03\r\n", b"abc"),
    "a length with a sign": post(b"Content-Length: +3\r\n", b"abc"),
    "a length too small": post(b"Content-Length: 2\r\n", b"abc"),
    "a length too large": post(b"Content-Length: 4\r\n", b"abc"),
    "a length twice": post(b"Content-Length: 3\r\nContent-length: 3\r\n", b"abc"),
    "a long line": get(line=b"GET /" + b"a" * LIMITS.request_line + b" HTTP/1.1"),
    "a long head": get(b"X: " + b"a" * LIMITS.head + b"\r\n"),
    "a long body": post(b"Content-Length: 65537\r\n", b"a" * 65_537),
    "65 headers": get(b"".join(b"X-%d: y\r\n" % number for number in range(64))),
}  # fmt: skip


class Recording(Site):
    """A site that keeps what it was handed."""

    handed: list[tuple[object, ...]]

    def handle(self, request: Request) -> None:
        self._keep(request)
        super().handle(request)

    def refuse(self, request: Request, status: int) -> None:
        self._keep(request)
        super().refuse(request, status)

    def _keep(self, request: Request) -> None:
        headers = list(request.requestHeaders.getAllRawHeaders())
        self.handed.append((request.method, request.uri, request.path, request.query, headers, request.body))


async def hello(request: Request) -> Answer:
    return json_answer(200, {"body": len(request.body), "client": request.client_address})


def site(limits: Limits) -> Recording:
    known = settings()
    routes = [Route("/hello", ("GET", "POST"), hello)]
    return Recording(Clock(), known, routes, error_page=Theme(known).error_of, unavailable=(), limits=limits)


SITES = {limits: site(limits) for limits in (LIMITS, SMALL)}


def outcome(reads: list[bytes], limits: Limits = LIMITS) -> dict[str, Any]:
    """What a site was handed and answered, and how it left the connection."""
    site, transport = SITES[limits], StringTransport()
    site.handed = []
    channel = site.buildProtocol(None)
    channel.makeConnection(transport)
    for data in reads:
        if not transport.disconnecting:  # nothing is read from then on
            channel.dataReceived(data)
    result = {
        "handed": site.handed,
        "answered": transport.value(),
        "closed": transport.disconnecting,
        "phase": channel.phase,
        "persistent": bool(channel.persistent),
        "waiting": None if transport.disconnecting else (channel.started, channel._buffer, len(channel.requests)),
    }
    channel.connectionLost()
    return result


def cut(data: bytes, at: int = 1) -> list[bytes]:
    return [data[:at], data[at:]]


@pytest.mark.parametrize("client", CLIENTS)
def test_what_clients_send_is_plain(client: str) -> None:
    body = b"grant_type=client_credentials"

    found = plain.read(CLIENTS[client] + b"\r\n" + body, LIMITS)

    assert found is not None
    assert (found.method, found.target, found.body) == (b"POST", b"/token", body)
    assert found.headers.getRawHeaders(b"authorization") == [b"Basic YTpi"]
    assert found.headers.getRawHeaders("Content-Length") == ["29"]


def test_a_get_is_plain() -> None:
    found = plain.read(GET, LIMITS)

    assert found == (b"GET", b"/hello", Headers({b"Host": [b"localhost"], b"Connection": [b"keep-alive"]}), b"")


@pytest.mark.parametrize("name", FOR_THE_PARSER)
def test_h5_whatever_is_not_plain_is_left_to_the_parser(name: str) -> None:
    assert plain.read(FOR_THE_PARSER[name], LIMITS) is None


@pytest.mark.parametrize(
    ("request_", "beyond"),
    [
        (get(line=b"GET /%b HTTP/1.1" % (b"a" * 26)), get(line=b"GET /%b HTTP/1.1" % (b"a" * 27))),
        (get(b"X: %b\r\n" % (b"y" * 38)), get(b"X: %b\r\n" % (b"y" * 39))),
        (get(b"X: y\r\nY: z\r\n"), get(b"X: y\r\nY: z\r\nZ: z\r\n")),
        (post(b"Content-Length: 8\r\n", b"abcdefgh"), post(b"Content-Length: 9\r\n", b"abcdefghi")),
    ],
    ids=["line", "head", "headers", "body"],
)
def test_h3_the_limits_are_those_of_the_connection(request_: bytes, beyond: bytes) -> None:
    assert plain.read(request_, SMALL) is not None
    assert plain.read(beyond, SMALL) is None
    assert outcome([beyond], SMALL)["handed"] == outcome(cut(beyond), SMALL)["handed"]


@pytest.mark.parametrize("sent", [GET, POST], ids=["GET", "POST"])
def test_h5_any_byte_in_any_place_of_a_plain_request_is_read_alike_both_ways(sent: bytes) -> None:
    for place in range(len(sent)):
        for byte in b"\0\t\n\x0b\r\x1b !\"',-/019:;ACGPaceps{}~\x7f\x80\xa0\xff":
            put, over = sent[:place] + bytes([byte]) + sent[place:], sent[:place] + bytes([byte]) + sent[place + 1 :]
            for data in (put, over):
                assert outcome([data, NEXT]) == outcome(cut(data) + cut(NEXT)), data


@pytest.mark.parametrize("sent", [GET, POST], ids=["GET", "POST"])
def test_a_request_is_read_alike_wherever_it_is_cut(sent: bytes) -> None:
    for place in range(1, len(sent)):
        assert outcome([sent, NEXT]) == outcome([*cut(sent, place), NEXT])


@pytest.mark.parametrize("before", [[], [GET]], ids=["the first", "the second"])
@pytest.mark.parametrize("reads", [[GET], cut(GET)], ids=["in one read", "in two"])
def test_a_request_behind_the_end_of_a_connection_is_not_handled(before: list[bytes], reads: list[bytes]) -> None:
    transport, channel = StringTransport(), SITES[LIMITS].buildProtocol(None)
    channel.makeConnection(transport)
    for data in before:
        channel.dataReceived(data)
    SITES[LIMITS].handed = []

    channel.end()
    for data in reads:
        channel.dataReceived(data)  # as TLS does, which has it decrypted already

    assert SITES[LIMITS].handed == []
    channel.connectionLost()


def among(usual: bytes, *others: bytes) -> st.SearchStrategy[bytes]:
    """Mostly the usual, so that most of a request is as it should be."""
    return st.sampled_from([usual] * 60 + list(others))


METHODS = st.sampled_from([b"GET", b"POST"] * 6 + [b"HEAD", b"PUT", b"get", b"G\xc3T"])
TARGETS = among(
    b"/hello", b"/hello?a=b%20c", b"/nowhere", b"//hello", b"*", b"/%00", b"/h\x80", b"/a b", b"http://a/", b""
)
VERSIONS = among(b"HTTP/1.1", b"HTTP/1.0", b"HTTP/2.0", b"http/1.1", b"HTTP/1.1 ")
ENDS = among(b"\r\n", b"\n", b"\r", b"\r\n ", b"\r\n\t", b" \r\n")
COLONS = among(b": ", b":", b" : ", b":  ", b":\t", b"", b"=")
NAMES = st.sampled_from(
    b"Authorization X X-y x Connection connection Content-Length CONTENT-LENGTH Transfer-Encoding transfer-encoding Expect"
    b" Upgrade Host hOst Content_Length ETag".split()
)
VALUES = st.sampled_from(
    b"localhost|3|03|0|+3|3, 3|chunked|identity|100-continue|close|keep-alive|Keep-Alive|keep-alive, close|Upgrade|h2c"
    b"|websocket|Bearer x|a  b|| |y ".split(b"|")
)
BODIES = st.sampled_from([b"", b"", b"abc", b"a=b&c=d", b"0\r\n\r\n", b"3\r\nabc\r\n0\r\n\r\n", NEXT, b"\r\n"])


USUAL = st.sampled_from([b"X-A: b c\r\n", b"x-c: d\r\n", b"Connection: keep-alive\r\n", b"Authorization: Bearer x\r\n"])


@st.composite
def unusual(draw: st.DrawFn) -> bytes:
    name = draw(NAMES | NAMES | NAMES | st.binary(max_size=4))
    value = draw(VALUES | VALUES | VALUES | st.binary(max_size=4))
    return name + draw(COLONS) + value + draw(ENDS)


@st.composite
def requests(draw: st.DrawFn) -> bytes:
    """A request, often plain, often almost so, sometimes nonsense."""
    method = draw(METHODS)
    body = draw(BODIES if method == b"POST" else among(b"", b"abc", NEXT))
    lengths = [b"Content-Length: %d\r\n" % len(body)] * 6 + [b"Content-Length: 2\r\n", b""]
    length = draw(among(b"", *lengths) if method == b"GET" and not body else st.sampled_from(lengths))
    host = draw(among(b"Host: localhost\r\n", b"", b"Host: evil.example\r\n", b"host:localhost\r\n"))
    more = draw(st.lists(USUAL, max_size=2)) + draw(st.just([]) | st.lists(unusual(), max_size=2))
    headers = draw(st.permutations([host, length, *more]))
    line = method + draw(among(b" ", b"  ", b"\t")) + draw(TARGETS) + b" " + draw(VERSIONS) + draw(ENDS)
    return line + b"".join(headers) + draw(ENDS) + body


@given(sent=requests(), limits=st.sampled_from(["usual", "usual", "small"]), place=st.integers(1, 200))
def test_h5_generated_requests_are_read_alike_both_ways(sent: bytes, limits: str, place: int) -> None:
    at_once = outcome([sent, NEXT, NEXT], BY_NAME[limits])

    assert at_once == outcome([*cut(sent), *cut(NEXT), *cut(NEXT)], BY_NAME[limits])
    assert at_once == outcome([*cut(sent, min(place, len(sent) - 1)), NEXT, NEXT], BY_NAME[limits])


@given(
    sent=st.lists(st.sampled_from([GET, POST, NEXT, b"\r\n", get(b"Connection: close\r\n")]), min_size=1, max_size=5)
)
def test_requests_behind_each_other_are_read_alike_however_they_come(sent: list[bytes]) -> None:
    one_by_one = outcome(sent)

    assert one_by_one == outcome([b"".join(sent)])
    assert one_by_one == outcome([part for data in sent for part in cut(data)])
