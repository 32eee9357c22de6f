"""The free room on the database's disk: when it runs low a line is logged, and below the reserve the server only reads (H51)."""

import os
from collections import deque
from contextlib import suppress
from pathlib import Path
from time import monotonic
from typing import Final

from twisted.internet.defer import Deferred
from twisted.internet.task import LoopingCall
from twisted.internet.threads import deferToThreadPool
from twisted.logger import Logger

from iam.reactor import Reactor

log = Logger()

LOOK: Final = 2.0  # seconds between two measurements
AGAIN: Final = 3600.0  # seconds after which a lack of room that goes on is logged again
SHARE: Final = 20  # on a small disk the reserve is a twentieth of it instead
LEAST: Final = 64 << 20  # bytes, which PostgreSQL needs for its next log segments even when writing has stopped
FULL: Final = 16 << 20  # bytes; with fewer PostgreSQL does not start, because it makes a log segment first
MEGABYTE: Final = 1 << 20
MINUTE: Final = 60.0
SPAN: Final = 10 * MINUTE  # seconds over which growth is measured
SOON: Final = 60 * MINUTE  # seconds; a disk that will be full within them is logged
NOISE: Final = 64 << 20  # bytes of growth that are ignored: PostgreSQL's own log segments come and go


class Disk:
    """The file system of `directory`, on which `reserve` bytes are to stay free, or fewer if it is small."""

    def __init__(self, reactor: Reactor, directory: Path, reserve: int) -> None:
        self.reactor = reactor
        self.directory = directory
        self.reserve = reserve
        self.free = 0
        self.low = False
        self.short = False
        self.full = False
        self.said = 0.0
        self.warned = -SPAN
        self.seen: deque[tuple[float, int]] = deque()
        self.watch = LoopingCall(self.look)
        self.watch.clock = reactor

    @property
    def obstacle(self) -> str:
        """The sentence that says why nothing may be written now; "" while there is room."""
        if not self.short:
            return ""
        return f"The disk of the database is almost full ({self.free // MEGABYTE} MB are free): it is only read from until there is room."

    def start(self) -> None:
        """Measures now, and every LOOK seconds."""
        self.watch.start(LOOK)

    def stop(self) -> None:
        """Stops measuring."""
        if self.watch.running:
            self.watch.stop()

    def look(self) -> Deferred[None]:
        """Measures in a thread, because a network file system may block."""
        return Deferred.fromCoroutine(self.measure())

    async def measure(self) -> None:
        """Measures and judges; an error is ignored, so that the next measurement takes place."""
        with suppress(OSError, RuntimeError):
            state = await deferToThreadPool(self.reactor, self.reactor.getThreadPool(), os.statvfs, self.directory)
            self.judge(state.f_bavail * state.f_frsize, state.f_blocks * state.f_frsize)

    def judge(self, free: int, size: int, now: float | None = None) -> None:
        """Judges `free` bytes on a disk of `size` bytes; a lack ends an eighth above its limit, so that it does not flicker."""
        reserve = bytes_to_keep(self.reserve, size)
        self.free = free
        self.full = free < FULL
        short = free < (reserve * 9 // 8 if self.short else reserve)
        low = free < (reserve * 9 // 4 if self.low else reserve * 2)
        changed = (low, short) != (self.low, self.short)
        self.low, self.short = low, short
        self.heed_growth(free, reserve, monotonic() if now is None else now)
        if changed or (low and monotonic() - self.said > AGAIN):
            self.say()

    def heed_growth(self, free: int, reserve: int, now: float) -> None:
        """Logs a warning if the disk will be almost full within SOON seconds at the rate of the last minutes."""
        if not self.seen or now - self.seen[-1][0] >= MINUTE:
            self.seen.append((now, free))
        while now - self.seen[0][0] > SPAN:
            self.seen.popleft()
        since, before = self.seen[0]
        lost = before - free
        if lost < NOISE or now - since < MINUTE or now - self.warned < SPAN:
            return
        left = max(free - reserve, 0) * (now - since) / lost
        if left < SOON:
            self.warned = now
            log.warn(
                "disk.filling: {rate} MB a minute, so that it is only read from in about {minutes} minutes, in {directory}",
                rate=round(lost / MEGABYTE / (now - since) * MINUTE),
                minutes=round(left / MINUTE),
                directory=str(self.directory),
            )

    def say(self) -> None:
        """Logs one line about the state of the disk."""
        self.said = monotonic()
        room = {"free": self.free // MEGABYTE, "directory": str(self.directory)}
        if self.short:
            log.error("disk.short: only reading from now on, {free} MB are free in {directory}", **room)
        elif self.low:
            log.warn("disk.low: {free} MB are free in {directory}; make room", **room)
        else:
            log.info("disk.enough: {free} MB are free in {directory}", **room)


def bytes_to_keep(reserve: int, size: int) -> int:
    """Returns how many bytes are to stay free on a disk of `size` bytes."""
    return min(reserve, max(size // SHARE, LEAST))
