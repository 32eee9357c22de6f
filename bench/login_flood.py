"""A flood of logins from one network, and what others notice of it; see README.md."""

import asyncio
import os
import re
import statistics
import subprocess
import sys
import tempfile
import time
from base64 import b64encode
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import psycopg2
from attrs import define, frozen

sys.path.insert(0, str(Path(__file__).parent.parent))

from bench import figures, stock
from bench.served import ready, server
from iam.people.passwords import hashed
from iam.secrets import minted
from tests.harness import free_port
from tests.processes import created

ROUNDS = 3
SECONDS = 60
CONNECTIONS = 200
LOGINS = 20  # honest ones, each of another person
PATIENCE = 5.0  # seconds within which an honest login has to succeed
GOAL = 2.0  # times the p99 of /token in quiet
QUIET = 20  # seconds in which that is measured, and so many while the flood goes elsewhere
BACKGROUND = 19  # niceness of the flooder, whose work is not the server's
PAUSE = 0.02  # seconds between two requests for tokens
FLOOD, HONEST, PROGRAM = "127.0.0.2", "127.0.0.3", "127.0.0.4"  # three networks
PASSWORD = "correct horse battery staple 1"

FORM = "application/x-www-form-urlencoded"


@frozen
class Reply:
    """What came back."""

    status: int
    head: str
    body: str


@define
class Connection:
    """HTTP/1.1 from an address of our choice, kept open where the server lets it."""

    address: str
    port: int
    reader: Any = None
    writer: Any = None

    async def send(self, method: str, path: str, body: str = "", **headers: str) -> Reply:
        """The answer; raises OSError, or IncompleteReadError for none."""
        if self.writer is None:
            self.reader, self.writer = await asyncio.open_connection(
                "127.0.0.1", self.port, local_addr=(self.address, 0)
            )
        lines = [f"{method} {path} HTTP/1.1", f"Host: localhost:{self.port}", f"Content-Length: {len(body)}"]
        lines += [f"{name.replace('_', '-')}: {value}" for name, value in headers.items()]
        self.writer.write(("\r\n".join(lines) + "\r\n\r\n" + body).encode())
        head = (await self.reader.readuntil(b"\r\n\r\n")).decode()
        length = int(re.search(r"(?i)content-length: (\d+)", head)[1])
        return Reply(int(head[9:12]), head, (await self.reader.readexactly(length)).decode())

    def close(self) -> None:
        """Begin anew with the next request."""
        if self.writer is not None:
            self.writer.close()
        self.reader = self.writer = None


async def log_in(connection: Connection, login: str, password: str) -> Reply:
    """As a browser does: the form, then what is typed."""
    page = await connection.send("GET", "/login")
    cookie = re.search(r"(?i)set-cookie: (iam=[^;]+)", page.head)[1]
    token = re.search(r'name="csrf_token" value="([^"]+)"', page.body)[1]
    fields = urlencode({"csrf_token": token, "login": login, "password": password})
    return await connection.send("POST", "/login", fields, Cookie=cookie, Content_Type=FORM)


async def flood(port: int, seconds: float) -> Counter[str]:
    """Wrong passwords of many names as fast as they are answered, by one form; what came of them."""
    first = Connection(FLOOD, port)
    page = await first.send("GET", "/login")
    first.close()
    cookie = re.search(r"(?i)set-cookie: (iam=[^;]+)", page.head)[1]
    token = re.search(r'name="csrf_token" value="([^"]+)"', page.body)[1]
    end = time.monotonic() + seconds
    outcomes: Counter[str] = Counter()

    async def one(number: int) -> None:
        connection = Connection(FLOOD, port)
        tried = 0
        while time.monotonic() < end:
            tried += 1
            fields = urlencode({"csrf_token": token, "login": f"name{number % 50}", "password": f"guess{tried}"})
            try:
                reply = await connection.send("POST", "/login", fields, Cookie=cookie, Content_Type=FORM)
                outcomes[str(reply.status)] += 1
            except (OSError, asyncio.IncompleteReadError):
                outcomes["no connection"] += 1
                connection.close()
                await asyncio.sleep(0.1)

    await asyncio.gather(*(one(number) for number in range(CONNECTIONS)))
    return outcomes


async def tokens(port: int, client: Any, seconds: float) -> list[float]:
    """Milliseconds that each request for a token took."""
    basic = b64encode(f"{client['client_id']}:{client['client_secret']}".encode()).decode()
    connection, took = Connection(PROGRAM, port), []
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        began = time.monotonic()
        reply = await connection.send(
            "POST", "/token", "grant_type=client_credentials", Authorization=f"Basic {basic}", Content_Type=FORM
        )
        took.append((time.monotonic() - began) * 1000)
        assert reply.status == 200, reply.body
        await asyncio.sleep(PAUSE)
    connection.close()
    return took


