"""Answers that are made in parts while they are sent: whole or visibly broken, and never faster than the client reads."""

import pytest

from tests.http.conftest import LARGE, PARTS, Edge, settle

HEAD = b" HTTP/1.1\r\nHost: localhost\r\n\r\n"
CHUNKS = b"4\r\npart\r\n" * PARTS + b"0\r\n\r\n"


async def test_the_parts_are_chunks_and_the_next_request_is_answered(edge: Edge) -> None:
    wire = await edge.connect()
    await wire.send(b"GET /parts" + HEAD)
    await wire.until(lambda: wire.received.endswith(CHUNKS))
    await wire.send(b"GET /hello HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
    await wire.ending()

    head = wire.received.partition(b"\r\n\r\n")[0]
    assert wire.statuses == [200, 200]
    assert b"\r\nTransfer-Encoding: chunked" in head
    assert b"Content-Length" not in head
    assert b"\r\nCache-Control: no-store" in head


async def test_with_http_1_0_the_end_of_the_connection_is_that_of_the_answer(edge: Edge) -> None:
    wire = await edge.exchange(b"GET /parts HTTP/1.0\r\nHost: localhost\r\n\r\n")

    head, _, body = wire.received.partition(b"\r\n\r\n")
    assert body == b"part" * PARTS
    assert b"Transfer-Encoding" not in head


async def test_a_head_has_no_parts_and_none_is_made(edge: Edge) -> None:
    wire = await edge.exchange(b"HEAD /parts HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")

    assert wire.received.endswith(b"\r\n\r\n")
    assert (wire.statuses, edge.made) == ([200], 0)


async def test_what_breaks_off_does_not_look_whole(edge: Edge) -> None:
    wire = await edge.exchange(b"GET /parts?fail" + HEAD)

    assert wire.received.endswith(b"4\r\npart\r\n")
    assert wire.statuses == [200]
    assert b"canary" not in wire.received


async def test_no_more_is_made_than_the_client_takes_and_whoever_takes_nothing_is_let_go(edge: Edge) -> None:
    wire = await edge.connect()
    wire.transport.pauseProducing()
    await wire.send(b"GET /parts?huge" + HEAD)
    await settle(0.1)
    made = edge.made
    await edge.turn(29)
    before = edge.over
    await edge.turn(2)
    await wire.until(lambda: edge.over == 1)

    assert 0 < made == edge.made < PARTS
    assert before == 0
    assert not edge.site.channels


async def test_who_reads_slowly_gets_all_of_it(edge: Edge) -> None:
    wire = await edge.connect()
    wire.transport.pauseProducing()
    await wire.send(b"GET /parts?large" + HEAD)
    await edge.turn(25)
    wire.transport.resumeProducing()
    await wire.until(lambda: wire.received.endswith(b"0\r\n\r\n"))

    assert wire.received.count(b"x") == LARGE
    assert edge.made == PARTS


async def test_for_who_is_gone_no_more_is_made(edge: Edge) -> None:
    wire = await edge.connect()
    wire.transport.pauseProducing()
    await wire.send(b"GET /parts?huge" + HEAD)
    wire.transport.abortConnection()
    await wire.until(lambda: edge.over == 1)

    assert edge.made < PARTS


@pytest.mark.parametrize("gone", [False, True], ids=["waits", "is gone"])
async def test_a_part_that_does_not_come_in_time_ends_the_answer(edge: Edge, gone: bool) -> None:
    wire = await edge.connect()
    await wire.send(b"GET /parts?hang" + HEAD)
    await wire.until(lambda: bool(edge.hung))
    if gone:
        wire.transport.abortConnection()
    else:
        await edge.turn(21)
    await wire.until(lambda: wire.closed)
    (hung,) = edge.hung
    hung.callback(None)  # type: ignore[arg-type]
    await settle(0)

    assert wire.statuses == [200]
    assert not wire.received.endswith(b"0\r\n\r\n")
    assert edge.over == 1


async def test_whoever_stops_the_server_waits_for_an_answer_that_is_sent(edge: Edge) -> None:
    from twisted.internet.defer import Deferred

    wire = await edge.connect()
    await wire.send(b"GET /parts?hang" + HEAD)
    await wire.until(lambda: bool(edge.hung))
    drained = Deferred.fromCoroutine(edge.site.drain())
    await settle(0.05)
    early = drained.called
    edge.hung[0].callback(None)  # type: ignore[arg-type]
    await drained

    assert not early
    assert wire.received.endswith(CHUNKS)
