"""A server that is started before its database waits for it; for what waiting does not cure, nobody waits."""

import os
import signal
import socket
import subprocess
import threading
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from attrs import define, field

from tests.harness import SERVER_KEY, free_port
from tests.processes import BIN, PATIENCE, answers
from tests.waiting import wait_until

ENVIRONMENT = {name: value for name, value in os.environ.items() if not name.startswith(("IAM_", "PG"))}
WAITING = "Waiting for the database, 60 seconds at most"
Launch = Callable[..., "Launched"]


@define
class Launched:
    """`twist iam`, and what it says."""

    url: str
    process: subprocess.Popen[str]
    lines: list[str] = field(factory=list)

    def listen(self) -> None:
        assert self.process.stderr is not None
        self.lines.extend(line.rstrip("\n") for line in self.process.stderr)

    def says(self, beginning: str) -> str:
        """The first line that begins so, as soon as it is there."""
        wait_until(lambda: bool(self.saying(beginning)) or self.process.poll() is not None)
        assert self.saying(beginning), self.lines
        return self.saying(beginning)[0]

    def saying(self, beginning: str) -> list[str]:
        return [line for line in list(self.lines) if line.startswith(beginning)]

    def end(self, number: int) -> int:
        """Its exit status after this signal."""
        self.process.send_signal(number)
        return self.process.wait(PATIENCE)


@pytest.fixture
def launch(tmp_path: Path) -> Iterator[Launch]:
    """Starts servers whose database need not be there; they are gone afterwards."""
    launched: list[tuple[Launched, threading.Thread]] = []

    def launch(dsn: str, *options: str, **environment: str) -> Launched:
        port = free_port()
        process = subprocess.Popen(
            [BIN / "twist", "iam", "--port", str(port), "--data-dir", str(tmp_path), "--database", dsn, *options],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            text=True,
            cwd="/",
            env=ENVIRONMENT | {"IAM_SECRET_KEY": SERVER_KEY} | environment,
        )
        one = Launched(f"http://localhost:{port}", process)
        listening = threading.Thread(target=one.listen)
        listening.start()
        launched.append((one, listening))
        return one

    yield launch
    for one, listening in launched:
        if one.process.poll() is None:
            one.process.kill()
        one.process.wait()
        listening.join()
        one.process.stderr.close()  # type: ignore[union-attr]


def test_two_servers_that_are_started_before_their_database_serve_when_it_is_there(
    launch: Launch, breed: Callable[[], Any]
) -> None:
    database = breed()
    database.create()
    dsn = database.dsn(host="127.0.0.1")
    one, other = launch(dsn), launch(dsn)
    for server in (one, other):
        assert "Connection refused" in server.says(WAITING)

    database.start()

    for server in (one, other):
        server.says("iam answers at ")
        assert answers(server.url, "/readyz")
        assert len(server.saying("Waiting")) == 1
        assert len(server.saying("The database is there; the start goes on.")) == 1
    database.end()


def test_a_service_manager_is_told_that_it_waits_is_ready_and_stops(
    launch: Launch, breed: Callable[[], Any], tmp_path: Path
) -> None:
    database = breed()
    database.create()
    with closing(socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)) as manager:
        manager.bind(str(tmp_path / "notify"))
        manager.settimeout(PATIENCE)
        server = launch(database.dsn(host="127.0.0.1"), NOTIFY_SOCKET=str(tmp_path / "notify"))
        waits = manager.recv(4096).decode().splitlines()
        database.start()
        there = manager.recv(4096).decode().splitlines()
        ready = manager.recv(4096).decode().splitlines()
        status = server.end(signal.SIGTERM)
        stops = manager.recv(4096).decode().splitlines()

    assert waits[0].startswith("STATUS=" + WAITING)
    assert waits[1] == "EXTEND_TIMEOUT_USEC=120000000"
    assert there[0] == "STATUS=The database is there; the start goes on."
    assert ready[0] == "READY=1"
    assert (status, stops) == (0, ["STOPPING=1"])
    database.end()


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_the_waiting(launch: Launch, number: int) -> None:
    server = launch("host=127.0.0.1 port=1")
    server.says(WAITING)

    assert server.end(number) == 0


def test_nobody_waits_for_a_database_that_does_not_exist(launch: Launch, mortal: Any) -> None:
    server = launch(mortal.dsn(dbname="nowhere"), "--wait-for-database", "3600")

    assert server.process.wait(PATIENCE) == 1
    assert server.says("iam: PostgreSQL cannot be used").endswith('database "nowhere" does not exist (3D000)')
    assert not server.saying("Waiting")
