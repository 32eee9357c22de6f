"""PostgreSQL servers of the tests' own that they may kill, alone and in pairs, and lines to them."""

import os
import shutil
import socket
import subprocess
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
import pytest_twisted
from twisted.internet import reactor
from twisted.logger import LogEvent, globalLogPublisher
from twisted.protocols import portforward

from iam.database import migration
from iam.secrets.master_key import ServerKey
from tests.databases import Start, starting
from tests.faults.launching import Launch, launching
from tests.faults.mortal import Mortal
from tests.faults.pair import Pair
from tests.harness import Server, TurnedClock, serving
from tests.processes import start as start_server
from tests.standstill import Standstill
from tests.waiting import wait_until

# what only root can arrange: a small disk of its own
collect_ignore = [] if os.geteuid() == 0 else ["test_disk_faults.py"]


def pytest_ignore_collect(collection_path: Path, config: pytest.Config) -> bool | None:
    """What takes many minutes is left for `make faults`."""
    return True if collection_path.name == "test_patroni.py" and not config.getoption("--long") else None


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


@pytest.fixture
def pair() -> Iterator[Pair]:
    """A primary and its replica, asynchronous at first, both gone in the end."""
    pair = Pair()
    try:
        pair.start()
        yield pair
    finally:
        pair.end()


@pytest.fixture
def launch(tmp_path: Path) -> Iterator[Launch]:
    """Starts servers whose database need not be there."""
    with launching(tmp_path) as launch:
        yield launch


@pytest.fixture
def written(pair: Pair) -> Pair:
    """A pair with a table to write to."""
    pair.primary.ask("create table written (n int)")
    wait_until(pair.caught_up)
    return pair


@pytest.fixture
def silent() -> Iterator[int]:
    """The port of a host that takes connections and says nothing."""
    with closing(socket.create_server(("127.0.0.1", 0))) as server:
        yield server.getsockname()[1]


@pytest_twisted.async_yield_fixture
async def start(mortal: Mortal) -> AsyncIterator[Start]:
    """Starts databases, which are stopped afterwards."""
    async with starting(mortal.dsn()) as start:
        yield start


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


@pytest.fixture
def tuned(mortal: Mortal) -> Iterator[Callable[..., None]]:
    """Sets parameters of PostgreSQL, until the end of the test."""

    def tune(**parameters: str) -> None:
        for name, value in parameters.items():
            mortal.ask(f"alter system set {name} = '{value}'")
        mortal.ask("select pg_reload_conf()")

    yield tune
    restored(mortal)


@pytest.fixture
def served(mortal: Mortal, key: ServerKey, tmp_path: Path, tuned: object) -> Iterator[Server]:
    """A server on that PostgreSQL."""
    migration.migrate(mortal.dsn())
    with serving(mortal.dsn(), key, tmp_path / "data", TurnedClock()) as served:
        yield served
        restored(mortal)


def restored(mortal: Mortal) -> None:
    """Let PostgreSQL be as it was."""
    mortal.resume()
    if mortal.postmaster is None:
        mortal.start()
    mortal.ask("alter system reset all")
    mortal.ask("select pg_reload_conf()")
