"""The HTTP edge against raw bytes (H1-H12): what is malformed gets one whole answer, and never reaches a handler."""

import gc
import socket

import pytest
from twisted.internet.threads import deferToThread

from tests.harness import REDIRECT_URI, Server, pause
from tests.http.conftest import Edge
from tests.http.walk import addresses

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
        await status_of(server, post(b"Content-Type: multipart/form-data; boundary=x\r\nContent-Length: 0\r\n")) == 400
    )
    assert await status_of(server, post(form + b"Content-Length: %d\r\n" % len(many), many)) == 400


async def test_h3_a_long_line_many_headers_and_a_long_head_are_refused(server: Server) -> None:
    assert await status_of(server, get(b"GET /" + b"a" * 32_768 + b" HTTP/1.1")) == 414
    assert await status_of(server, get(b"GET /" + b"a" * 40_000 + b" HTTP/1.1")) == 414
    assert await status_of(server, get(headers=b"X: y\r\n" * 70)) == 431
    assert await status_of(server, get(headers=(b"X: " + b"y" * 12_000 + b"\r\n") * 3)) == 431


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


async def test_h5_two_authorization_headers_are_refused(server: Server) -> None:
    two = b"Authorization: Basic YTpi\r\n" * 2

    assert await status_of(server, get(headers=two)) == 400


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

    assert b"Content-Length: 20\r\n" in received
    assert received.endswith(b"\r\n\r\n")


async def test_h12_head_gives_no_code_and_ends_no_session(server: Server) -> None:
    app, person = await server.app(), await server.person()
    await server.authorize(app, person)  # allowed from now on
    query = f"?response_type=code&client_id={app.client_id}&redirect_uri={REDIRECT_URI}"

    replies = [await server.request("HEAD", path + query, headers=person.headers) for path in ("/authorize", "/logout")]

    assert [reply.status for reply in replies] == [405, 405]
    assert (await server.get("/applications", headers=person.headers)).status == 200


async def test_h12_get_and_head_change_nothing(server: Server, admin) -> None:
    app, person = await server.app(), await server.person()
    table, cookie = await addresses(server)
    query = f"?response_type=code&client_id={app.client_id}&scope=read&delete=1&_method=POST&decision=allow"
    tables = rows(admin)

    for path, route in table:
        for method in ("GET", "HEAD") if "GET" in route.methods else ():
            for headers in ({}, cookie, person.headers, {**cookie, "X-HTTP-Method-Override": "POST"}):
                await server.request(method, path + query, headers=headers)

    assert rows(admin) == tables


def rows(admin) -> dict[str, object]:
    """A digest of every table, but for when somebody was last seen."""
    admin.execute(
        "select table_name from information_schema.tables where table_schema = 'public' and table_type = 'BASE TABLE'"
    )
    found = {}
    for (table,) in admin.fetchall():
        admin.execute(
            f"select count(*), md5(coalesce(string_agg(row::text, '' order by row::text), ''))"
            f" from (select to_jsonb(t) - 'seen_at' as row from {table} t) t"
        )
        found[table] = admin.fetchone()
    return found


async def test_what_is_too_large_is_said_while_nobody_knows_who_may_read_it(edge: Edge) -> None:
    wire = await edge.exchange(
        b"POST /shared HTTP/1.1\r\nHost: localhost\r\nOrigin: https://unknown.example\r\nContent-Length: 9999999\r\n\r\n"
    )

    assert wire.statuses == [413]
    assert b"Access-Control" not in wire.received


SLOWLY_REFUSED = (
    b"POST /shared HTTP/1.1\r\nHost: localhost\r\nOrigin: https://slow.example\r\nContent-Length: 9999999\r\n\r\n"
)


async def test_who_has_said_everything_still_hears_why_it_is_refused(edge: Edge) -> None:
    wire = await edge.connect()
    wire.transport.write(SLOWLY_REFUSED)
    await wire.until(lambda: bool(edge.sought))
    wire.transport.loseWriteConnection()
    await pause(0.05)  # the server sees that nothing more comes

    edge.sought[0].callback(False)

    await wire.ending()
    assert wire.statuses == [413]
    await wire.until(lambda: not edge.site.channels)  # and does not wait for more


async def test_a_refusal_found_too_late_is_for_nobody(edge: Edge, capfd: pytest.CaptureFixture[str]) -> None:
    wire = await edge.connect()
    wire.transport.write(SLOWLY_REFUSED)
    await wire.until(lambda: bool(edge.sought))
    wire.transport.abortConnection()
    await wire.until(lambda: not edge.site.channels)

    edge.sought.pop().callback(False)
    gc.collect()  # tells errors that nobody handles

    assert not wire.received
    assert "Unhandled" not in capfd.readouterr().err
