"""`twist iam` as processes of their own."""

import subprocess
import sys
import time
from pathlib import Path
from urllib.error import URLError
from urllib.request import urlopen

from attrs import frozen

from tests.harness import free_port

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


def start(*options: str, port: int | None = None) -> Process:
    """Start a server and wait until it answers."""
    port = port or free_port()
    server = subprocess.Popen(
        [BIN / "twist", "iam", "--port", str(port), "--no-rate-limits", *options],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        cwd="/",
    )
    process = Process(f"http://localhost:{port}", server)
    end = time.monotonic() + PATIENCE
    while not answers(process.url):
        assert server.poll() is None, "the server has ended"
        assert time.monotonic() < end, "the server does not answer"
        time.sleep(0.05)
    return process


def answers(url: str) -> bool:
    """Is it alive?"""
    try:
        with urlopen(url + "/healthz", timeout=5) as reply:
            return bool(reply.status == 200)
    except (URLError, OSError):
        return False
