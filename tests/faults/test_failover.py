"""A database that fails over under load: nothing that was acknowledged is lost, nothing is good twice, and nobody is logged out.

`--long` lets what is cut short here last as long as it does in the field.
"""

import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.faults.failover import BACKENDS, Drill, Report
from tests.faults.pair import Pair
from tests.waiting import wait_until


@pytest.fixture
def seconds(request: pytest.FixtureRequest) -> Callable[[float, float], float]:
    """How long something lasts: cut short, or as long as it really does."""
    return lambda short, long: long if request.config.getoption("--long") else short


@pytest.fixture
def drill(pair: Pair, tmp_path: Path, seconds: Callable[[float, float], float]) -> Iterator[Drill]:
    """Two servers on a pair that replicates synchronously; the retry window is cut short as the stall is."""
    pair.primary.ask("create role server superuser login")
    pair.synchronous()
    settings = f"refresh-token-retry-window = {seconds(24, 120):.0f}"
    with Drill(pair.dsn(user="server"), pair.members, tmp_path, settings) as drill:
        yield drill


def kept(report: Report) -> None:
    """What holds whatever happens."""
    print(report)
    assert (report.lost, report.doubled, report.impossible) == ([], [], [])
    assert set(report.statuses) <= {200, 503}
    assert report.silent == 0
    assert report.backends < BACKENDS


def test_a_replica_that_is_promoted_has_all_that_was_acknowledged(drill: Drill, pair: Pair) -> None:
    dark = drill.begin_event()
    pair.primary.kill()
    time.sleep(4)
    dawn = time.monotonic()
    pair.promote()
    drill.recover(dark, dawn)

    kept(drill.finish())
    assert drill.lies() == []


def test_a_switchover_loses_nothing(drill: Drill, pair: Pair) -> None:
    drill.begin_event()
    pair.primary.stop()
    pair.promote()
    pair.rebuild()
    pair.synchronous()
    drill.recover()

    kept(drill.finish())
    assert drill.lies() == []


def test_a_strict_stall_logs_nobody_out(drill: Drill, pair: Pair, seconds: Callable[[float, float], float]) -> None:
    dark = drill.begin_event()
    pair.stall()
    time.sleep(seconds(9, 45))
    dawn = time.monotonic()
    pair.unstall()
    drill.recover(dark, dawn)

    kept(drill.finish())
    assert drill.lies() == []


def test_a_primary_that_freezes_is_left_and_is_not_gone_back_to(
    drill: Drill, pair: Pair, seconds: Callable[[float, float], float]
) -> None:
    dark = drill.begin_event()
    pair.primary.freeze()
    time.sleep(seconds(5, 30))
    dawn = time.monotonic()
    old = pair.promote()
    drill.recover(dark, dawn)
    old.thaw()
    time.sleep(seconds(5, 20))
    drill.until_writing()

    kept(drill.finish())
    assert drill.lies() == []


def test_a_deposed_primary_that_goes_on_is_left_for_the_new_one(drill: Drill, pair: Pair) -> None:
    drill.begin_event()
    old = pair.promote()
    drill.until_left(old)
    drill.recover()

    kept(drill.finish())
    assert drill.lies() == []


def test_of_two_primaries_that_take_writes_the_new_one_gets_all_that_is_asked_once_both_servers_know_it(
    pair: Pair, tmp_path: Path
) -> None:
    pair.primary.ask("create role server superuser login")
    with Drill(pair.dsn(user="server"), pair.members, tmp_path) as drill:
        wait_until(pair.caught_up)
        drill.begin_event()
        old = pair.promote()
        moved = drill.until_left(old)
        drill.recover()

        kept(drill.finish(since=moved))
        print(moved - drill.event)
        assert drill.lies() == []
