"""`twist iam` as a process of its own, and Chromium to look at it."""

import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path
from typing import Any, TypeVar

import psycopg2
import pytest
from attrs import frozen
from playwright.sync_api import Browser, sync_playwright

from iam.secrets import minted
from iam.secrets.minted import Kind
from tests import processes
from tests.databases import make_database

PASSWORD = "correct horse battery staple 1"
ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
BIN = Path(sys.executable).parent
PATIENCE = 240  # seconds

Result = TypeVar("Result")


@frozen
class Running:
    """A server, and how the command line reaches it."""

    url: str
    options: tuple[str, ...]


def chromium() -> str:
    """The system's browser."""
    found = [path for name in ("chromium", "chromium-browser", "google-chrome") if (path := shutil.which(name))]
    assert found, "the browser tests need Chromium"
    return found[0]


def in_browser(look: Callable[..., Result], *arguments: Any) -> Result:
    """Call `look` with a browser, in a thread: away from the reactor's greenlets."""

    def run() -> Result:
        with sync_playwright() as playwright:
            browser: Browser = playwright.chromium.launch(executable_path=chromium(), args=ARGUMENTS)
            try:
                return look(browser, *arguments)
            finally:
                browser.close()

    with ThreadPoolExecutor(1) as thread:
        return thread.submit(run).result(PATIENCE)


def make_account(running: Running, username: str) -> None:
    """Somebody who can log in with PASSWORD."""
    person = ["--username", username, "--email", f"{username[:20]}@example.org", "--password-stdin"]
    command = [BIN / "iam", "user", "create", *person, *running.options]
    subprocess.run(command, input=PASSWORD.encode(), check=True, timeout=60)


def setup_of(running: Running) -> str:
    """The link that its terminal shows, of which the database has but the digest: another one in its place."""
    secret = minted.mint(Kind.SETUP)
    with closing(psycopg2.connect(running.options[1])) as connection, connection, connection.cursor() as cursor:
        cursor.execute("update setup set digest = %s, expires_at = now() + interval '1 hour'", (minted.digest(secret),))
    return f"{running.url}/setup?token={secret}"


@pytest.fixture(scope="module")
def fresh(cluster: Any, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """A server that nobody has used."""
    data_dir = tmp_path_factory.mktemp("browser")
    options = ("--database", make_database(cluster), "--data-dir", str(data_dir))
    process = processes.start(*options)
    yield Running(process.url, options)
    assert process.stop() == 0


@pytest.fixture(scope="module")
def site(cluster: Any, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """A server with one administrator."""
    data_dir, dsn = tmp_path_factory.mktemp("browser"), make_database(cluster)
    options = ("--database", dsn, "--data-dir", str(data_dir))
    ada = ["--username", "ada", "--email", "ada@example.org", "--password-stdin"]
    subprocess.run([BIN / "iam", "createsuperuser", *ada, *options], input=PASSWORD.encode(), check=True, timeout=60)
    process = processes.start(*options)
    yield Running(process.url, options)
    assert process.stop() == 0
