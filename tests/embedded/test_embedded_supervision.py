"""PostgreSQL that dies, hangs, leaves children or talks too much (H51)."""

import os
import signal

import psycopg2
import pytest
from twisted.internet import reactor
from twisted.internet.task import deferLater

from iam.embedded.cluster import LOG_LIMIT
from tests.standstill import STILL, Standstill
from tests.waiting import until

pytestmark = pytest.mark.usefixtures("made")


async def test_h51_a_killed_postmaster_is_started_again(open_embedded, ask):
    embedded = await open_embedded()
    killed = embedded.postmaster
    killed.send(signal.SIGKILL)

    await until(lambda: embedded.postmaster != killed)

    assert ask(embedded.dsn, "select 1") == 1


async def test_h51_an_adopted_postmaster_is_watched_too(open_embedded, open_child, ask):
    child = open_child()
    child.says("ready:")
    child.kill()
    embedded = await open_embedded()
    killed = embedded.postmaster
    killed.send(signal.SIGKILL)

    await until(lambda: embedded.postmaster != killed)

    assert ask(embedded.dsn, "select 1") == 1


async def test_h51_two_servers_end_up_with_the_same_new_postmaster(open_embedded, left):
    first, second = await open_embedded(), await open_embedded()
    killed = first.postmaster
    killed.send(signal.SIGKILL)

    await until(lambda: killed not in (first.postmaster, second.postmaster))

    assert first.postmaster == second.postmaster
    await first.stop()
    assert second.postmaster.alive


async def test_h51_children_of_a_killed_postmaster_do_not_stop_the_next_one(open_embedded, ask):
    embedded = await open_embedded()
    connection = psycopg2.connect(embedded.dsn)
    backend = connection.get_backend_pid()
    os.kill(backend, signal.SIGSTOP)  # it cannot notice that its postmaster is dead
    killed = embedded.postmaster
    killed.send(signal.SIGKILL)

    await until(lambda: embedded.postmaster != killed)

    assert ask(embedded.dsn, "select 1") == 1
    with pytest.raises(psycopg2.OperationalError):
        connection.cursor().execute("select 1")
    connection.close()


async def test_h51_starting_again_gets_rarer_while_it_fails_and_goes_on_until_it_works(open_embedded, ask):
    embedded = await open_embedded()
    configuration = embedded.cluster.home / "postgresql.conf"
    sound = configuration.read_text()
    configuration.write_text(f"{sound}nonsense = on\n")
    killed = embedded.postmaster
    killed.send(signal.SIGKILL)
    await until(lambda: embedded.delay >= 1.6)
    assert not embedded.postmaster.alive

    configuration.write_text(sound)

    await until(lambda: embedded.postmaster != killed)
    assert ask(embedded.dsn, "select 1") == 1


async def test_h51_a_stop_while_postgresql_is_started_again_leaves_nothing(open_embedded, left):
    embedded = await open_embedded()
    embedded.postmaster.send(signal.SIGKILL)
    await until(lambda: not embedded.work.called)

    await embedded.stop()

    assert left(embedded) == []
    await deferLater(reactor, 0.5)
    assert left(embedded) == []


@pytest.mark.parametrize("victim", ["postmaster", "backend"])
async def test_h51_a_stopped_process_blocks_neither_the_reactor_nor_the_stop(open_embedded, left, victim):
    embedded = await open_embedded()
    connection = psycopg2.connect(embedded.dsn)
    stopped = embedded.postmaster.pid if victim == "postmaster" else connection.get_backend_pid()
    os.kill(stopped, signal.SIGSTOP)

    with Standstill() as standstill:
        await embedded.stop(patience=3)

    assert left(embedded) == []
    assert standstill() < STILL
    connection.close()


async def test_h51_a_postmaster_found_stopped_is_continued(open_embedded, open_child, ask):
    child = open_child()
    pid = int(child.says("ready:").split()[0])
    child.kill()
    os.kill(pid, signal.SIGSTOP)

    embedded = await open_embedded()

    assert embedded.postmaster.pid == pid
    assert ask(embedded.dsn, "select 1") == 1


async def test_h51_a_postmaster_found_stopping_is_waited_for_and_replaced(open_embedded, open_child, ask):
    child = open_child()
    pid, _, dsn = child.says("ready:").partition(" ")
    connection = psycopg2.connect(dsn)
    child.kill()
    os.kill(int(pid), signal.SIGTERM)  # it waits for the connection to end, and takes no other

    embedded = await open_embedded()

    assert embedded.postmaster.pid != int(pid)
    assert ask(embedded.dsn, "select 1") == 1
    connection.close()


async def test_h51_the_log_keeps_its_end_and_its_length(open_embedded, ask):
    embedded = await open_embedded()
    with embedded.cluster.log.open("ab") as log:
        log.write(b"an old line\n" * (LOG_LIMIT // 12 + 1))
        log.write(b"the newest line\n")

    embedded.trim_log()
    embedded.postmaster.send(signal.SIGHUP)

    text = embedded.cluster.log.read_text()
    assert len(text) < LOG_LIMIT / 8
    assert text.startswith("an old line\n")
    assert "the newest line\n" in text
    await embedded.stop()
    assert embedded.cluster.log.read_text().endswith("database system is shut down\n")


async def test_h51_a_signal_to_the_whole_terminal_does_not_reach_postgresql(open_child, open_embedded):
    child = open_child(start_new_session=True)
    pid = int(child.says("ready:").split()[0])

    assert os.getpgid(pid) != child.process.pid
    assert os.getsid(pid) != child.process.pid
