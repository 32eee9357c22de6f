"""Hosts among which data would be shared out or lost are refused before anything is written, at the start and by commands."""

import os
import shutil
import signal
import socket
import subprocess
import tempfile
import threading
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from typing import Any

import pytest
from psycopg2.extensions import make_dsn
from twisted.internet import reactor

from iam.database.addresses import Target, target
from iam.database.errors import READ_FROM, Misdirected, Unavailable, Unusable
from iam.database.poolers import POOLER
from iam.database.survey import survey
from tests.faults.launching import ENVIRONMENT, Launch
from tests.faults.mortal import Mortal
from tests.faults.pair import Pair
from tests.processes import BIN

PGBOUNCER = shutil.which("pgbouncer") or "/usr/sbin/pgbouncer"
PATIENCE = 60  # seconds
TABLES = "select count(*) from pg_tables where schemaname = 'public'"
Breed = Callable[[], Mortal]


def over(*mortals: Mortal, **more: Any) -> str:
    """Leads to all of these, in this order."""
    ports = ",".join(str(one.port) for one in mortals)
    return mortals[0].dsn(host=",".join("127.0.0.1" for _ in mortals), port=ports, **more)


def command(dsn: str, *words: str) -> tuple[int, str]:
    """The exit status of `iam`, and what it says of its error."""
    ran = subprocess.run(
        [BIN / "iam", "--database", dsn, *words],
        capture_output=True,
        text=True,
        env=ENVIRONMENT,
        timeout=PATIENCE,
        check=False,
    )
    assert "Traceback" not in ran.stderr
    return ran.returncode, ran.stderr


@pytest.fixture
def strangers(breed: Breed) -> Iterator[tuple[Mortal, Mortal]]:
    """Two clusters that have nothing to do with each other."""
    one, other = breed(), breed()
    for each in (one, other):
        each.create()
        each.start()
    yield one, other
    one.end()
    other.end()


def test_hosts_of_two_clusters_are_refused_and_nothing_is_written(
    launch: Launch, strangers: tuple[Mortal, Mortal]
) -> None:
    server = launch(over(*strangers, password="hunter2"))

    assert server.ended() == 2
    assert len(server.lines) == 1
    assert server.lines[0].startswith(f"iam: --database: (127.0.0.1, port {strangers[0].port}) and (127.0.0.1, port ")
    assert "are different clusters (system identifiers " in server.lines[0]
    assert "hunter2" not in server.lines[0]
    assert [each.ask(TABLES) for each in strangers] == [[(0,)], [(0,)]]


@pytest.mark.parametrize("words", [("migrate",), ("migrate", "--plan"), ("client", "list")])
def test_commands_refuse_them_too(strangers: tuple[Mortal, Mortal], words: tuple[str, ...]) -> None:
    status, error = command(over(*strangers), *words)

    assert status == 1
    assert error.startswith("Error: --database: ")
    assert "are different clusters" in error
    assert [each.ask(TABLES) for each in strangers] == [[(0,)], [(0,)]]


@pytest.fixture
def neighbours(breed: Breed) -> Iterator[tuple[Mortal, Mortal]]:
    """Two that listen on one port of two addresses, not created yet."""
    one, other = breed(), breed()
    other.port = one.port
    one.tuning = one.tuning | {"listen_addresses": "127.0.0.1"}
    other.tuning = other.tuning | {"listen_addresses": "127.0.0.2"}
    yield one, other
    one.end()
    other.end()


def named(mortal: Mortal) -> Target:
    """Leads to a name."""
    return target(mortal.dsn(host="db.example"))


async def test_a_name_that_stands_for_hosts_of_two_clusters_is_refused(neighbours: tuple[Mortal, Mortal]) -> None:
    for each in neighbours:
        each.create()
        each.start()

    with pytest.raises(Misdirected, match=r"at 127\.0\.0\..\) are different clusters"):
        await survey(reactor, named(neighbours[0]), lambda _: ["127.0.0.1", "127.0.0.2"])


