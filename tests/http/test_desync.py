"""Where does a request end? Two parsers in a row must never disagree, so what could be read in two ways is refused (H5).

Each case is a row of what Twisted's parser was seen to do: it gets one whole answer and the connection's end, and no byte
behind it reaches a handler. The tail that follows each request would be a second one for who reads it differently.
"""

import pytest

from tests.http.conftest import Edge

TAIL = b"GET /hello HTTP/1.1\r\nHost: localhost\r\n\r\n"


def post(headers: bytes, body: bytes = b"", version: bytes = b"1.1") -> bytes:
    return b"POST /hello HTTP/%s\r\nHost: localhost\r\n%s\r\n%s" % (version, headers, body)


def chunked(size: bytes, rest: bytes = b"\r\nabc\r\n0\r\n\r\n") -> bytes:
    return post(b"Transfer-Encoding: chunked\r\n", size + rest)


def get(line: bytes, headers: bytes = b"Host: localhost\r\n") -> bytes:
    return line + b"\r\n" + headers + b"\r\n"


REFUSED = {
    # How long is the body?
    "Content-Length and Transfer-Encoding": (post(b"Content-Length: 3\r\nTransfer-Encoding: chunked\r\n", b"abc"), 400),
    "Transfer-Encoding and Content-Length": (post(b"Transfer-Encoding: chunked\r\nContent-Length: 3\r\n", b"abc"), 400),
    "Content-Length twice the same": (post(b"Content-Length: 3\r\nContent-Length: 3\r\n", b"abc"), 400),
    "Content-Length twice different": (post(b"Content-Length: 3\r\nContent-Length: 0\r\n", b"abc"), 400),
    "Content-Length list": (post(b"Content-Length: 3, 3\r\n", b"abc"), 400),
    "Content-Length plus": (post(b"Content-Length: +3\r\n", b"abc"), 400),
    "Content-Length minus": (post(b"Content-Length: -3\r\n", b"abc"), 400),
    "Content-Length underscore": (post(b"Content-Length: 3_0\r\n", b"abc"), 400),
    "Content-Length hexadecimal": (post(b"Content-Length: 0x3\r\n", b"abc"), 400),
    "Content-Length superscript": (post("Content-Length: ²\r\n".encode("latin-1"), b"abc"), 400),
    "Content-Length superscript in UTF-8": (post("Content-Length: ²\r\n".encode(), b"abc"), 400),
    "Content-Length Arabic digit": (post("Content-Length: ٣\r\n".encode(), b"abc"), 400),
    "Content-Length with a space inside": (post(b"Content-Length: 1 3\r\n", b"abc"), 400),
    "Content-Length empty": (post(b"Content-Length:\r\n", b"abc"), 400),
    "Content-Length of thousands of digits": (post(b"Content-Length: 1" + b"0" * 5_000 + b"\r\n", b"abc"), 413),
    "Content-Length of thousands of letters": (post(b"Content-Length: " + b"a" * 5_000 + b"\r\n", b"abc"), 400),
    "Content-Length zeros without end": (post(b"Content-Length: " + b"0" * 5_000 + b"3\r\n", b"abc"), 413),
    "Transfer-Encoding identity": (post(b"Transfer-Encoding: identity\r\n"), 501),
    "Transfer-Encoding xchunked": (post(b"Transfer-Encoding: xchunked\r\n"), 400),
    "Transfer-Encoding gzip, chunked": (post(b"Transfer-Encoding: gzip, chunked\r\n"), 400),
    "Transfer-Encoding chunked, identity": (post(b"Transfer-Encoding: chunked, identity\r\n"), 400),
    "Transfer-Encoding chunked, chunked": (post(b"Transfer-Encoding: chunked, chunked\r\n"), 400),
    "Transfer-Encoding twice": (post(b"Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n", b"0\r\n\r\n"), 400),
    "Transfer-Encoding twice, identity first": (
        post(b"Transfer-Encoding: identity\r\nTransfer-Encoding: chunked\r\n", b"0\r\n\r\n"), 501,
    ),
    "Transfer-Encoding empty": (post(b"Transfer-Encoding:\r\n"), 400),
    "Transfer-Encoding after a vertical tab": (post(b"Transfer-Encoding: \x0bchunked\r\n"), 400),
    "Transfer-Encoding with a NUL": (post(b"Transfer-Encoding: chunked\0\r\n"), 400),
    "Transfer-Encoding in quotes": (post(b'Transfer-Encoding: "chunked"\r\n'), 400),
    "Transfer-Encoding with a parameter": (post(b"Transfer-Encoding: chunked;q=1\r\n"), 400),
    "Transfer-Encoding folded": (post(b"Transfer-Encoding:\r\n chunked\r\n"), 400),
    "Transfer-Encoding before the colon": (post(b"Transfer-Encoding : chunked\r\n"), 400),
    "Transfer-Encoding in HTTP/1.0": (post(b"Transfer-Encoding: chunked\r\n", b"0\r\n\r\n", b"1.0"), 400),
    # Where does a chunk end?
    "chunk size 0x3": (chunked(b"0x3"), 400),
    "chunk size +3": (chunked(b"+3"), 400),
    "chunk size -1": (chunked(b"-1"), 400),
    "chunk size 0_3": (chunked(b"0_3"), 400),
    "chunk size with a space": (chunked(b"3 "), 400),
    "chunk size empty": (chunked(b""), 400),
    "chunk size of no digit": (chunked(b"g"), 400),
    "chunk size too long a line": (chunked(b"0" * 5_000 + b"3"), 400),
    "chunk extension with LF": (chunked(b"3;a\nb"), 400),
    "chunk extension of 100 kB": (chunked(b"3;" + b"a" * 100_000), 400),
    "chunk without its line end": (chunked(b"3", b"\r\nabcX\r\n0\r\n\r\n"), 400),
    "chunk longer than it says": (chunked(b"2"), 400),
    "trailers of 160 kB": (chunked(b"0", b"\r\n" + b"X: yyyyyyyyyyy\r\n" * 10_000 + b"\r\n"), 400),
    # Where does a header end?
    "header with a bare CR": (post(b"X: a\rb\r\n"), 400),
    "header with a bare LF": (post(b"X: a\nY: b\r\n"), 400),
    "header with a NUL": (post(b"X: a\0b\r\n"), 400),
    "header folded by a space": (post(b"X: a\r\n b\r\n"), 400),
    "header folded by a tab": (post(b"X: a\r\n\tb\r\n"), 400),
    "header name before a space": (post(b"X : a\r\n"), 400),
    "header name with a space": (post(b"X Y: a\r\n"), 400),
    "header name empty": (post(b": a\r\n"), 400),
    "header name not ASCII": (post(b"X\xff: a\r\n"), 400),
    "header without colon": (post(b"nonsense\r\n"), 400),
    "first header after a space": (get(b"GET /hello HTTP/1.1", b" X: y\r\nHost: localhost\r\n"), 400),
    # What is asked?
    "two spaces": (get(b"GET  /hello HTTP/1.1"), 400),
    "a tab for a space": (get(b"GET\t/hello HTTP/1.1"), 400),
    "a space at the end": (get(b"GET /hello HTTP/1.1 "), 400),
    "a space in the target": (get(b"GET /hel lo HTTP/1.1"), 400),
    "a NUL in the target": (get(b"GET /hel\0lo HTTP/1.1"), 400),
    "an escape in the target": (get(b"GET /\x1b[31m HTTP/1.1"), 400),
    "an escape in the query": (get(b"GET /hello?\x1b[31m HTTP/1.1"), 400),
    "a target not ASCII": (get("GET /hellö HTTP/1.1".encode()), 400),
    "no target": (get(b"GET HTTP/1.1"), 400),
    "a NUL in the method": (get(b"G\0T /hello HTTP/1.1"), 400),
    "a method not ASCII": (get(b"G\xc3T /hello HTTP/1.1"), 400),
    "HTTP/0.9": (get(b"GET /hello"), 400),
    "HTTP/0.9 by number": (get(b"GET /hello HTTP/0.9"), 400),
    "HTTP/1.2": (get(b"GET /hello HTTP/1.2"), 400),
    "HTTP/2.0": (get(b"GET /hello HTTP/2.0"), 400),
    "HTTP/9.9": (get(b"GET /hello HTTP/9.9"), 400),
    "http/1.1": (get(b"GET /hello http/1.1"), 400),
    "HTTP/2 preface": (b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 400),
    "PROXY protocol": (b"PROXY TCP4 192.0.2.1 192.0.2.2 1 2\r\n", 400),
    "TLS": (b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + bytes(range(256)) + b"\r\n", 400),
    "three empty lines": (b"\r\n\r\n\r\n", 400),
    # What is too much?
    "body of 300 MB announced": (post(b"Content-Length: 300000000\r\n", b"abc"), 413),
    "body of 65,537 bytes announced with Expect": (post(b"Expect: 100-continue\r\nContent-Length: 65537\r\n"), 413),
    "body in chunks of 72 kB": (chunked(b"2000", b"\r\n" + (b"a" * 0x2000 + b"\r\n2000\r\n") * 9), 413),
    "request line of 32,769 bytes": (get(b"GET /" + b"a" * 32_755 + b" HTTP/1.1"), 414),
    "request line of 100 kB": (get(b"GET /" + b"a" * 100_000 + b" HTTP/1.1"), 414),
    "65 headers": (get(b"GET /hello HTTP/1.1", b"Host: localhost\r\n" + b"X: y\r\n" * 64), 431),
    "head of 40 kB": (get(b"GET /hello HTTP/1.1", b"Host: localhost\r\n" + (b"X: " + b"y" * 10_000 + b"\r\n") * 4), 431),
    "header of 100 kB": (get(b"GET /hello HTTP/1.1", b"Host: localhost\r\nX: " + b"y" * 100_000 + b"\r\n"), 431),
}  # fmt: skip

