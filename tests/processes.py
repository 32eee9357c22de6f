"""`twist iam` as processes of their own."""

import json
import os
import subprocess
import sys
import time
from collections.abc import Awaitable, Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.error import URLError
from urllib.request import urlopen

from attrs import frozen
from twisted.internet.threads import deferToThread

from tests.harness import SERVER_KEY, free_port

BIN = Path(sys.executable).parent
PATIENCE = 30  # seconds


@frozen
class Process:
    """A running server."""

    url: str
    server: subprocess.Popen[bytes]

    def stop(self) -> int:
        """Ask it to end; its exit status."""
        self.server.terminate()
        return self.server.wait(PATIENCE)


def start(
    *options: str, port: int | None = None, path: str = "", output: Any = subprocess.DEVNULL, limited: bool = False
) -> Process:
    """Start a server, whose issuer may have a path and which may limit what anybody may try, and wait until it answers."""
    port = port or free_port()
    if path:
        options = ("--issuer", f"http://localhost:{port}{path}", *options)
    shared = {"IAM_SECRET_KEY": SERVER_KEY} if "--database" in options else {}  # servers on one database have one key
    server = subprocess.Popen(
        [BIN / "twist", "iam", "--port", str(port), *([] if limited else ["--no-rate-limits"]), *options],
        stdout=output,
        stderr=output,
        cwd="/",
        env={**os.environ, **shared},
    )
    process = Process(f"http://localhost:{port}{path}", server)
    end = time.monotonic() + PATIENCE
    while not answers(process.url):
        assert server.poll() is None, "the server has ended"
        assert time.monotonic() < end, "the server does not answer"
        time.sleep(0.05)
    return process


Run = Callable[[], Awaitable[Process]]


@contextmanager
def running(*options: str) -> Iterator[Run]:
    """Starts servers with these options, beside the reactor, of which none is left afterwards."""
    started: list[Process] = []

    async def run() -> Process:
        started.append(await deferToThread(start, *options))
        return started[-1]

    yield run
    for process in started:
        process.server.kill()
        process.server.wait(PATIENCE)


async def stop(process: Process) -> int:
    """Ask it to end, beside the reactor; its exit status."""
    return await deferToThread(process.stop)


def answers(url: str, path: str = "/healthz") -> bool:
    """Is it alive?"""
    try:
        with urlopen(url + path, timeout=5) as reply:
            return bool(reply.status == 200)
    except (URLError, OSError):
        return False


def postmasters(data_dir: str) -> list[int]:
    """The postgres processes of this data directory."""
    found = []
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                command = (entry / "cmdline").read_bytes().split(b"\0")
                working_directory = str((entry / "cwd").readlink())
            except OSError:
                continue
            if b"postgres" in command[0] and data_dir in working_directory:
                found.append(int(entry.name))
    return found


def first_of(data_dir: str) -> int:
    """The postmaster itself: the oldest of its processes."""
    return min(postmasters(data_dir))


def created(*options: str, environment: Mapping[str, str] | None = None) -> Any:
    """A client made by the command line while the server runs with these options."""
    command = [BIN / "iam", "client", "create", "--name", "job", "--json", *options]
    return json.loads(subprocess.run(command, check=True, capture_output=True, timeout=30, env=environment).stdout)
