"""A cluster of an older PostgreSQL is taken over whole, or stays as it was (H52)."""

import subprocess
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest
from twisted.internet import reactor
from twisted.internet.defer import CancelledError, Deferred

from iam.database.migration import applied, migrate, pending
from iam.embedded import postmaster, processes
from iam.embedded.binaries import find_installed
from iam.embedded.cluster import Cluster
from iam.embedded.errors import EmbeddedError
from iam.embedded.locks import Lock
from iam.embedded.upgrade import Upgraded, upgrade
from tests import old_cluster
from tests.embedded.conftest import remaining
from tests.old_cluster import PEOPLE, TOKENS, execute

Open = Callable[..., Awaitable[Any]]


@pytest.fixture(autouse=True)
def old(old_template: Path, data_dir: Path) -> None:
    """`data_dir` is one."""
    subprocess.run(["cp", "--archive", old_template, data_dir], check=True)


def upgraded(data_dir: Path, progress: Callable[[str], None] = lambda _: None) -> Deferred[Upgraded]:
    return Deferred.fromCoroutine(upgrade(reactor, data_dir, old_cluster.programs(), progress=progress))


async def asked_old(data_dir: Path, sql: str) -> Any:
    """What the old PostgreSQL answers, if its cluster is as it was."""
    old = await old_cluster.installation(reactor, data_dir)
    running = await postmaster.ensure(old)
    try:
        return execute(old.dsn, sql)
    finally:
        await postmaster.end(old, running, 8)


def names(data_dir: Path) -> set[str]:
    """The directories in the data directory."""
    return {path.name for path in data_dir.iterdir() if path.is_dir()}


async def test_h52_all_rows_are_in_the_new_cluster(data_dir: Path, open_embedded: Open) -> None:
    before = [await asked_old(data_dir, sql) for sql in (PEOPLE, TOKENS)]

    done = await upgraded(data_dir)

    embedded = await open_embedded()
    assert [execute(embedded.dsn, sql) for sql in (PEOPLE, TOKENS)] == before
    assert (done.before, done.after) == (old_cluster.major(), find_installed().major)
    assert done.rows["public.access_tokens"] == 2000
    assert done.rows["public.users"] == 50


async def test_h52_the_new_cluster_is_one_of_ours(data_dir: Path, open_embedded: Open) -> None:
    await upgraded(data_dir)

    embedded = await open_embedded()
    assert (
        execute(embedded.dsn, "select string_agg(distinct tableowner, '') from pg_tables where schemaname = 'public'")
        == "iam"
    )
    assert execute(embedded.dsn, "select current_setting('is_superuser')") == "off"
    assert execute(embedded.dsn, "select datlocprovider::text from pg_database where datname = 'iam'") == "b"
    assert pending(embedded.dsn) == []
    assert migrate(embedded.dsn) == []
    assert applied(embedded.dsn) != []


async def test_h52_the_old_cluster_is_kept_and_nothing_else_is_left(data_dir: Path) -> None:
    done = await upgraded(data_dir)

    assert done.kept == data_dir / f"postgresql.old-{old_cluster.major()}"
    assert (done.kept / "PG_VERSION").read_text().strip() == old_cluster.major()
    assert names(data_dir) == {"postgresql", done.kept.name}
    assert remaining(Cluster(data_dir)) == []


async def test_h52_nothing_is_upgraded_while_a_server_uses_the_database(data_dir: Path) -> None:
    with Lock(data_dir / "postgresql.users") as server:
        server.take(shared=True)

        with pytest.raises(EmbeddedError) as caught:
            await upgraded(data_dir)

    assert str(caught.value) == f"A server uses the database in {data_dir}: stop it first."
    assert names(data_dir) == {"postgresql"}


async def test_h52_no_server_starts_while_the_database_is_upgraded(data_dir: Path, open_embedded: Open) -> None:
    with Lock(data_dir / "postgresql.users") as upgrading:
        upgrading.take()

        with pytest.raises(EmbeddedError) as caught:
            await open_embedded()

    assert str(caught.value) == f"The database in {data_dir} is being upgraded: start when that is done."


async def test_h52_what_a_killed_server_left_running_is_taken_over_too(data_dir: Path) -> None:
    left = await postmaster.ensure(await old_cluster.installation(reactor, data_dir))

    done = await upgraded(data_dir)

    assert done.rows["public.users"] == 50
    assert not left.alive


