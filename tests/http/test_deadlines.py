"""Every phase of a connection ends in time, whatever bytes still drip (H4). The clock is turned, the limits are the real ones."""

import pytest

from iam.limits import Limits
from tests.http.conftest import Edge

REQUEST = b"GET /hello HTTP/1.1\r\nHost: localhost\r\n\r\n"
HEAD = b"POST /hello HTTP/1.1\r\nHost: localhost\r\n"


def test_h4_the_deadlines_are_those_of_the_rule() -> None:
    limits = Limits()

    assert (limits.head_time, limits.body_time, limits.idle_time) == (10, 15, 30)
    assert (limits.write_time, limits.handler_time) == (30, 20)


@pytest.mark.parametrize(
    ("begun", "drip"),
    [
        (b"GE", b"T"),
        (b"GET /hello", b"o"),
        (b"GET /hello HTTP/1.1\r\nHost: local", b"h"),
        (REQUEST[:-2], b"X: y\r\n"),
        (REQUEST + b"GET", b" "),
        (REQUEST + b"GET /hello HTTP/1.1\r\n", b"X: y\r\n"),
        (b"\r\n", b"\r"),
    ],
    ids=["method", "path", "header value", "header lines", "second request", "second request's line", "empty lines"],
)
async def test_h4_a_head_that_drips_ends_after_ten_seconds(edge: Edge, begun: bytes, drip: bytes) -> None:
    wire = await edge.connect()
    await wire.send(begun)

    for _ in range(9):
        await edge.turn(1)
        await wire.send(drip)
    open_after_nine = not wire.closed
    await edge.turn(2)
    await wire.ending()

    assert open_after_nine
    assert wire.statuses[-1] in (400, 408)


async def test_h4_a_head_that_stops_gets_408(edge: Edge) -> None:
    wire = await edge.connect()
    await wire.send(b"GET /hello HTTP/1.1\r\n")

    await edge.turn(9)
    assert not wire.closed
    await edge.turn(2)
    await wire.ending()

    assert wire.statuses == [408]


async def test_h4_who_only_connects_is_let_go_after_ten_seconds_without_a_word(edge: Edge) -> None:
    wire = await edge.connect()

    await edge.turn(9)
    assert not wire.closed
    await edge.turn(2)

    assert await wire.ending() == b""


async def test_h4_line_ends_of_lf_alone_end_with_the_head_deadline(edge: Edge) -> None:
    wire = await edge.connect()
    await wire.send(REQUEST.replace(b"\r\n", b"\n"))

    await edge.turn(11)
    await wire.ending()

    assert wire.statuses == [408]


@pytest.mark.parametrize(
    ("begun", "drip"),
    [
        (b"Content-Length: 100\r\n\r\n", b"a"),
        (b"Transfer-Encoding: chunked\r\n\r\n", b"1\r\na\r\n"),
        (b"Transfer-Encoding: chunked\r\n\r\n" + b"100\r\n", b"a"),
        (b"Transfer-Encoding: chunked\r\n\r\n" + b"0\r\n", b"a"),
        (b"Transfer-Encoding: chunked\r\n\r\n" + b"10000000000000003\r\n", b"a"),
    ],
    ids=["body", "chunks", "one chunk", "trailer", "chunk of 2^64+3"],
)
async def test_h4_a_body_that_drips_gets_408_after_fifteen_seconds(edge: Edge, begun: bytes, drip: bytes) -> None:
    wire = await edge.connect()
    await wire.send(HEAD + begun)

    for _ in range(14):
        await edge.turn(1)
        await wire.send(drip)
    open_after_fourteen = not wire.closed
    await edge.turn(2)
    await wire.ending()

    assert open_after_fourteen
    assert wire.statuses == [408]


async def test_h4_a_connection_kept_alive_is_closed_after_thirty_idle_seconds(edge: Edge) -> None:
    wire = await edge.connect()
    await wire.send(REQUEST)

    await edge.turn(29)
    assert not wire.closed
    await edge.turn(2)
    await wire.ending()

    assert wire.statuses == [200]


async def test_h4_the_next_request_has_a_time_of_its_own(edge: Edge) -> None:
    wire = await edge.connect()
    await wire.send(REQUEST)
    await edge.turn(29)

    await wire.send(REQUEST)
    await edge.turn(29)
    await wire.send(REQUEST)

    assert wire.statuses == [200, 200, 200]


@pytest.mark.parametrize("close", [b"", b"Connection: close\r\n"], ids=["kept alive", "closing"])
async def test_h4_a_reader_too_slow_is_cut_off_after_thirty_seconds(edge: Edge, close: bytes) -> None:
    wire = await edge.connect()
    wire.transport.pauseProducing()
    await wire.send(b"GET /huge HTTP/1.1\r\nHost: localhost\r\n" + close + b"\r\n")

    await edge.turn(29)
    channels = len(edge.site.channels)
    await edge.turn(2)
    await wire.until(lambda: not edge.site.channels)

    assert channels == 1
    assert wire.received == b""


async def test_h4_a_reader_that_takes_a_little_at_a_time_is_cut_off_all_the_same(edge: Edge) -> None:
    wire = await edge.connect()
    wire.transport.bufferSize = 1024
    wire.transport.pauseProducing()
    await wire.send(b"GET /huge HTTP/1.1\r\nHost: localhost\r\n\r\n")

    for _ in range(16):
        await edge.turn(2)
        wire.transport.doRead()
    await wire.until(lambda: not edge.site.channels)

    assert 0 < len(wire.received) <= 16 * 1024


async def test_h4_a_handler_that_hangs_is_answered_for_with_503_after_twenty_seconds(edge: Edge) -> None:
    wire = await edge.connect()
    await wire.send(b"GET /hang HTTP/1.1\r\nHost: localhost\r\n\r\n")

    await edge.turn(19)
    early = wire.statuses
    await edge.turn(2)
    await wire.until(lambda: bool(wire.statuses))

    assert early == []
    assert wire.statuses == [503]
    assert b"Retry-After: 1\r\n" in wire.received


async def test_h4_a_late_answer_goes_nowhere_and_the_connection_serves_the_next_request(edge: Edge) -> None:
    wire = await edge.connect()
    await wire.send(b"GET /hang HTTP/1.1\r\nHost: localhost\r\n\r\n")
    await edge.turn(21)

    edge.hung[0].errback(RuntimeError("late"))
    await wire.send(REQUEST)

    assert wire.statuses == [503, 200]


async def test_h4_bytes_that_drip_behind_a_hanging_request_do_not_prolong_it(edge: Edge) -> None:
    wire = await edge.connect()
    await wire.send(b"GET /hang HTTP/1.1\r\nHost: localhost\r\n\r\n")

    for _ in range(21):
        await edge.turn(1)
        await wire.send(b"G")
    await wire.until(lambda: bool(wire.statuses))

    assert wire.statuses[0] == 503


async def test_h4_a_refused_connection_that_stays_is_cut_off_after_two_seconds(edge: Edge) -> None:
    wire = await edge.connect()
    await wire.send(b"GET http://localhost/ HTTP/0.9\r\n\r\n")
    assert wire.statuses == [400]

    await edge.turn(3)

    await wire.until(lambda: not edge.site.channels)
    assert edge.site.channels == set()
