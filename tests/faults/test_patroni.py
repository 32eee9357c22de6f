"""Patroni under load, with a connection string of all nodes and behind HAProxy: events, and what they cost.

`make faults` installs what this needs. The rows of the table of docs/guides/high_availability.md are left in build/failover.md.
"""

import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.faults.failover import BACKENDS, Drill, Report
from tests.faults.patroni_cluster import ROOT, Cluster, Node, missing
from tests.waiting import wait_until

TABLE = ROOT / "build" / "failover.md"
HEAD = "| event | reached by | seconds without a write | acknowledged | lost | doubled |\n|---|---|---|---|---|---|\n"
WAYS = {"several hosts": Cluster.dsn, "HAProxy": Cluster.proxy_dsn}
EVENTS: dict[str, Callable[[Cluster, Node], None]] = {
    "the postmaster is killed": lambda _, leader: leader.kill_postmaster(),
    "the node is killed": lambda _, leader: leader.kill(),
    "switchover": lambda cluster, _: cluster.switch_over(),
    "the node freezes": lambda _, leader: leader.freeze(),
    "Patroni alone freezes": lambda _, leader: leader.freeze_patroni(),
}
LINGER = 12.0  # seconds
STAYS = ("the postmaster is killed",)  # Patroni starts it again, and it is the leader as before


@pytest.fixture(scope="module")
def cluster() -> Iterator[Cluster]:
    """One for all events."""
    if lacking := missing():
        pytest.skip(f"there is no {' and no '.join(lacking)} here: tests/faults/patroni.sh installs them")
    TABLE.parent.mkdir(exist_ok=True)
    TABLE.write_text(HEAD)
    cluster = Cluster()
    try:
        cluster.start()
        yield cluster
    finally:
        cluster.end()


def noted(event: str, way: str, report: Report) -> None:
    """A row of the table."""
    doubled = len(report.doubled)
    with TABLE.open("a") as table:
        table.write(
            f"| {event} | {way} | {report.outage:.1f} | {report.acknowledged} | {len(report.lost)} | {doubled} |\n"
        )


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("event", EVENTS)
def test_patroni_fails_over_and_nothing_acknowledged_is_lost(
    cluster: Cluster, tmp_path: Path, event: str, way: str
) -> None:
    cluster.restore()
    leader = cluster.leader()
    assert leader is not None
    with Drill(WAYS[way](cluster), cluster.nodes, tmp_path) as drill:
        drill.begin_event()
        EVENTS[event](cluster, leader)
        if event not in STAYS:
            wait_until(lambda: cluster.deposed(leader))
        drill.until_writing()
        time.sleep(LINGER)  # whoever was deposed is as it was made
        drill.until_writing()
        cluster.restore()
        drill.recover()
        lies = drill.lies()
        report = drill.finish()

    noted(event, way, report)
    print(report)
    assert (report.lost, report.doubled, report.impossible) == ([], [], [])
    assert set(report.statuses) <= {200, 503}
    assert report.silent == 0
    assert report.backends < BACKENDS
    assert lies == []
