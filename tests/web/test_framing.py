"""The HTTP edge against raw bytes (H1-H8): what is malformed gets one whole answer, and never reaches a handler."""

import socket

import pytest
from twisted.internet.threads import deferToThread

from tests.harness import Server

TIMEOUT = 5


def exchange(port: int, sent: bytes) -> bytes:
    """What comes back for these bytes until the server closes or falls silent."""
    with socket.create_connection(("127.0.0.1", port), TIMEOUT) as connection:
        connection.settimeout(TIMEOUT)
        received = b""
        try:
            connection.sendall(sent)
            connection.shutdown(socket.SHUT_WR)
            while data := connection.recv(65536):
                received += data
        except OSError:
            pass
        return received


async def status_of(server: Server, sent: bytes) -> int:
    """The status of the one answer."""
    received = await deferToThread(exchange, server.settings.port, sent)
    assert received.count(b"HTTP/1.1 ") == 1, received
    assert b"X-Content-Type-Options: nosniff" in received
    return int(received.split(b" ", 2)[1])


def post(headers: bytes, body: bytes = b"", version: bytes = b"1.1") -> bytes:
    return b"POST /token HTTP/%s\r\nHost: localhost\r\n%s\r\n%s" % (version, headers, body)


def get(line: bytes = b"GET /healthz HTTP/1.1", host: bytes = b"Host: localhost\r\n", headers: bytes = b"") -> bytes:
    return line + b"\r\n" + host + headers + b"Connection: close\r\n\r\n"


async def test_a_whole_request_is_answered(server: Server) -> None:
    assert await status_of(server, get()) == 200


@pytest.mark.parametrize("length", [b"65537", b"300000000", b"1" + b"0" * 30], ids=["one too many", "300 MB", "10^30"])
async def test_h1_a_body_that_says_it_is_too_long_is_refused_at_once(server: Server, length: bytes) -> None:
    assert await status_of(server, post(b"Content-Length: " + length + b"\r\n")) == 413


async def test_h1_a_chunked_body_that_turns_out_too_long_is_refused(server: Server) -> None:
    chunks = b"".join(b"2000\r\n" + b"a" * 0x2000 + b"\r\n" for _ in range(9)) + b"0\r\n\r\n"

    assert await status_of(server, post(b"Transfer-Encoding: chunked\r\n", chunks)) == 413


async def test_h2_multipart_is_refused_and_ten_thousand_fields_are(server: Server) -> None:
    form = b"Content-Type: application/x-www-form-urlencoded\r\nConnection: close\r\n"
    many = b"a=1&" * 10_000

    assert (
        await status_of(server, post(b"Content-Type: multipart/form-data; boundary=x\r\nContent-Length: 0\r\n")) == 415
    )
    assert await status_of(server, post(form + b"Content-Length: %d\r\n" % len(many), many)) == 400


async def test_h3_a_long_line_many_headers_and_a_long_head_are_refused(server: Server) -> None:
    assert await status_of(server, get(b"GET /" + b"a" * 8_192 + b" HTTP/1.1")) == 414
    assert await status_of(server, get(b"GET /" + b"a" * 40_000 + b" HTTP/1.1")) == 414
    assert await status_of(server, get(headers=b"X: y\r\n" * 70)) == 431
    assert await status_of(server, get(headers=(b"X: " + b"y" * 6_000 + b"\r\n") * 3)) == 431


@pytest.mark.parametrize(
    ("line", "status"),
    [
        (b"get /healthz HTTP/1.1", 405),
        (b"TRACE /healthz HTTP/1.1", 405),
        (b"GET http://localhost/healthz HTTP/1.1", 400),
        (b"GET //healthz HTTP/1.1", 400),
        (b"OPTIONS * HTTP/1.1", 400),
        (b"CONNECT localhost:80 HTTP/1.1", 400),
        (b"GET /%00 HTTP/1.1", 400),
        (b"GET /a%0d%0ab HTTP/1.1", 400),
        (b"GET /healthz HTTP/0.9", 400),
        (b"GET /healthz HTTP/2.0", 400),
        (b"GET  /healthz HTTP/1.1", 400),
        (b"GET /\xff HTTP/1.1", 400),
        (b"GET /nowhere HTTP/1.1", 404),
        (b"POST /healthz HTTP/1.1", 405),
    ],
)
async def test_h5_methods_and_targets(server: Server, line: bytes, status: int) -> None:
    assert await status_of(server, get(line)) == status


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        (b"Transfer-Encoding: identity\r\n", 501),
        (b"Transfer-Encoding: xchunked\r\n", 400),
        (b"Transfer-Encoding: gzip, chunked\r\n", 400),
        (b"Transfer-Encoding: chunked\r\nContent-Length: 3\r\n", 400),
        (b"Content-Length: 3\r\nTransfer-Encoding: chunked\r\n", 400),
        (b"Content-Length: 3\r\nContent-Length: 3\r\n", 400),
        (b"Content-Length: 3, 3\r\n", 400),
        (b"Content-Length: +3\r\n", 400),
        (b"Content-Length: -3\r\n", 400),
        (b"Content-Length: 0x3\r\n", 400),
        (b"Content-Length:\r\n", 400),
        (b"Transfer-Encoding:\r\n chunked\r\n", 400),
        (b"X: a\r\n b\r\n", 400),
        (b"X : a\r\n", 400),
        (b"X: a\0b\r\n", 400),
        (b"Authorization: Basic YTpi\r\nAuthorization: Basic YTpi\r\nContent-Length: 0\r\n", 400),
    ],
)
async def test_h5_what_two_parsers_may_understand_differently_is_refused(
    server: Server, headers: bytes, status: int
) -> None:
    assert await status_of(server, post(headers, b"a=b")) == status


