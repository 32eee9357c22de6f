"""Start, adopt, watch and stop the PostgreSQL of our own; several servers on one data directory share it (H47-H52)."""

import os
import pwd
import sys
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from signal import SIGCONT, SIGINT, SIGKILL, SIGQUIT
from typing import Any, Final

from twisted.internet.defer import Deferred
from twisted.internet.task import LoopingCall, deferLater
from twisted.logger import Logger

from iam.embedded import binaries, processes
from iam.embedded import account as accounts
from iam.embedded.account import Account
from iam.embedded.binaries import Binaries
from iam.embedded.cluster import BOOTSTRAP, FIXED, HASTE, PORT, TUNING, Cluster
from iam.embedded.errors import EmbeddedError, explained
from iam.embedded.locks import Lock
from iam.embedded.processes import PACE, Process

log = Logger()

START_TIMEOUT: Final = 600.0  # seconds; recovery after a crash may take long (H50)
SAY_AGAIN: Final = 10.0  # seconds between two lines that say that it takes long
LOOK: Final = 0.2  # seconds between two looks whether PostgreSQL is alive
BACKOFF: Final = (0.2, 10.0)  # seconds before a new start: the first time, and at most (H51)
STEADY: Final = 10.0  # seconds after which a new death is again a first one
LEFTOVERS: Final = 3.0  # seconds that processes of a dead postmaster get to notice
STOP_TIMEOUT: Final = 8.0  # seconds, in all
STUCK: Final = 30.0  # seconds to wait for processes that nobody can see
FULL: Final = 16 << 20  # bytes; with less PostgreSQL does not start
TRIM_EVERY: Final = 50  # looks
LAYOUT: Final = "1"  # of the data directory; servers that disagree about it cannot share one (H49)