ACCEPTED = {
    "Content-Length 03": (post(b"Content-Length: 03\r\n", b"abc"), 3),
    "Content-Length in blanks": (post(b"Content-Length: \t 3 \t\r\n", b"abc"), 3),
    "Transfer-Encoding CHUNKED": (post(b"Transfer-Encoding: CHUNKED\r\n", b"0\r\n\r\n"), 0),
    "Transfer-Encoding after a tab": (post(b"Transfer-Encoding:\tchunked\r\n", b"0\r\n\r\n"), 0),
    "chunk": (chunked(b"3"), 3),
    "chunk size with zeros": (chunked(b"003"), 3),
    "chunk extension": (chunked(b'3;a="b"'), 3),
    "trailer": (chunked(b"0", b"\r\nX: y\r\n\r\n"), 0),
    "trailer that would be a length": (chunked(b"0", b"\r\nContent-Length: 50\r\n\r\n"), 0),
    "Expect 100-continue": (post(b"Expect: 100-continue\r\nContent-Length: 3\r\n", b"abc"), 3),
    "Expect something else": (post(b"Expect: a-miracle\r\nContent-Length: 3\r\n", b"abc"), 3),
    "GET with a body": (get(b"GET /hello HTTP/1.1", b"Host: localhost\r\nContent-Length: 3\r\n") + b"abc", 3),
    "one empty line before": (b"\r\n" + get(b"GET /hello HTTP/1.1"), 0),
    "h2c": (get(b"GET /hello HTTP/1.1", b"Host: localhost\r\nConnection: Upgrade\r\nUpgrade: h2c\r\n"), 0),
    "websocket": (get(b"GET /hello HTTP/1.1", b"Host: localhost\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"), 0),
    "body of 65,536 bytes": (post(b"Content-Length: 65536\r\n", b"a" * 65_536), 65_536),
    "64 headers": (get(b"GET /hello HTTP/1.1", b"Host: localhost\r\n" + b"X: y\r\n" * 63), 0),
}  # fmt: skip