async def test_a_name_may_stand_for_a_standby_and_its_primary(neighbours: tuple[Mortal, Mortal]) -> None:
    primary, standby = neighbours
    primary.create()
    primary.start()
    standby.copy(primary)
    standby.start()

    await survey(reactor, named(primary), lambda _: ["127.0.0.2", "127.0.0.1"])
    with pytest.raises(Unavailable, match="only read from here") as refused:
        await survey(reactor, named(primary), lambda _: ["127.0.0.2"])

    assert not isinstance(refused.value, Unusable)


def test_a_stranger_is_found_behind_a_standby_too(launch: Launch, pair: Pair, breed: Breed) -> None:
    stranger = breed()
    stranger.create()
    stranger.start()

    server = launch(over(*pair.members, stranger))

    assert server.ended() == 2
    assert "are different clusters" in server.lines[0]
    stranger.end()


def test_a_cluster_that_takes_no_writes_is_no_excuse_for_a_stranger(launch: Launch, pair: Pair, breed: Breed) -> None:
    stranger = breed()
    stranger.create()
    stranger.start()

    server = launch(over(pair.replica, stranger))

    assert server.ended() == 2
    assert stranger.ask(TABLES) == [(0,)]
    stranger.end()


def test_a_copy_that_takes_writes_beside_the_original_is_refused(launch: Launch, breed: Breed) -> None:
    original, copy = breed(), breed()
    original.create()
    subprocess.run(["cp", "--archive", original.data, copy.data], check=True)
    for each in (original, copy):
        each.start()

    server = launch(over(original, copy))

    assert server.ended() == 1
    assert "both take writes, and neither was promoted after the other" in server.lines[0]
    assert [each.ask(TABLES) for each in (original, copy)] == [[(0,)], [(0,)]]
    original.end()
    copy.end()


def test_of_two_that_take_writes_the_one_that_was_promoted_is_written_to(
    launch: Launch, pair: Pair, tmp_path: Path
) -> None:
    deposed = pair.promote()

    server = launch(pair.dsn())
    server.says("iam answers at ")

    assert deposed.ask(TABLES) == [(0,)]
    assert pair.primary.ask(TABLES) != [(0,)]
    assert f"database.deposed: (127.0.0.1, port {deposed.port}) still takes writes" in (tmp_path / "log-0").read_text()


def test_a_server_that_two_ways_of_this_machine_lead_to_is_refused(launch: Launch, mortal: Mortal) -> None:
    server = launch(mortal.dsn(host=f"{mortal.directory},127.0.0.1", port=f"{mortal.port},{mortal.port}"))

    assert server.ended() == 2
    assert server.lines[0].endswith("are the same server; name it once.")


@contextmanager
def proxy(port: int) -> Iterator[int]:
    """A proxy before a server; its port."""
    with closing(socket.create_server(("127.0.0.1", 0))) as listening:
        thread = threading.Thread(target=forward, args=(listening, port))
        thread.start()
        yield listening.getsockname()[1]
        listening.shutdown(socket.SHUT_RDWR)
        thread.join()


def forward(listening: socket.socket, port: int) -> None:
    """Pass on all that comes, until nobody listens any longer."""
    with suppress(OSError):
        while True:
            near, _ = listening.accept()
            far = socket.create_connection(("127.0.0.1", port))
            for source, sink in ((near, far), (far, near)):
                threading.Thread(target=pump, args=(source, sink)).start()


def pump(source: socket.socket, sink: socket.socket) -> None:
    with suppress(OSError):
        while data := source.recv(65536):
            sink.sendall(data)
    for end in (source, sink):
        with suppress(OSError):
            end.shutdown(socket.SHUT_RDWR)
    source.close()


def test_proxies_that_lead_to_one_server_are_said_and_used(launch: Launch, breed: Breed, tmp_path: Path) -> None:
    database = breed()
    database.create()
    database.start()
    with proxy(database.port) as one, proxy(database.port) as other:
        server = launch(database.dsn(host="127.0.0.1,127.0.0.1", port=f"{one},{other}"))
        server.says("iam answers at ")

        assert server.end(signal.SIGTERM) == 0
    database.end()

    assert f"database.twice: (127.0.0.1, port {one}) and (127.0.0.1, port {other})" in (tmp_path / "log-0").read_text()


