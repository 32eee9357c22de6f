"""What others send makes little log: once for each request, and not all of it."""

import io
import json
from datetime import UTC, datetime
from typing import Any

import pytest
from twisted.internet.task import Clock as Reactor
from twisted.logger import LogLevel, globalLogPublisher

from iam.daily import Daily
from iam.operations.log import json_line, text_observer
from iam.web.summary import Summary
from tests.harness import Server


@pytest.fixture
def lines() -> Any:
    found: list[Any] = []
    globalLogPublisher.addObserver(found.append)
    yield found
    globalLogPublisher.removeObserver(found.append)


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
