"""`twist iam` as a process of its own, to look at with a browser."""

import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import psycopg2
import pytest
from attrs import frozen

from iam.secrets import minted
from iam.secrets.minted import Kind
from tests import processes
from tests.databases import make_database

PASSWORD = "correct horse battery staple 1"
BIN = Path(sys.executable).parent
UGLY = "#ffe000"


@frozen
class Running:
    """A server, and how the command line reaches it."""

    url: str
    options: tuple[str, ...]


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
    """A server that nobody has used, with an ugly colour and links of its own, where programs may register themselves."""
    data_dir = tmp_path_factory.mktemp("browser")
    options = ("--database", make_database(cluster), "--data-dir", str(data_dir))
    looks = ("--accent", UGLY, "--help-url", "https://help.example/", "--privacy-url", "https://privacy.example/")
    process = processes.start(*options, *looks, "--registration", "open")
    yield Running(process.url, options)
    assert process.stop() == 0


@pytest.fixture(scope="session")
def site(cluster: Any, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """A server with one administrator, for all; nobody may rely on what others left there."""
    data_dir, dsn = tmp_path_factory.mktemp("browser"), make_database(cluster)
    options = ("--database", dsn, "--data-dir", str(data_dir))
    ada = ["--username", "ada", "--email", "ada@example.org", "--password-stdin"]
    subprocess.run([BIN / "iam", "createsuperuser", *ada, *options], input=PASSWORD.encode(), check=True, timeout=60)
    process = processes.start(*options)
    yield Running(process.url, options)
    assert process.stop() == 0
