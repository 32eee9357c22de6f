"""A server to be measured."""

import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from urllib.request import urlopen

from tests.harness import free_port

BIN = Path(sys.executable).parent
CODES = 16_000  # more than are redeemed in one round
CLIENT = (
    *("--redirect-uri", "https://client.example/callback"),
    *("--grant-type", "authorization_code", "--grant-type", "refresh_token", "--grant-type", "client_credentials"),
)


def ready(url: str) -> None:
    """Wait until something answers there."""
    for _ in range(12_000):
        try:
            with urlopen(url, timeout=5):
                return
        except OSError as error:
            if getattr(error, "code", 0):
                return
            time.sleep(0.005)
    raise SystemExit(f"nothing answers at {url}")


@contextmanager
def server(
    *options: str,
    limited: bool = False,
    environment: Mapping[str, str] | None = None,
    program: Sequence[str | Path] = (BIN / "twist",),
) -> Iterator[tuple[str, subprocess.Popen[bytes], float]]:
    """`twist iam`, where it is `limited` with what it allows anybody: its address, its process, and the seconds until it was ready."""
    port = free_port()
    began = time.monotonic()
    free = [] if limited else ["--no-rate-limits"]
    command = [*program, "iam", "--port", str(port), *free, *options]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, env=environment)
    try:
        ready(f"http://localhost:{port}/readyz")
        yield f"http://localhost:{port}", process, time.monotonic() - began
    finally:
        process.terminate()
        process.wait(30)
