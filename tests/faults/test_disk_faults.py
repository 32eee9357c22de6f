"""A server whose data directory is on a small disk of its own that gets full (H51); only root can arrange that."""

import os
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import closing, suppress
from pathlib import Path
from typing import Any

import psycopg2
import pytest
import requests
from attrs import frozen

from tests.processes import Process, created, postmasters, start
from tests.waiting import wait_until

TIMEOUT = 30
MB = 1 << 20


@frozen
class Site:
    """A server on a small disk."""

    disk: Path
    process: Process
    auth: tuple[str, str]

    def fill(self, spare: int) -> Path:
        """Fill the disk but for `spare` bytes."""
        state = os.statvfs(self.disk)
        filler = self.disk / "filler"
        with filler.open("wb") as file:
            os.posix_fallocate(file.fileno(), 0, state.f_bavail * state.f_frsize - spare)
        return filler

    def get(self, path: str, **options: Any) -> requests.Response:
        return requests.get(self.process.url + path, timeout=TIMEOUT, **options)

    def token(self) -> requests.Response:
        form = {"grant_type": "client_credentials"}
        return requests.post(self.process.url + "/token", form, auth=self.auth, timeout=TIMEOUT)

    def introspect(self, token: str) -> requests.Response:
        return requests.post(self.process.url + "/introspect", {"token": token}, auth=self.auth, timeout=TIMEOUT)

    def readiness(self) -> int:
        return self.get("/readyz").status_code

    def exhaust(self) -> None:
        """Begin one segment of PostgreSQL's log after another, until there is no room for one and it gives up."""
        connection = psycopg2.connect(f"host={self.disk}/data/postgresql user=postgres dbname=iam")
        with closing(connection), suppress(psycopg2.OperationalError), connection.cursor() as cursor:
            connection.autocommit = True
            cursor.execute("create table filling (value text)")
            for _ in range(40):
                cursor.execute("insert into filling values ('x')")
                cursor.execute("select pg_switch_wal()")
            raise AssertionError("there was room")


@pytest.fixture
def disk() -> Iterator[Path]:
    """A small disk, below a short name: a socket's path has at most 107 bytes."""
    with tempfile.TemporaryDirectory(prefix="iam-disk-") as name:
        subprocess.run(["mount", "-t", "tmpfs", "-o", "size=256m,mode=755", "none", name], check=True)
        yield Path(name)
        subprocess.run(["umount", "--lazy", name], check=True)


@pytest.fixture
def site(disk: Path) -> Iterator[Site]:
    options = ("--data-dir", str(disk / "data"))
    process = start(*options)
    client = created(*options)
    yield Site(disk, process, (client["client_id"], client["client_secret"]))
    assert process.stop() == 0
    assert postmasters(str(disk / "data")) == []


def test_h51_a_disk_that_fills_up_is_only_read_until_there_is_room(site: Site) -> None:
    token = site.token().json()["access_token"]
    filler = site.fill(spare=48 * MB)
    wait_until(lambda: site.readiness() == 503)

    refused = site.token()
    reading = [
        site.get("/resource", headers={"Authorization": f"Bearer {token}"}).status_code,
        site.get("/.well-known/oauth-authorization-server").status_code,
        site.get("/login").status_code,
        site.introspect(token).json()["active"],
    ]
    told = site.get("/readyz").json()
    filler.unlink()
    wait_until(lambda: site.readiness() == 200)

    assert (refused.status_code, refused.json()["error"]) == (503, "temporarily_unavailable")
    assert "Retry-After" in refused.headers
    assert reading == [200, 200, 200, True]
    assert told == {"status": "not ready"}  # how much room there is, is for the log
    assert site.token().status_code == 200


def test_a_disk_without_any_room_is_served_again_by_itself_once_it_gets_some(site: Site) -> None:
    token = site.token().json()["access_token"]
    filler = site.fill(spare=0)
    site.exhaust()
    wait_until(lambda: site.readiness() == 503)
    time.sleep(8)  # in which starting PostgreSQL again fails, and gets rarer

    filler.unlink()
    wait_until(lambda: site.readiness() == 200)

    assert site.introspect(token).json()["active"]
    assert site.token().status_code == 200