@contextmanager
def running_pooler(mode: str, port: int) -> Iterator[int]:
    """A PgBouncer before a server; its port."""
    with closing(socket.create_server(("127.0.0.1", 0))) as free:
        own = free.getsockname()[1]
    directory = Path(tempfile.mkdtemp())
    directory.chmod(0o755)
    configuration = directory / "pgbouncer.ini"
    configuration.write_text(
        f"[databases]\n* = host=127.0.0.1 port={port} user=postgres\n[pgbouncer]\nlisten_addr = 127.0.0.1\n"
        f"listen_port = {own}\nunix_socket_dir =\nauth_type = any\npool_mode = {mode}\nserver_login_retry = 1\n"
    )
    as_nobody = ["setpriv", "--reuid=nobody", "--regid=nogroup", "--clear-groups"] if os.geteuid() == 0 else []
    process = subprocess.Popen([*as_nobody, PGBOUNCER, "-q", str(configuration)], stderr=subprocess.DEVNULL)
    yield own
    process.kill()
    process.wait()
    shutil.rmtree(directory)


@pytest.mark.parametrize("pooled", ["primary", "replica"])
def test_a_pooler_in_transaction_mode_behind_the_second_host_is_refused(
    launch: Launch, pair: Pair, pooled: str
) -> None:
    servers = {"primary": pair.primary, "replica": pair.replica}
    direct = servers["replica" if pooled == "primary" else "primary"]
    with running_pooler("transaction", servers[pooled].port) as port:
        server = launch(make_dsn(pair.dsn(direct), host="127.0.0.1,127.0.0.1", port=f"{direct.port},{port}"))

        assert server.ended() == 1
        assert POOLER in server.lines[0]
        assert f"127.0.0.1, port {port}: " in server.lines[0]
    assert pair.primary.ask(TABLES) == [(0,)]


def test_a_pooler_whose_database_is_not_there_yet_is_waited_for(launch: Launch, breed: Breed) -> None:
    database = breed()
    database.create()
    with running_pooler("session", database.port) as port:
        server = launch(database.dsn(host="127.0.0.1", port=port))
        server.says("Waiting for the database")

        database.start()

        server.says("iam answers at ")
        assert server.end(signal.SIGTERM) == 0
    database.end()


def test_a_silent_host_is_left_out_and_said(launch: Launch, pair: Pair, tmp_path: Path) -> None:
    pair.replica.freeze()

    server = launch(pair.dsn(pair.replica, pair.primary))
    server.says("iam answers at ")

    assert not server.saying("Waiting")
    assert (
        f"database.missing: 127.0.0.1, port {pair.replica.port}: no answer in time" in (tmp_path / "log-0").read_text()
    )


def test_a_database_that_is_only_read_by_its_settings_is_said(launch: Launch, mortal: Mortal) -> None:
    server = launch(mortal.dsn(options="-c default_transaction_read_only=on"), "--wait-for-database", "0")

    assert server.ended() == 1
    assert server.lines[0].startswith(f"iam: {READ_FROM}")


def test_a_command_says_that_a_database_is_only_read(pair: Pair) -> None:
    status, error = command(pair.dsn(pair.replica), "client", "list")

    assert status == 1
    assert error.startswith(f"Error: {READ_FROM}")


def test_a_wrong_string_is_wrong_usage_of_the_server_and_an_error_of_commands(launch: Launch) -> None:
    dsn = "host=a,b port=1,2,3 password=hunter2"

    server = launch(dsn)
    status, error = command(dsn, "client", "list")

    assert (server.ended(), len(server.lines)) == (2, 1)
    assert server.lines[0].startswith("twist iam: --database: names 2 hosts and 3 ports")
    assert (status, error.startswith("Error: --database: names 2 hosts and 3 ports"), "hunter2" in error) == (
        1,
        True,
        False,
    )