async def honest(port: int, names: list[str]) -> list[float | None]:
    """Seconds that the logins of these people took, spread over the flood; None for one that did not succeed."""
    took: list[float | None] = []
    for name in names:
        connection, began = Connection(HONEST, port), time.monotonic()
        try:
            reply = await asyncio.wait_for(log_in(connection, name, PASSWORD), PATIENCE)
            took.append(time.monotonic() - began if reply.status == 303 else None)
        except (OSError, TimeoutError, asyncio.IncompleteReadError):
            took.append(None)
        connection.close()
        await asyncio.sleep(max(0.0, SECONDS / len(names) - (time.monotonic() - began)))
    return took


def p99(values: list[float]) -> float:
    return statistics.quantiles(values, n=100)[98]


@frozen
class Seen:
    """The p99 of /token in milliseconds, its p50, and the part of a CPU that the server took."""

    p99: float
    p50: float
    busy: float

    def __str__(self) -> str:
        return f"p99 {self.p99:.1f} ms, p50 {self.p50:.1f} ms, {self.busy:.0%} of a CPU"


async def watched(port: int, pid: int, client: Any, seconds: float) -> Seen:
    """What a program notices that asks for tokens."""
    began, used = time.monotonic(), figures.cpu(pid)
    took = await tokens(port, client, seconds)
    return Seen(p99(took), statistics.median(took), (figures.cpu(pid) - used) / (time.monotonic() - began))


def flooding(port: int, seconds: float) -> Any:
    """The flood of this port, by a process of its own, to which the machine gives what others leave."""
    arguments = (sys.executable, __file__, str(port), str(seconds))
    return asyncio.create_subprocess_exec(*arguments, stdout=subprocess.PIPE, preexec_fn=lambda: os.nice(BACKGROUND))


@contextmanager
def bystander() -> Iterator[int]:
    """The port of a process that takes the flood and does nothing, so that what it costs the machine is known."""
    port = free_port()
    process = subprocess.Popen([sys.executable, Path(__file__).parent / "bystander.py", str(port)])
    try:
        ready(f"http://127.0.0.1:{port}/")
        yield port
    finally:
        process.terminate()
        process.wait(30)


async def measured(port: int, pid: int, elsewhere: int, client: Any, names: list[str]) -> tuple[Seen, Seen, Seen]:
    """A round: quiet, then the flood of somebody else on this machine, then ours."""
    quiet = await watched(port, pid, client, QUIET)
    flooder = await flooding(elsewhere, QUIET)
    beside = await watched(port, pid, client, QUIET)
    await flooder.communicate()
    flooder = await flooding(port, SECONDS)
    loud, logins = await asyncio.gather(watched(port, pid, client, SECONDS), honest(port, names))
    outcomes, _ = await flooder.communicate()
    good = [took for took in logins if took is not None]
    print(f"flood of {CONNECTIONS} connections for {SECONDS} s: {outcomes.decode().strip()}")
    print(f"honest logins: {len(good)} of {len(logins)} (goal 19 of 20), the slowest {max(good, default=0):.2f} s")
    print(f"/token in quiet: {quiet}; flood elsewhere: {beside}; flood: {loud}", flush=True)
    return quiet, beside, loud


def tell(rounds: list[tuple[Seen, Seen, Seen]]) -> None:
    """The medians."""
    quiet, beside, loud = (statistics.median(seen.p99 for seen in kind) for kind in zip(*rounds, strict=True))
    print(
        f"/token, medians of {len(rounds)} rounds: p99 {quiet:.1f} ms in quiet, {beside:.1f} ms while the flood goes elsewhere,"
        f" {loud:.1f} ms in the flood: {loud / quiet:.2f} times quiet (goal {GOAL}), {loud / beside:.2f} times elsewhere"
    )


def people(cursor: Any) -> list[str]:
    """Those who want to log in."""
    names, digest = [f"honest{number}" for number in range(LOGINS)], hashed(PASSWORD.encode())
    for name in names:
        cursor.execute(
            "insert into users (id, username, username_key, password_hash, created_at, updated_at)"
            " values (%s, %s, %s, %s, now(), now())",
            (str(minted.identifier()), name, name, digest),
        )
    return names


def main() -> None:
    if len(sys.argv) > 1:
        print(dict(asyncio.run(flood(int(sys.argv[1]), float(sys.argv[2])))))
        return
    with tempfile.TemporaryDirectory(prefix="iam-bench-") as name:
        Path(name).chmod(0o755)
        data_dir = str(Path(name) / "data")
        with server("--data-dir", data_dir, limited=True) as (url, process, _), bystander() as elsewhere:
            connection = psycopg2.connect(stock.dsn_of(data_dir))
            connection.autocommit = True
            names = people(connection.cursor())
            client = created("--data-dir", data_dir, "--grant-type", "client_credentials", "--scope", "read")
            connection.close()
            port = int(url.rpartition(":")[2])
            tell([asyncio.run(measured(port, process.pid, elsewhere, client, names)) for _ in range(ROUNDS)])


if __name__ == "__main__":
    main()
