"""Room on the disk: what is little, what is too little, and how often that is said (H51)."""

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from twisted.internet import reactor
from twisted.logger import LogEvent, globalLogPublisher

from iam.embedded.disk import LEAST, Disk, bytes_to_keep

MB = 1 << 20
LARGE = 100_000 * MB
RESERVE = 256 * MB


@pytest.fixture
def said() -> Iterator[list[str]]:
    """What is logged of disks."""
    words: list[str] = []

    def observe(event: LogEvent) -> None:
        if event.get("log_namespace") == "iam.embedded.disk":
            words.append(str(event["log_format"]).partition(":")[0])

    globalLogPublisher.addObserver(observe)
    yield words
    globalLogPublisher.removeObserver(observe)


def disk(directory: Path = Path("/")) -> Disk:
    return Disk(reactor, directory, RESERVE)


def test_h51_a_disk_with_less_than_twice_the_reserve_is_low_and_still_written(said: list[str]) -> None:
    watched = disk()

    watched.judge(511 * MB, LARGE)

    assert (watched.low, watched.obstacle) == (True, "")
    assert said == ["disk.low"]


def test_h51_a_disk_with_less_than_the_reserve_is_only_read(said: list[str]) -> None:
    watched = disk()

    watched.judge(255 * MB, LARGE)

    assert "255 MB are free" in watched.obstacle
    assert said == ["disk.short"]


def test_h51_a_lack_that_goes_on_is_said_once(said: list[str]) -> None:
    watched = disk()

    for free in range(511, 400, -1):
        watched.judge(free * MB, LARGE)

    assert said == ["disk.low"]


def test_h51_room_about_the_limit_does_not_open_and_close_it_again_and_again(said: list[str]) -> None:
    watched = disk()

    for free in [255, 258, 250, 257, 280]:
        watched.judge(free * MB, LARGE)

    assert watched.short
    assert said == ["disk.short"]


def test_h51_room_that_was_made_ends_the_lack_by_itself(said: list[str]) -> None:
    watched = disk()
    watched.judge(100 * MB, LARGE)

    watched.judge(1000 * MB, LARGE)

    assert (watched.obstacle, watched.low) == ("", False)
    assert said == ["disk.short", "disk.enough"]


@given(st.integers(0, 1 << 50), st.integers(0, 1 << 40))
def test_h51_no_more_is_kept_than_was_asked_and_of_a_small_disk_a_small_part(size: int, reserve: int) -> None:
    amount = bytes_to_keep(reserve, size)

    assert amount <= reserve
    assert amount <= max(size // 20, LEAST)


async def test_h51_the_room_is_what_the_system_says(tmp_path: Path) -> None:
    watched = disk(tmp_path)

    await watched.measure()

    state = os.statvfs(tmp_path)
    assert abs(watched.free - state.f_bavail * state.f_frsize) < 1024 * MB


async def test_h51_a_directory_that_cannot_be_asked_changes_nothing(tmp_path: Path) -> None:
    watched: Any = disk(tmp_path / "gone")
    watched.judge(100 * MB, LARGE)

    await watched.measure()

    assert watched.short


def test_a_disk_that_will_be_full_within_the_hour_is_said_once_in_ten_minutes(said: list[str]) -> None:
    watched = disk()

    for second in range(0, 900, 2):
        watched.judge(3000 * MB - second * MB, LARGE, now=float(second))

    assert said == ["disk.filling", "disk.filling"]


def test_a_disk_that_fills_slowly_or_comes_and_goes_is_not_said(said: list[str]) -> None:
    slow, unsteady = disk(), disk()

    for second in range(0, 7200, 2):
        slow.judge(50_000 * MB - second * MB // 60, LARGE, now=float(second))
        unsteady.judge((2000 - second % 60) * MB, LARGE, now=float(second))

    assert said == []
