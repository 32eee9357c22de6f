"""postmaster.pid in every state that it was found in, none of which may need a person's help (H50)."""

import os
import signal
import subprocess
from pathlib import Path

import pytest

from iam.embedded import processes
from iam.embedded.errors import EmbeddedError
from iam.embedded.installation import Installation
from tests.waiting import until

pytestmark = pytest.mark.usefixtures("made")


@pytest.fixture
def pid_file(data_dir) -> Path:
    return data_dir / "postgresql" / "postmaster.pid"


def owned_process(data_dir, *command: str, **options) -> subprocess.Popen:
    """Some process of the user that PostgreSQL runs as."""
    owner = (data_dir / "postgresql").stat()
    switch = {"user": owner.st_uid, "group": owner.st_gid, "extra_groups": []} if os.geteuid() == 0 else {}
    return subprocess.Popen(command, cwd="/", **switch, **options)


async def test_h50_a_pid_file_left_by_a_killed_postmaster(open_embedded, open_child, pid_file, ask):
    child = open_child()
    postmaster = processes.process(int(child.says("ready:").split()[0]))
    child.kill()
    postmaster.send(signal.SIGKILL)
    await until(lambda: not postmaster.alive)
    assert pid_file.exists()

    embedded = await open_embedded()

    assert embedded.postmaster != postmaster
    assert ask(embedded.dsn, "select 1") == 1


@pytest.mark.parametrize("state", ["", "ready   \n"])
async def test_h50_a_pid_file_whose_number_belongs_to_another_process_now(
    open_embedded, data_dir, pid_file, ask, state
):
    await (await open_embedded()).stop()
    with owned_process(data_dir, "sleep", "60") as other:
        pid_file.write_text(f"{other.pid}\n{pid_file.parent}\n1700000000\n5432\n{pid_file.parent}\n\n  1  2\n{state}")
        (pid_file.parent / ".s.PGSQL.5432.lock").write_text(
            f"{other.pid}\n{pid_file.parent}\n1700000000\n5432\n{pid_file.parent}\n"
        )

        embedded = await open_embedded()

        assert ask(embedded.dsn, "select 1") == 1
        await embedded.stop()
        assert other.poll() is None
        other.kill()


async def test_h50_a_pid_file_whose_number_belongs_to_another_postmaster_now(open_embedded, tmp_path, pid_file, ask):
    await (await open_embedded()).stop()
    other = await open_embedded(tmp_path / "other")
    pid_file.write_bytes((other.cluster.home / "postmaster.pid").read_bytes())

    embedded = await open_embedded()
    assert embedded.postmaster != other.postmaster
    await embedded.stop()

    assert ask(other.dsn, "select 1") == 1


@pytest.mark.parametrize(
    "content",
    [b"", b"\n", b"1", b"-1\n", b"0\n", b"99999999999999999999\n", b"\x00\xff" * 3000, b"{}", "²\n".encode()],
    ids=["empty", "blank", "one", "negative", "zero", "huge", "garbage", "json", "superscript"],
)
async def test_h50_a_damaged_pid_file(open_embedded, pid_file, content):
    await (await open_embedded()).stop()
    pid_file.write_bytes(content)

    assert (await open_embedded()).postmaster.alive


@pytest.mark.parametrize("make", [os.mkfifo, lambda path: path.symlink_to("/dev/zero")], ids=["fifo", "link"])
async def test_h50_a_pid_file_that_is_a_trap_for_who_reads_it(open_embedded, pid_file, make):
    await (await open_embedded()).stop()
    make(pid_file)

    assert (await open_embedded()).postmaster.alive


@pytest.mark.parametrize("damage", [Path.unlink, lambda path: path.write_text("1\n")], ids=["removed", "truncated"])
async def test_h50_a_pid_file_damaged_under_a_postmaster_that_lives(
    open_embedded, open_child, pid_file, damage, ask, left
):
    child = open_child()
    postmaster = processes.process(int(child.says("ready:").split()[0]))
    child.kill()
    damage(pid_file)

    embedded = await open_embedded()

    assert not postmaster.alive
    assert ask(embedded.dsn, "select 1") == 1
    await embedded.stop()
    assert left(embedded) == []


async def test_h50_a_postmaster_whose_socket_somebody_removed_is_replaced(open_embedded, open_child, data_dir, ask):
    child = open_child()
    child.says("ready:")
    child.kill()
    (data_dir / "postgresql" / ".s.PGSQL.5432").unlink()

    embedded = await open_embedded()

    assert ask(embedded.dsn, "select 1") == 1


async def test_h50_a_postmaster_started_by_hand_is_left_alone(open_embedded, data_dir):
    embedded = await open_embedded()
    installation: Installation = embedded.installation
    await embedded.stop()
    with installation.handle(embedded.cluster.home) as (where, keep):
        program = [installation.binaries.program("postgres"), "-D", where, "-c", "listen_addresses=", "-k", where]
        by_hand = owned_process(data_dir, *program, pass_fds=keep, stderr=subprocess.DEVNULL)
    await until(lambda: embedded.cluster.reported() == (by_hand.pid, "ready"))

    with pytest.raises(EmbeddedError) as caught:
        await open_embedded()

    assert str(caught.value) == (
        f"Another program started PostgreSQL (process {by_hand.pid}) in {data_dir}/postgresql: stop that first."
    )
    assert by_hand.poll() is None
    by_hand.send_signal(signal.SIGINT)
    by_hand.wait(10)


def test_h50_a_process_that_is_gone_or_a_zombie_is_not_alive():
    with subprocess.Popen(["true"]) as child:
        process = processes.process(child.pid)
        os.waitid(os.P_PID, child.pid, os.WEXITED | os.WNOWAIT)
        assert not process or not process.alive
    assert processes.process(child.pid) is None


def test_h50_a_number_used_again_is_another_process():
    this = processes.process(os.getpid())

    assert this.alive
    assert not processes.Process(os.getpid(), str(int(this.started) - 1)).alive