class Embedded:
    """The PostgreSQL in `data_dir`, made if there is none; `dsn` is the application's way in, `admin_dsn` the superuser's."""

    dsn: str
    admin_dsn: str
    account: Account
    binaries: Binaries

    def __init__(self, reactor: Any, data_dir: Path, *, progress: Callable[[str], None], durable: bool = True) -> None:
        self.reactor = reactor
        self.cluster = Cluster(data_dir)
        self.progress = progress
        self.durable = durable
        self.users = Lock(self.cluster.lock("users"))
        self.postmaster: Process | None = None
        self.since = 0.0
        self.delay = BACKOFF[0]
        self.looks = 0
        self.work: Deferred[None] | None = None
        self.watch = LoopingCall(self.look)
        self.watch.clock = reactor

    async def start(self) -> None:
        """Make the database if there is none, start or adopt its PostgreSQL, and return when that accepts connections."""
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

    async def stop(self, patience: float = STOP_TIMEOUT) -> None:
        """Leave, and as the last one stop PostgreSQL, all within `patience` seconds."""
        deadline = self.reactor.seconds() + patience
        if self.watch.running:
            self.watch.stop()
        if self.work is not None:
            self.work.cancel()
            await self.work
        if self.users.file < 0:
            return
        try:
            async with self.turn(patience):
                if self.users.take():
                    await self.shut_down(deadline - self.reactor.seconds())
        except EmbeddedError as error:
            log.warn("database.left_running: {reason}", reason=str(error))
        finally:
            self.users.close()

    async def enter(self) -> None:
        """Become a user of the database."""
        self.account = await accounts.choose(self.reactor, self.cluster.home)
        self.cluster.make_data_dir(self.account)
        self.binaries = await binaries.reachable(self.reactor, self.account)
        async with self.turn(START_TIMEOUT):
            self.join()
            try:
                if not self.cluster.home.exists():
                    await self.create()
                await self.ensure()
            except BaseException:
                self.users.close()
                raise

    @asynccontextmanager
    async def turn(self, patience: float) -> AsyncIterator[None]:
        """Only one process at a time starts or stops PostgreSQL."""
        began = self.reactor.seconds()
        with Lock(self.cluster.lock("turn")) as lock:
            while not lock.take():
                if self.reactor.seconds() - began > patience:
                    raise EmbeddedError(f"Another process is busy with the database in {self.cluster.data_dir}: end it, and try again.")
                await self.pause(PACE)
            yield

    def join(self) -> None:
        """Be counted as a user; the first one says of what kind all are (H49)."""
        if self.users.take():
            os.ftruncate(self.users.file, 0)
            os.pwrite(self.users.file, LAYOUT.encode(), 0)
        self.users.take(shared=True)
        if os.pread(self.users.file, 16, 0) != LAYOUT.encode():
            self.users.close()
            raise EmbeddedError(f"Another version of iam, which this one cannot work with, uses {self.cluster.data_dir}: stop it first.")

    async def create(self) -> None:
        """Make a cluster with the application's role and database: aside, so that it is there whole or not at all."""
        self.progress(f"Creating the database in {self.cluster.home} ...")
        with await self.silence() as running:
            self.cluster.discard_drafts()
            draft = self.cluster.draft(self.account)
            with self.handle(draft) as (where, keep):
                kept = (*keep, running.file)
                await self.run(self.initdb(where), kept)
                await self.run([self.binaries.program("postgres"), "--single", "-D", where, "-c", "exit_on_error=on", "postgres"], kept, BOOTSTRAP)
            self.cluster.adopt(draft)

    def initdb(self, where: str) -> list[str]:
        """The command that makes an empty cluster; sorting by code point does not change with the system's libraries."""
        options = ["--username=postgres", "--encoding=UTF8", "--locale-provider=builtin", "--builtin-locale=C.UTF-8", "--locale=C"]
        options += ["--data-checksums", "--auth-local=reject", "--auth-host=reject", "--no-instructions"]
        options += [] if self.durable else ["--no-sync"]
        return [self.binaries.program("initdb"), "-D", where, *options, *(f"--set={name}={value}" for name, value in TUNING.items())]

    async def run(self, command: list[str], keep: tuple[int, ...], given: str = "") -> None:
        """Run one of PostgreSQL's programs; what it said is part of the error if it fails."""
        outcome = await processes.run(self.reactor, command, self.account.switch, given=given, keep=keep)
        if outcome.code:
            raise explained(f"The database in {self.cluster.home} could not be made: {self.cause()}", outcome.output)

    async def ensure(self) -> None:
        """Adopt the PostgreSQL that runs, or start one, and wait until it accepts connections."""
        self.cluster.check(self.binaries.major)
        sockets = self.cluster.socket_dir(self.account)
        self.dsn = f"host={sockets} port={PORT} user=iam dbname=iam"
        self.admin_dsn = f"host={sockets} port={PORT} user=postgres dbname=postgres"
        found = self.find()
        if found is None or not await self.serves(found, sockets):
            found = await self.launch(sockets)
        self.postmaster = found
        self.since = self.reactor.seconds()

    def find(self) -> Process | None:
        """The postmaster that runs, whatever the pid file says: a process that names our cluster as its own (H50)."""
        tag, uid = self.cluster.tag, self.account.uid
        with Lock(self.cluster.lock("running")) as running:
            if running.take():
                return None
        candidates = [pid for pid in processes.belonging(uid, tag) if f"cluster_name={tag}" in processes.arguments(pid, uid)]
        return next((processes.status(pid) for pid in candidates if processes.parent(pid) not in candidates), None)

    async def serves(self, found: Process, sockets: Path) -> bool:
        """Does this postmaster accept connections, at least soon? One that is lost to all others is ended."""
        found.send(SIGCONT)
        began = self.reactor.seconds()
        while found.alive and self.reactor.seconds() - began < START_TIMEOUT:
            pid, state = self.reported()
            if pid == found.pid and state == "ready" and (sockets / f".s.PGSQL.{PORT}").exists():
                return True
            if pid != found.pid or state in ("ready", "stopping"):
                break
            await self.pause(PACE)
        await self.end(found, STOP_TIMEOUT)
        return False

    def reported(self) -> tuple[int, str]:
        """The number and the state of the postmaster, by its pid file; zero and nothing if that is damaged."""
        lines = self.cluster.pid_file()
        number = int(lines[0]) if lines and lines[0].isdecimal() and len(lines[0]) < 10 else 0
        return number, lines[7].strip() if len(lines) > 7 else ""

    async def silence(self) -> Lock:
        """The lock that all of PostgreSQL's processes inherit: whoever takes it is sure that none is left."""
        began = self.reactor.seconds()
        running = Lock(self.cluster.lock("running"))
        while not running.take():
            waited = self.reactor.seconds() - began
            if waited > LEFTOVERS:
                self.kill_leftovers()
            if waited > STUCK:
                raise EmbeddedError(f"The database in {self.cluster.home} is used by a PostgreSQL that cannot be seen from here: stop it first.")
            await self.pause(PACE)
        return running

    def kill_leftovers(self) -> None:
        """End what is left of a cluster that has no postmaster any more."""
        for pid in processes.belonging(self.account.uid, self.cluster.tag) if self.cluster.home.exists() else ():
            if process := processes.status(pid):
                process.send(SIGKILL)

    async def launch(self, sockets: Path) -> Process:
        """Start a postmaster that is nobody's child, so that it outlives a server which is killed."""
        self.progress(f"Starting PostgreSQL {self.binaries.number} ...")
        self.cluster.trim_log()
        with await self.silence() as running:
            self.cluster.discard_pid_file()
            self.cluster.admit(self.account, pwd.getpwuid(os.geteuid()).pw_name)
            position = self.cluster.log.stat().st_size
            with self.handle(self.cluster.home) as (where, keep):
                settings = FIXED | {"cluster_name": self.cluster.tag, "unix_socket_directories": where if sockets == self.cluster.home else str(sockets)}
                settings |= {} if self.durable else HASTE
                self.spawn([self.binaries.program("postgres"), "-D", where, *options(settings)], (*keep, running.file))
        try:
            return await self.ready(position)
        except BaseException:
            if found := self.find():
                await self.end(found, STOP_TIMEOUT)
            raise

    def spawn(self, command: list[str], keep: tuple[int, ...]) -> None:
        """Let a shell start it in the background; it ends at once."""
        sink = self.cluster.open_log()
        source = os.open(os.devnull, os.O_RDONLY)
        try:
            processes.spawn(["/bin/sh", "-c", '"$@" &', "sh", *command], self.account.switch, source, sink, keep).wait()
        finally:
            os.close(source)
            os.close(sink)

    async def ready(self, position: int) -> Process:
        """The postmaster just started, when it accepts connections."""
        began = said = self.reactor.seconds()
        while True:
            pid, state = self.reported()
            if state == "ready" and (process := processes.status(pid)):
                return process
            with Lock(self.cluster.lock("running")) as running:
                if running.take():
                    raise explained(f"PostgreSQL could not be started in {self.cluster.home}: {self.cause()}", self.cluster.log_since(position))
            if self.reactor.seconds() - began > START_TIMEOUT:
                raise explained(f"PostgreSQL does not get ready in {self.cluster.home}.", self.cluster.log_since(position))
            if self.reactor.seconds() - said > SAY_AGAIN:
                said = self.reactor.seconds()
                self.progress(f"PostgreSQL is still starting, since {said - began:.0f} s ...")
            await self.pause(PACE)

    def cause(self) -> str:
        """What is known of the cause without PostgreSQL's words, which may not be there if the disk is full."""
        state = os.statvfs(self.cluster.data_dir)
        if state.f_bavail * state.f_frsize < FULL:
            return "its disk is full. Make room, and start again."
        return "its log says why."

    async def shut_down(self, patience: float) -> None:
        """Stop PostgreSQL: nobody uses it any more."""
        if found := self.find():
            self.progress("Stopping PostgreSQL ...")
            await self.end(found, patience)

    async def end(self, postmaster: Process, patience: float) -> None:
        """Ask for a fast shutdown, then for an immediate one, then kill; a stopped process is continued to hear it."""
        for signal, share in ((SIGINT, 0.6), (SIGQUIT, 0.2), (SIGKILL, 0.1)):
            postmaster.send(signal)
            postmaster.send(SIGCONT)
            if await self.gone(patience * share):
                return
        self.kill_leftovers()
        await self.gone(patience * 0.1)

    async def gone(self, patience: float) -> bool:
        """Are all of PostgreSQL's processes gone within `patience` seconds?"""
        deadline = self.reactor.seconds() + patience
        while self.reactor.seconds() < deadline:
            with Lock(self.cluster.lock("running")) as running:
                if running.take():
                    return True
            await self.pause(PACE)
        return False

    def look(self) -> None:
        """Is PostgreSQL alive? If not, start it again (H51)."""
        self.looks += 1
        if self.looks % TRIM_EVERY == 0:
            self.cluster.trim_log()
        busy = self.work is not None and not self.work.called
        if not busy and self.postmaster is not None and not self.postmaster.alive:
            self.work = Deferred.fromCoroutine(self.revive())

    async def revive(self) -> None:
        """Start PostgreSQL again, at longer and longer intervals while that fails."""
        if self.reactor.seconds() - self.since > STEADY:
            self.delay = BACKOFF[0]
        while True:
            log.error("database.exited: PostgreSQL ended by itself, and is started again in {delay} s", delay=self.delay)
            await self.pause(self.delay)
            self.delay = min(self.delay * 2, BACKOFF[1])
            try:
                async with self.turn(START_TIMEOUT):
                    await self.ensure()
            except (EmbeddedError, OSError) as error:
                log.error("database.not_started: {reason}", reason=str(error))
            else:
                log.info("database.started")
                return

    @contextmanager
    def handle(self, directory: Path) -> Iterator[tuple[str, tuple[int, ...]]]:
        """A name for the directory, and files to inherit: a handle is a way in where directories above are closed (H47)."""
        if self.account.reaches(directory):
            yield str(directory), ()
            return
        file = self.cluster.open(directory)
        try:
            yield f"/proc/self/fd/{file}", (file,)
        finally:
            os.close(file)

    def pause(self, seconds: float) -> Deferred[None]:
        """Let the reactor do other things."""
        return deferLater(self.reactor, seconds)


def options(settings: dict[str, str]) -> list[str]:
    """Settings as words of a command line."""
    return [word for name, value in settings.items() for word in ("-c", f"{name}={value}")]