async def test_h5_chunked_is_not_for_http_1_0(server: Server) -> None:
    assert await status_of(server, post(b"Transfer-Encoding: chunked\r\n", b"0\r\n\r\n", b"1.0")) == 400


@pytest.mark.parametrize(
    ("host", "status"),
    [
        (b"", 400),
        (b"Host: localhost\r\nHost: localhost\r\n", 400),
        (b"Host: a..b\r\n", 400),
        (b"Host: " + b"a" * 300 + b"\r\n", 400),
        (b"Host: evil.example:99/../x\r\n", 400),
        (b"Host: l\xc3\xb6calhost\r\n", 400),
        (b"Host: localhost@evil.example\r\n", 400),
        (b"Host: evil.example\r\n", 421),
        (b"Host: localhost.evil.example\r\n", 421),
        (b"Host: 10.0.0.1\r\n", 421),
        (b"Host: LOCALHOST:1\r\n", 200),
        (b"Host: 127.0.0.1\r\n", 200),
        (b"Host: [::1]:8000\r\n", 200),
    ],
)
async def test_h8_one_host_and_ours(server: Server, host: bytes, status: int) -> None:
    assert await status_of(server, get(host=host)) == status


async def test_pipelined_requests_are_answered_in_order(server: Server) -> None:
    one = b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n"
    other = b"GET /nowhere HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"

    received = await deferToThread(exchange, server.settings.port, one + one + other)

    assert [part.split(b" ", 1)[0] for part in received.split(b"HTTP/1.1 ")[1:]] == [b"200", b"200", b"404"]


async def test_head_has_the_headers_of_get_and_no_body(server: Server) -> None:
    received = await deferToThread(exchange, server.settings.port, get(b"HEAD /healthz HTTP/1.1"))

    assert b"Content-Length: 19\r\n" in received
    assert received.endswith(b"\r\n\r\n")


@pytest.mark.parametrize("path", ["/", "/login", "/healthz", "/nowhere", "/token", "/static/iam.css", "/authorize"])
async def test_h9_every_answer_carries_the_headers(server: Server, path: str) -> None:
    reply = await server.get(path)

    assert "default-src 'none'" in (reply.header("content-security-policy") or "")
    assert reply.header("x-content-type-options") == "nosniff"
    assert reply.header("referrer-policy") == "no-referrer"
    assert reply.header("cross-origin-opener-policy") == "same-origin"
    assert reply.header("cross-origin-resource-policy") == "same-origin"
    assert reply.header("permissions-policy")
    assert reply.header("server") is None
    assert reply.header("strict-transport-security") is None
    assert reply.header("cache-control") == (
        "no-store" if "static" not in path else "public, max-age=31536000, immutable"
    )


async def test_h12_get_changes_nothing(server: Server, admin) -> None:
    person = await server.person()
    app = await server.app()
    tables = ("users", "sessions", "clients", "grants", "authorization_codes", "access_tokens", "consents")

    def contents() -> list[object]:
        found = []
        for table in tables:
            admin.execute(
                f"select count(*), md5(coalesce(string_agg(t::text, '' order by t::text), '')) from {table} t"
            )
            found.append(admin.fetchone())
        return found

    before = contents()
    for path in ("/", "/login", "/logout", "/applications", "/applications/register", "/setup", "/resource"):
        await server.get(path, headers=person.headers)
        await server.request("HEAD", path, headers=person.headers)
    await server.get(f"/authorize?response_type=code&client_id={app.client_id}", headers=person.headers)

    assert contents() == before
