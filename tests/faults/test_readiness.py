"""/readyz tells whether writes can succeed, and the log when they cannot, in a few lines (P2, P8 of the failover)."""

import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from twisted.internet.defer import Deferred
from twisted.logger import LogEvent, LogLevel, formatEvent

from iam.server_key import ServerKey
from iam.store import migration
from tests.faults.conftest import Mortal
from tests.harness import App, Server, TurnedClock, pause, serving
from tests.waiting import PATIENCE, until

STEP = 0.1  # seconds between two looks at /readyz


@pytest.fixture
def settings_of(mortal: Mortal) -> Iterator[Callable[..., None]]:
    """Sets parameters of PostgreSQL, until the end of the test."""

    def alter(**parameters: str) -> None:
        for name, value in parameters.items():
            mortal.ask(f"alter system set {name} = '{value}'")
        mortal.ask("select pg_reload_conf()")

    yield alter
    mortal.resume()
    if mortal.postmaster is not None:
        mortal.ask("alter system reset all")
        mortal.ask("select pg_reload_conf()")


@pytest.fixture
def served(mortal: Mortal, settings_of: Any, key: ServerKey, tmp_path: Path) -> Iterator[Server]:
    """A server on that PostgreSQL."""
    migration.migrate(mortal.dsn())
    with serving(mortal.dsn(), key, tmp_path / "data", TurnedClock()) as served:
        yield served
        mortal.resume()
        if mortal.postmaster is not None:
            mortal.ask("alter system reset all")
            mortal.ask("select pg_reload_conf()")


async def becomes(served: Server, status: int) -> float:
    """Look at /readyz until it has this status; the seconds that took."""
    began = time.monotonic()
    while (await served.get("/readyz")).status != status:
        assert time.monotonic() - began < PATIENCE, f"/readyz is never {status}"
        await pause(STEP)
    return time.monotonic() - began


def begin(served: Server, app: App) -> Deferred[Any]:
    """Ask for a token."""
    return Deferred.fromCoroutine(served.token(app, grant_type="client_credentials"))


async def test_in_a_stall_of_synchronous_replication_the_server_is_not_ready_until_it_ends(
    served: Server, settings_of: Any, events: list[LogEvent]
) -> None:
    app = await served.app()
    await becomes(served, 200)

    settings_of(synchronous_standby_names="nobody")
    asked = begin(served, app)
    await becomes(served, 503)
    given_up = await asked
    later = (await served.get("/readyz")).status
    settings_of(synchronous_standby_names="")
    await becomes(served, 200)

    assert (given_up.status, given_up.header("Retry-After"), later) == (503, "1", 503)
    await until(lambda: any(line.startswith("writes.back after") for line in lines(events)))
    assert [line.split(":")[0].split(" after")[0] for line in lines(events) if line.startswith("writes.")] == [
        "writes.stalled",
        "writes.back",
    ]


def lines(events: list[LogEvent]) -> list[str]:
    """Our own lines at info level or above."""
    return [
        formatEvent(event)
        for event in events
        if event.get("log_namespace", "").startswith("iam.") and event["log_level"] >= LogLevel.info
    ]
