"""A server under load whose database is killed, whose clients hang up, and which is asked to stop."""

import http.client
import os
import random
import signal
import socket
import struct
import threading
import time
from base64 import b64encode
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from attrs import define, field, frozen

from tests.faults.mortal import Mortal
from tests.processes import PATIENCE, Process, created, first_of, postmasters, start
from tests.waiting import wait_until

WORKERS = 16
BODY = "grant_type=client_credentials"
NEVER = 20.0  # seconds without an answer
LONGEST = 14.0  # seconds; an answer takes 7 at most, more where the machine is busy


@frozen
class Outcome:
    """What one request came to, and when."""

    status: int
    began: float
    ended: float
    retry_after: str | None = None
    closing: bool = False


@define
class Load:
    """Clients that ask for tokens one after the other, each over a connection that it keeps."""

    process: Process
    client: Any
    outcomes: list[Outcome] = field(factory=list)
    broken: list[str] = field(factory=list)
    ended: threading.Event = field(factory=threading.Event)
    threads: list[threading.Thread] = field(factory=list)

    @property
    def headers(self) -> dict[str, str]:
        credentials = f"{self.client['client_id']}:{self.client['client_secret']}"
        return {
            "Authorization": "Basic " + b64encode(credentials.encode()).decode(),
            "Content-Type": "application/x-www-form-urlencoded",
        }

    def begin(self) -> None:
        self.threads = [threading.Thread(target=self.work) for _ in range(WORKERS)]
        for thread in self.threads:
            thread.start()

    def end(self) -> None:
        self.ended.set()
        for thread in self.threads:
            thread.join(NEVER)

    def work(self) -> None:
        while not self.ended.is_set():
            connection = http.client.HTTPConnection("localhost", int(self.process.url.rsplit(":", 1)[1]), NEVER)
            try:
                connection.connect()
            except OSError:
                return  # nobody listens any more
            self.ask_until_closed(connection)
            connection.close()

    def ask_until_closed(self, connection: http.client.HTTPConnection) -> None:
        while not self.ended.is_set():
            began = time.monotonic()
            try:
                connection.request("POST", "/token", BODY, self.headers)
                response = connection.getresponse()
                response.read()
            except (OSError, http.client.HTTPException) as error:
                self.broken.append(repr(error))
                return
            closing = response.getheader("Connection") == "close"
            self.outcomes.append(
                Outcome(response.status, began, time.monotonic(), response.getheader("Retry-After"), closing)
            )
            if closing:
                return

    def longest(self) -> float:
        return max(outcome.ended - outcome.began for outcome in self.outcomes)

    def first_success(self, after: float) -> float:
        """When a request that began after this moment went well."""
        return min(each.ended for each in self.outcomes if each.status == 200 and each.began >= after)


@pytest.fixture
def loaded(data_dir: str) -> Iterator[Callable[..., Load]]:
    """Starts a server and its load; both end with the test."""
    loads: list[Load] = []

    def begin(*options: str) -> Load:
        options = ("--data-dir", data_dir, *options)
        process = start(*options)
        loads.append(Load(process, created(*options)))
        loads[-1].begin()
        time.sleep(0.5)
        return loads[-1]

    yield begin
    for load in loads:
        load.end()
        load.process.stop()


def test_a_database_killed_under_load_is_503_and_then_service_resumes(
    mortal: Mortal, loaded: Callable[..., Load]
) -> None:
    load = loaded("--database", mortal.dsn())
    mortal.kill()
    time.sleep(2)

    mortal.start()
    returned = time.monotonic()
    wait_until(lambda: any(each.status == 200 and each.began >= returned for each in list(load.outcomes)))
    load.end()

    refused = [outcome for outcome in load.outcomes if outcome.status != 200]
    assert refused
    assert {(outcome.status, outcome.retry_after is not None) for outcome in refused} == {(503, True)}
    assert load.broken == []
    assert load.longest() < LONGEST


