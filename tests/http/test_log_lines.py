"""What others send makes little log: once for each request, and not all of it."""

import io
import json
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from twisted.internet.task import Clock as Reactor
from twisted.logger import LogLevel, formatEvent, globalLogPublisher

from iam.daily import Daily
from iam.http.site import REFUSED
from iam.http.summary import Summary
from iam.recurring import Recurring
from iam.secrets.master_key import ServerKey
from iam.server.log import json_line, text_observer
from tests.flows.device import device
from tests.flows.test_dpop_proofs import placed
from tests.harness import Server, TurnedClock, serving
from tests.http.conftest import Edge


@pytest.fixture
def lines() -> Any:
    found: list[Any] = []
    globalLogPublisher.addObserver(found.append)
    yield found
    globalLogPublisher.removeObserver(found.append)


@pytest.fixture
def limited(database_dsn: str, key: ServerKey, tmp_path: Path, server: Server) -> Iterator[Server]:
    """A server whose networks have ten refusals a day in the log."""
    told = {"no_rate_limits": False, "limit": ("refusals-per-network=10",)}
    with serving(database_dsn, key, tmp_path, TurnedClock(), **told) as limited:
        yield limited


@pytest.mark.parametrize("method", ["GET", "POST", "PUT"])
async def test_a_long_path_makes_two_hundred_characters_of_log_once(server: Server, lines: Any, method: str) -> None:
    path = "/" + "x" * 30_000

    await server.request(method, server.url + path)

    said = [line for line in lines if "xxxx" in json_line(line)]
    assert len(said) == 1
    assert json_line(said[0]).count("x") <= 200
    written = io.StringIO()
    text_observer(written)(said[0])
    assert written.getvalue().count("x") <= 200


async def test_answers_that_programs_wait_for_are_no_lines_and_use_none_up(limited: Server, lines: Any) -> None:
    """RFC 8628 §3.5, RFC 9449 §8: they come every few seconds, and real refusals would have no room beside them."""
    waiting, proving = await device(limited), await placed(limited, "/userinfo")

    for _ in range(12):
        assert (await waiting.poll()).json["error"] in {"authorization_pending", "slow_down"}
        assert (await proving.ask(proving.proof(nonce=None))).header("dpop-nonce")

    refusals = [line for line in lines if line.get("status", 0) >= REFUSED and line["log_level"] >= LogLevel.info]
    assert refusals == []
    assert (await limited.get("/nowhere")).status == 404
    assert [line["path"] for line in lines if line.get("status") == 404] == ["/nowhere"]


def test_no_value_of_an_event_is_longer_than_a_thousand_characters() -> None:
    event = {
        "log_time": 0.0,
        "log_level": LogLevel.info,
        "log_format": "{reason}",
        "log_namespace": "iam",
        "reason": "y" * 100_000,
    }
    written = io.StringIO()

    text_observer(written)(event)

    assert json_line(event).count("y") <= 1_000
    assert written.getvalue().count("y") <= 1_000
    assert json.loads(json_line(event))["message"].startswith("yyy")


def test_lines_of_which_others_can_cause_any_number_are_one_a_second() -> None:
    reactor, said = Reactor(), []
    summary = Summary(reactor, said.append)

    for _ in range(1000):
        summary.add()
    reactor.advance(1)
    summary.add()
    reactor.advance(1)

    assert said == [1000, 1]


def test_a_network_has_so_much_a_day() -> None:
    daily, noon = Daily(3, 5), datetime(2027, 3, 5, 12, tzinfo=UTC)

    one = [daily.admit("192.0.2.1", noon) for _ in range(5)]
    other = [daily.admit(f"2001:db8::{n}", noon) for n in range(5)]
    tomorrow = daily.admit("192.0.2.1", noon.replace(day=6))

    assert (one, other, tomorrow) == ([True] * 3 + [False] * 2, [True] * 2 + [False] * 3, True)


@pytest.mark.parametrize("talkative", [False, True])
async def test_what_cannot_be_answered_now_is_one_line_at_once_for_each_reason(
    edge: Edge, lines: Any, talkative: bool
) -> None:
    edge.site.talkative = talkative
    wire = await edge.connect()
    for _ in range(20):
        wire.transport.write(b"GET /unavailable HTTP/1.1\r\nHost: localhost\r\n\r\n")

    await wire.until(lambda: len(wire.statuses) == 20)

    said = [formatEvent(line) for line in lines if line["log_level"] >= LogLevel.info]
    assert set(wire.statuses) == {503}
    assert [line for line in said if line.startswith(("unavailable", "GET"))] == [
        "unavailable: There is no connection to the database. (requests: 1)"
    ]


async def test_what_only_debugging_needs_is_no_event_where_nobody_hears_it(edge: Edge, lines: Any) -> None:
    edge.site.debugging = False

    for path in (b"hello", b"nothing"):
        await edge.exchange(b"GET /%s HTTP/1.0\r\nHost: localhost\r\n\r\n" % path)

    assert [formatEvent(line) for line in lines if "GET" in formatEvent(line)] == ["GET /nothing 404"]


def test_what_comes_again_and_again_is_one_line_for_each_reason_and_ten_seconds() -> None:
    reactor, said, over = Reactor(), [], []
    recurring = Recurring(reactor, lambda *line: said.append(line), lambda *line: over.append(line))

    for second in range(25):
        for reason in ("no connection", "no answer", "no room"):
            for _ in range(20):
                recurring.add(reason)
        if second == 0:
            assert [count for _, count in said] == [1, 1, 1]
        reactor.advance(1)
    reactor.pump([1] * 20)

    assert sum(count for _, count in said) == 25 * 60
    assert len(said) == 3 * 4
    assert over == [(25 * 60, 24.0)]


def test_what_has_not_been_counted_out_is_said_at_the_end_of_the_server() -> None:
    reactor, said = Reactor(), []
    recurring = Recurring(reactor, lambda *line: said.append(line))
    for _ in range(7):
        recurring.add("no connection")

    recurring.stop()

    assert said == [("no connection", 1), ("no connection", 6)]
    assert reactor.getDelayedCalls() == []


def test_reasons_without_end_share_a_line() -> None:
    reactor, said = Reactor(), []
    recurring = Recurring(reactor, lambda *line: said.append(line))

    for number in range(1000):
        recurring.add(f"process {number} ended")
    reactor.advance(10)

    assert len(said) <= 22
    assert sum(count for _, count in said) == 1000


async def test_forms_that_are_not_good_are_so_many_lines_a_day(server: Server, lines: Any, limited: Server) -> None:
    for _ in range(30):
        await limited.post("/login", {"login": "ada"})

    ours = [line for line in lines if line["log_namespace"].startswith("iam.") and line["log_level"] >= LogLevel.info]
    assert len(ours) <= 12
