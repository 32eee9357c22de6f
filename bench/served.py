"""A server to be measured, and what it is asked."""

import json
import subprocess
import sys
import time
from base64 import b64encode
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlencode
from urllib.request import Request, urlopen

from bench import stock
from bench.load import FROM_ANSWERS, FROM_FILE, Operation
from tests.harness import free_port

BIN = Path(sys.executable).parent
CODES = 10_000  # more than are redeemed in one round
TOKENS = 256
CLIENT = (
    *("--redirect-uri", "https://client.example/callback"),
    *("--grant-type", "authorization_code", "--grant-type", "refresh_token", "--grant-type", "client_credentials"),
)


def ready(url: str) -> None:
    """Wait until something answers there."""
    for _ in range(2000):
        try:
            with urlopen(url, timeout=5):
                return
        except OSError as error:
            if getattr(error, "code", 0):
                return
            time.sleep(0.01)
    raise SystemExit(f"nothing answers at {url}")


@contextmanager
def server(
    *options: str, limited: bool = False, environment: Mapping[str, str] | None = None
) -> Iterator[tuple[str, subprocess.Popen[bytes], float]]:
    """`twist iam`, where it is `limited` with what it allows anybody: its address, its process, and the seconds until it was ready."""
    port = free_port()
    began = time.monotonic()
    free = [] if limited else ["--no-rate-limits"]
    command = [BIN / "twist", "iam", "--port", str(port), *free, *options]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, env=environment)
    try:
        ready(f"http://localhost:{port}/readyz")
        yield f"http://localhost:{port}", process, time.monotonic() - began
    finally:
        process.terminate()
        process.wait(30)


def operations(url: str, client: Any) -> list[Operation]:
    """What is measured."""
    credentials = f"{client['client_id']}:{client['client_secret']}"
    form = {
        "Authorization": "Basic " + b64encode(credentials.encode()).decode(),
        "Content-Type": "application/x-www-form-urlencoded",
    }
    grant = urlencode({"grant_type": "client_credentials"})
    with urlopen(Request(url + "/token", grant.encode(), form), timeout=10) as reply:
        token = json.load(reply)["access_token"]
    redirect_uri = urlencode({"redirect_uri": "https://client.example/callback"})
    return [
        Operation("client_credentials", "/token", form, body=grant),
        Operation("introspection", "/introspect", form, body=urlencode({"token": token})),
        Operation("refresh", "/token", form, body="grant_type=refresh_token&refresh_token=", fresh=FROM_ANSWERS),
        Operation("code", "/token", form, body=f"grant_type=authorization_code&{redirect_uri}&code=", fresh=FROM_FILE),
        Operation("resource", "/resource", {"Authorization": f"Bearer {token}"}, "GET"),
    ]


def values(cursor: Any, client: Any) -> dict[str, Callable[[], list[str]]]:
    """What operations spend, by their names."""
    user = stock.person(cursor)
    return {
        "code": lambda: stock.codes(cursor, client["client_id"], user, CODES),
        "refresh": lambda: stock.refresh_tokens(cursor, client["client_id"], user, TOKENS),
    }