@pytest.mark.parametrize("step", ["Dumping", "Creating", "Restoring"])
async def test_h52_an_upgrade_that_is_interrupted_changes_nothing(data_dir: Path, step: str) -> None:
    before = await asked_old(data_dir, TOKENS)
    started: list[Deferred[Upgraded]] = []

    def said(line: str) -> None:
        if line.startswith(step):
            reactor.callLater(0, started[0].cancel)

    started.append(upgraded(data_dir, said))
    with pytest.raises(CancelledError):
        await started[0]

    assert names(data_dir) == {"postgresql"}
    assert remaining(Cluster(data_dir)) == []
    assert await asked_old(data_dir, TOKENS) == before


async def test_h52_an_upgrade_killed_between_its_last_steps_is_finished_by_the_next_start(
    data_dir: Path, open_embedded: Open
) -> None:
    before = await asked_old(data_dir, PEOPLE)
    await upgraded(data_dir)
    (data_dir / "postgresql").rename(data_dir / "postgresql.upgraded")

    embedded = await open_embedded()

    assert execute(embedded.dsn, PEOPLE) == before
    assert names(data_dir) == {"postgresql", f"postgresql.old-{old_cluster.major()}"}


async def test_h52_what_an_earlier_attempt_left_is_in_nobodys_way(data_dir: Path) -> None:
    for name in ("upgrade", "upgraded"):
        (data_dir / f"postgresql.{name}" / "postgresql").mkdir(parents=True)

    done = await upgraded(data_dir)

    assert names(data_dir) == {"postgresql", done.kept.name}


async def test_h52_a_database_that_cannot_be_read_whole_is_left_as_it_is(data_dir: Path) -> None:
    old = await old_cluster.installation(reactor, data_dir)
    running = await postmaster.ensure(old)
    execute(old.admin_dsn.replace("dbname=postgres", "dbname=iam"), "create table secret as select 1")
    await postmaster.end(old, running, 8)

    with pytest.raises(EmbeddedError) as caught:
        await upgraded(data_dir)

    assert str(caught.value).startswith("pg_dump failed; the old database is as it was.\n")
    assert "permission denied for table secret" in str(caught.value)
    assert names(data_dir) == {"postgresql"}


async def test_h52_other_databases_are_named_since_they_stay_behind(data_dir: Path) -> None:
    said: list[str] = []
    old = await old_cluster.installation(reactor, data_dir)
    running = await postmaster.ensure(old)
    outcome = await processes.run(
        reactor, [str(old.binaries.program("psql")), old.admin_dsn, "-c", "create database reports"]
    )
    await postmaster.end(old, running, 8)

    await upgraded(data_dir, said.append)

    assert outcome.code == 0
    assert "The database reports is not iam's, and stays behind in the old cluster." in said


async def test_h52_programs_of_another_version_are_refused(data_dir: Path) -> None:
    wheel = find_installed().program("postgres").parent

    with pytest.raises(EmbeddedError) as caught:
        await upgrade(reactor, data_dir, wheel, progress=lambda _: None)

    assert f"of PostgreSQL {find_installed().major}, and the database was made by {old_cluster.major()}" in str(
        caught.value
    )


async def test_h52_a_directory_without_programs_is_refused(data_dir: Path, tmp_path: Path) -> None:
    with pytest.raises(EmbeddedError) as caught:
        await upgrade(reactor, data_dir, tmp_path, progress=lambda _: None)

    assert str(caught.value) == f"There is no PostgreSQL in {tmp_path}: name the directory with its program `postgres`."


async def test_h52_a_second_upgrade_has_nothing_to_do(data_dir: Path) -> None:
    await upgraded(data_dir)

    with pytest.raises(EmbeddedError) as caught:
        await upgraded(data_dir)

    assert str(caught.value).endswith("there is nothing to upgrade.")


async def test_h52_the_cluster_kept_of_an_earlier_upgrade_is_never_written_over(data_dir: Path) -> None:
    kept = data_dir / f"postgresql.old-{old_cluster.major()}"
    kept.mkdir()

    with pytest.raises(EmbeddedError) as caught:
        await upgraded(data_dir)

    assert str(caught.value) == f"{kept} is there, of an earlier upgrade: move it away."


async def test_h52_a_data_directory_without_a_database_is_named(tmp_path: Path) -> None:
    with pytest.raises(EmbeddedError) as caught:
        await upgraded(tmp_path / "none")

    assert str(caught.value) == f"There is no database in {tmp_path}/none: check --data-dir."
