"""`iam database` on PostgreSQL in the data directory, and beside a server."""

import subprocess
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
import requests
from twisted.internet.threads import deferToThread

from iam.embedded.cluster import Cluster
from tests import old_cluster
from tests.command_line import Iam, Terminal
from tests.embedded.conftest import end_all, remaining
from tests.harness import Server
from tests.processes import start


@pytest.fixture
def old(old_template: Path, tmp_path: Path) -> Iterator[Path]:
    """A data directory of an older PostgreSQL; what runs in it is killed at the end."""
    directory = tmp_path / "data"
    subprocess.run(["cp", "--archive", old_template, directory], check=True)
    yield directory
    end_all(Cluster(directory))
    end_all(Cluster(directory / "postgresql.upgrade"))


@pytest.fixture
def own(iam: Iam, old: Path) -> Iam:
    """The command line on that directory."""
    return Iam("", old)


def upgrade(own: Iam, *arguments: str) -> Any:
    programs = str(old_cluster.programs())
    return own.process("database", "upgrade", "--old-binaries", programs, *arguments, IAM_DATABASE=None)


def test_h52_a_server_starts_on_what_was_upgraded(own: Iam, old: Path) -> None:
    outcome = upgrade(own)
    process = start("--data-dir", str(old))
    status = requests.get(process.url + "/readyz", timeout=10).status_code
    stopped = process.stop()

    assert (outcome.status, outcome.err) == (0, "")
    assert outcome.out.startswith("The database is now PostgreSQL 18's: ")
    assert f"remove {old}/postgresql.old-{old_cluster.major()} when you miss nothing." in outcome.out
    assert (status, stopped) == (200, 0)


def test_h52_the_upgrade_answers_programs_with_a_document(own: Iam, old: Path) -> None:
    document = upgrade(own, "--json").json

    assert document["rows"]["public.users"] == 50
    assert (document["before"], document["after"]) == (old_cluster.major(), "18")
    assert document["kept"] == f"{old}/postgresql.old-{old_cluster.major()}"


def test_h52_a_start_on_an_older_database_names_the_command(own: Iam) -> None:
    complaint = own.process("user", "list", IAM_DATABASE=None).complaint

    assert "`iam database upgrade --old-binaries DIR`" in complaint
    assert f"/usr/lib/postgresql/{old_cluster.major()}/bin" in complaint


def test_h52_an_upgrade_that_is_killed_can_be_done_again(own: Iam, old: Path) -> None:
    with terminal(own) as killed:
        killed.wait_for("Restoring")
        killed.process.kill()
        killed.process.wait()
    before = (old / "postgresql" / "PG_VERSION").read_text().strip()

    document = upgrade(own, "--json").json

    assert before == old_cluster.major()
    assert document["rows"]["public.access_tokens"] == 2000
    assert remaining(Cluster(old)) == []
    assert not (old / "postgresql.upgrade").exists()


def terminal(own: Iam) -> Terminal:
    """An upgrade whose steps can be seen."""
    programs = str(old_cluster.programs())
    return own.at_terminal("database", "upgrade", "--old-binaries", programs, "--data-dir", str(own.data_dir))


def test_h52_a_running_server_is_in_the_way_of_an_upgrade(iam: Iam, tmp_path: Path) -> None:
    process = start("--data-dir", str(tmp_path / "data"))
    outcome = upgrade(Iam("", tmp_path / "data"))
    process.stop()

    assert outcome.complaint == f"A server uses the database in {tmp_path}/data: stop it first."


@pytest.fixture
def server(server: Server, admin: Any) -> Iterator[Server]:
    """A server after which other tests' tokens are not those of a backup."""
    yield server
    admin.execute("delete from epochs")


async def test_a_restore_says_what_it_has_voided(server: Server, database_dsn: str, tmp_path: Path) -> None:
    await server.person()
    before = server.now()

    command = Iam(database_dsn, tmp_path)
    first = await deferToThread(command.process, "database", "restored", "--json")
    second = await deferToThread(command.process, "database", "restored")

    assert first.json["sessions"] == 1
    assert datetime.fromisoformat(first.json["not_before"]) >= before.replace(microsecond=0)
    assert second.out.endswith("; 0 sessions are ended.\n")
