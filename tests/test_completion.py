"""What a start leaves for later."""

import gc
import subprocess
import sys
from collections.abc import Iterator

import pytest
from twisted.internet import reactor
from twisted.internet.defer import Deferred
from twisted.internet.task import deferLater
from twisted.logger import LogEvent, globalLogPublisher

from iam.server.completion import complete, pieces
from iam.server.site import build_site
from tests.harness import Server


@pytest.fixture(autouse=True)
def _as_before() -> Iterator[None]:
    thresholds = gc.get_threshold()
    yield
    gc.unfreeze()
    gc.set_threshold(*thresholds)


async def test_everything_is_there_afterwards_and_set_aside(server: Server) -> None:
    application = server.application

    await complete(reactor, pieces(build_site(application), application.theme))

    assert {"klein", "jinja2", "treq"} <= sys.modules.keys()
    assert gc.get_freeze_count() > 1000


def test_a_server_that_sees_no_passkey_loads_nothing_for_them() -> None:
    code = (
        "import sys, importlib, iam.server.plugin; from iam.server.completion import LIBRARIES;"
        "[importlib.import_module(each) for each in LIBRARIES]; print({'webauthn', 'cbor2'} & sys.modules.keys())"
    )

    said = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout

    assert said == "set()\n"


async def test_a_piece_that_fails_is_logged_and_keeps_no_other_from_being_done() -> None:
    done: list[str] = []
    logged: list[LogEvent] = []
    globalLogPublisher.addObserver(logged.append)

    await complete(reactor, iter([lambda: 1 / 0, lambda: done.append("other")]))
    globalLogPublisher.removeObserver(logged.append)

    assert done == ["other"]
    assert [event["log_failure"].type for event in logged if "log_failure" in event] == [ZeroDivisionError]


async def test_requests_are_answered_between_two_pieces() -> None:
    order: list[str] = []

    completed = Deferred.fromCoroutine(complete(reactor, iter([lambda: order.append("piece")] * 2)))
    for _ in range(2):
        await deferLater(reactor, 0, order.append, "turn")
    await completed

    assert order in (["piece", "turn", "piece", "turn"], ["turn", "piece", "turn", "piece"])


async def test_a_server_that_stops_does_no_more_pieces() -> None:
    done: list[str] = []
    completed = Deferred.fromCoroutine(complete(reactor, iter([lambda: done.append("piece")])))

    completed.cancel()
    await completed

    assert done == []
