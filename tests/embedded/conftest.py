"""Data directories, servers on them in this process and in others, and nothing left behind by either."""

import os
import subprocess
import sys
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path
from typing import Any

import psycopg2
import pytest
from pytest_twisted import blockon
from twisted.internet.defer import Deferred

from iam.embedded import processes
from iam.embedded.cluster import Cluster
from iam.embedded.supervisor import Embedded

# what only root can arrange: other users, full disks, unreachable programs
collect_ignore = [] if os.geteuid() == 0 else ["test_embedded_as_root.py"]

CHILD = Path(__file__).with_name("child.py")


@pytest.fixture
def data_dir(tmp_path: Path) -> Iterator[Path]:
    """A data directory under pytest's, which for root means: where only root can enter; its PostgreSQL is killed at the end."""
    directory = tmp_path / "data"
    yield directory
    end_all(Cluster(directory))


@pytest.fixture(scope="session")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A data directory that was started and stopped once."""
    from twisted.internet import reactor

    directory = tmp_path_factory.mktemp("template") / "data"
    embedded = Embedded(reactor, directory, progress=lambda _: None, durable=False)
    blockon(Deferred.fromCoroutine(embedded.start()))
    blockon(Deferred.fromCoroutine(embedded.stop()))
    return directory


@pytest.fixture
def made(template: Path, data_dir: Path) -> None:
    """The database in `data_dir` is there already."""
    subprocess.run(["cp", "--archive", template, data_dir], check=True)


def end_all(cluster: Cluster) -> None:
    """Kill what a failed test left running."""
    for pid in remaining(cluster):
        os.kill(pid, 9)


def remaining(cluster: Cluster) -> list[int]:
    """The processes that PostgreSQL has in this cluster."""
    return list(processes.belonging(cluster.home.stat().st_uid, cluster.tag)) if cluster.made else []


@pytest.fixture
def progress() -> list[str]:
    """What the servers of this test said."""
    return []


@pytest.fixture
def open_embedded(data_dir: Path, progress: list[str]) -> Iterator[Callable[..., Awaitable[Embedded]]]:
    """Starts a server's PostgreSQL in this process, in `data_dir` unless told otherwise; stopped at the end of the test."""
    from twisted.internet import reactor

    opened: list[Embedded] = []

    async def start(directory: Path = data_dir, *, durable: bool = False) -> Embedded:
        embedded = Embedded(reactor, directory, progress=progress.append, durable=durable)
        opened.append(embedded)
        await embedded.start()
        return embedded

    yield start
    for embedded in opened:
        blockon(Deferred.fromCoroutine(embedded.stop()))


class Child:
    """A server in a process of its own, which can be killed."""

    def __init__(self, data_dir: Path, *arguments: str, **options: Any) -> None:
        command = [sys.executable, "-W", "error", str(CHILD), str(data_dir), *arguments]
        self.process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, **options)
        self.said: list[str] = []

    def says(self, beginning: str) -> str:
        """What it says behind `beginning`."""
        for line in self.process.stdout:
            self.said.append(line.rstrip("\n"))
            if line.startswith(beginning):
                return line.removeprefix(beginning).strip()
        raise AssertionError(f"The child ended after saying {self.said}")

    def leave(self) -> int:
        """Let it stop in good order."""
        self.process.communicate("stop\n", timeout=20)
        return self.process.returncode

    def kill(self) -> None:
        """Give it no chance to stop anything."""
        self.process.kill()
        self.process.communicate()


@pytest.fixture
def open_child(data_dir: Path) -> Iterator[Callable[..., Child]]:
    """Starts a server in a process of its own."""
    opened: list[Child] = []

    def start(directory: Path = data_dir, *arguments: str, **options: Any) -> Child:
        opened.append(Child(directory, *arguments, **options))
        return opened[-1]

    yield start
    for child in opened:
        child.kill()


@pytest.fixture
def ask() -> Callable[[str, str], Any]:
    """Runs one statement and returns the first value it yields."""

    def run(dsn: str, statement: str) -> Any:
        connection = psycopg2.connect(dsn)
        connection.autocommit = True
        try:
            with connection.cursor() as cursor:
                cursor.execute(statement)
                return cursor.fetchone()[0] if cursor.description else None
        finally:
            connection.close()

    return run


@pytest.fixture
def left() -> Callable[[Embedded], list[int]]:
    """The processes of a server's PostgreSQL."""
    return lambda embedded: remaining(embedded.cluster)