together = pytest.mark.parametrize("together", [True, False], ids=["the tail behind", "the tail in a read of its own"])


@together
@pytest.mark.parametrize("name", REFUSED)
async def test_h5_what_two_parsers_may_read_differently_gets_one_refusal_and_the_end(
    edge: Edge, name: str, together: bool
) -> None:
    sent, status = REFUSED[name]

    wire = await edge.connect()
    for part in [sent + TAIL] if together else [sent, TAIL]:
        await wire.send(part)
    await wire.ending()

    assert wire.statuses == [status]
    assert b"Connection: close\r\n" in wire.received
    assert edge.handled == 0


@together
@pytest.mark.parametrize("name", ACCEPTED)
async def test_h5_what_all_parsers_read_alike_is_one_request_and_the_tail_another(
    edge: Edge, name: str, together: bool
) -> None:
    sent, length = ACCEPTED[name]

    wire = await edge.connect()
    for part in [sent + TAIL] if together else [sent, TAIL]:
        await wire.send(part)
    await wire.until(lambda: edge.handled == 2 and len(wire.received.split(b'"body"')) == 3)

    assert [status for status in wire.statuses if status != 100] == [200, 200]
    assert b'{"body": %d,' % length in wire.received


@pytest.mark.parametrize(
    "connection",
    [
        b"Connection: close\r\n",
        b"Connection: Close\r\n",
        b"Connection: keep-alive, close\r\n",
        b"Connection: keep-alive,close\r\n",
        b"Connection: keep-alive\r\nConnection: close\r\n",
    ],
)
async def test_a_connection_that_is_to_close_does(edge: Edge, connection: bytes) -> None:
    wire = await edge.exchange(get(b"GET /hello HTTP/1.1", b"Host: localhost\r\n" + connection) + TAIL)

    assert wire.statuses == [200]
    assert edge.handled == 1


async def test_http_1_0_is_answered_and_closed_whatever_it_says_of_keeping_alive(edge: Edge) -> None:
    wire = await edge.exchange(get(b"GET /hello HTTP/1.0", b"Host: localhost\r\nConnection: keep-alive\r\n") + TAIL)

    assert wire.statuses == [200]


@together
async def test_answers_to_pipelined_requests_come_in_order_behind_a_slow_one(edge: Edge, together: bool) -> None:
    wire = await edge.connect()
    three = [get(b"GET /hang HTTP/1.1"), get(b"GET /nowhere HTTP/1.1"), TAIL]
    for part in [b"".join(three)] if together else three:
        await wire.send(part)
    before = wire.statuses

    await edge.turn(21)
    await wire.until(lambda: len(wire.statuses) == 3)

    assert before == []
    assert wire.statuses == [503, 404, 200]