def test_backends_terminated_one_after_another_are_503_at_worst_and_then_nothing_is(
    mortal: Mortal, loaded: Callable[..., Load]
) -> None:
    load = loaded("--database", mortal.dsn())
    for _ in range(20):
        mortal.terminate("true order by random() limit 1")
        time.sleep(0.1)

    time.sleep(3)
    quiet = time.monotonic()
    time.sleep(1)
    load.end()

    afterwards = [outcome for outcome in load.outcomes if outcome.began >= quiet]
    assert {outcome.status for outcome in load.outcomes} <= {200, 503}
    assert load.broken == []
    assert load.longest() < LONGEST
    assert afterwards
    assert {outcome.status for outcome in afterwards} == {200}


def test_h51_the_embedded_database_killed_under_load_is_started_again(
    data_dir: str, loaded: Callable[..., Load]
) -> None:
    load = loaded()
    os.kill(first_of(data_dir), signal.SIGKILL)

    wait_until(lambda: any(each.status == 503 for each in list(load.outcomes)))
    refused = time.monotonic()
    wait_until(lambda: any(each.status == 200 and each.began >= refused for each in list(load.outcomes)))
    load.end()

    assert load.broken == []
    assert {outcome.status for outcome in load.outcomes} == {200, 503}
    assert load.longest() < LONGEST


def test_a_server_asked_to_stop_answers_everything_it_was_asked(data_dir: str, loaded: Callable[..., Load]) -> None:
    load = loaded()
    status = load.process.stop()
    load.end()

    assert status == 0
    assert load.broken == []
    assert Counter(outcome.status for outcome in load.outcomes).keys() == {200}
    assert sum(outcome.closing for outcome in load.outcomes) == WORKERS
    assert postmasters(data_dir) == []


def test_a_second_signal_ends_it_at_once(data_dir: str) -> None:
    process = start("--data-dir", data_dir)
    address = ("localhost", int(process.url.rsplit(":", 1)[1]))
    connection = socket.create_connection(address)
    connection.sendall(b"POST /token HTTP/1.1\r\nHost: localhost\r\nContent-Length: 5\r\nExpect: 100-continue\r\n\r\n")
    assert connection.recv(100).startswith(b"HTTP/1.1 100 ")  # it waits for the rest
    process.server.terminate()
    wait_until(lambda: not listens(address))

    process.server.terminate()
    status = process.server.wait(PATIENCE)

    assert status == -signal.SIGTERM
    connection.close()
    assert start("--data-dir", data_dir).stop() == 0
    assert postmasters(data_dir) == []


def test_ten_thousand_clients_that_hang_up_leave_a_healthy_pool(data_dir: str) -> None:
    process = start("--data-dir", data_dir)
    load = Load(process, created("--data-dir", data_dir))
    request = asked(load.headers)
    at_rest = descriptors(process) + 2
    memory: list[int] = []
    with ThreadPoolExecutor(32) as pool:
        for _ in range(2):  # the first time memory grows to what so many at once need; what leaks grows on
            list(pool.map(lambda _: hang_up(process, request), range(10_000)))
            wait_until(lambda: descriptors(process) <= at_rest)
            memory.append(resident(process))

    load.begin()
    time.sleep(1)
    load.end()
    status = process.stop()

    assert memory[1] - memory[0] < 10e6
    assert {outcome.status for outcome in load.outcomes} == {200}
    assert len(load.outcomes) > 20
    assert load.broken == []
    assert load.longest() < LONGEST
    assert status == 0


def listens(address: tuple[str, int]) -> bool:
    with suppress(OSError), socket.create_connection(address):
        return True
    return False


def asked(headers: dict[str, str]) -> bytes:
    lines = [f"{name}: {value}" for name, value in headers.items()]
    head = ["POST /token HTTP/1.1", "Host: localhost", f"Content-Length: {len(BODY)}", *lines, "", BODY]
    return "\r\n".join(head).encode()


def hang_up(process: Process, request: bytes) -> None:
    """Ask for a token, and reset the connection within 20 milliseconds."""
    with suppress(OSError), socket.create_connection(("localhost", int(process.url.rsplit(":", 1)[1]))) as connection:
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        connection.sendall(request)
        time.sleep(random.uniform(0, 0.02))


def resident(process: Process) -> int:
    """Bytes of memory."""
    return int(Path(f"/proc/{process.server.pid}/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")


def descriptors(process: Process) -> int:
    return len(list(Path(f"/proc/{process.server.pid}/fd").iterdir()))
