"""How many connections, how many files, how much memory (H1, H6)."""

import os
import resource
import socket
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from http.client import HTTPConnection
from pathlib import Path

import pytest
from attrs import frozen

from iam.http.answers import Answer
from iam.http.connections import Connections
from iam.limits import DESCRIPTORS_PER_CONNECTION, Limits
from tests import processes
from tests.harness import SERVER_KEY, free_port, pause
from tests.http.conftest import Edge, Wire

REQUEST = b"GET /hello HTTP/1.1\r\nHost: localhost\r\n\r\n"
FILES = 400
FLOOD = 600
MEBIBYTE = 1024 * 1024


async def served(wire: Wire) -> bool:
    """Does this connection get an answer, or is it let go without a word?"""
    wire.transport.write(REQUEST)
    await wire.until(lambda: wire.closed or bool(wire.statuses))
    return wire.statuses == [200]


def test_h6_the_limits_are_those_of_the_rule() -> None:
    assert (Limits().connections, Limits().connections_per_network) == (1024, 128)
    assert DESCRIPTORS_PER_CONNECTION == 4


async def test_h6_one_address_has_so_many_connections_and_others_still_get_theirs(start: Callable[..., Edge]) -> None:
    edge = start(Limits(connections_per_network=3))
    first = [await edge.connect() for _ in range(3)]
    assert [await served(wire) for wire in first] == [True, True, True]

    one_more = await served(await edge.connect())
    elsewhere = await served(await edge.connect("127.0.0.2"))

    assert (one_more, elsewhere) == (False, True)


async def test_h6_a_connection_that_ends_makes_room_for_another(start: Callable[..., Edge]) -> None:
    edge = start(Limits(connections_per_network=1))
    wire = await edge.connect()
    await served(wire)
    wire.transport.loseConnection()
    await wire.until(lambda: not edge.site.channels)

    assert await served(await edge.connect())


async def test_h6_there_are_so_many_connections_in_all(start: Callable[..., Edge]) -> None:
    edge = start(Limits(connections=2))
    for source in ("127.0.0.1", "127.0.0.2"):
        assert await served(await edge.connect(source))

    assert not await served(await edge.connect("127.0.0.3"))


async def test_h6_proxies_that_are_believed_speak_for_many(start: Callable[..., Edge]) -> None:
    edge = start(Limits(connections_per_network=1), proxy_headers="127.0.0.7/32")
    await served(await edge.connect("127.0.0.7"))

    assert await served(await edge.connect("127.0.0.7"))


async def test_h6_forgotten_addresses_are_not_kept(edge: Edge) -> None:
    for number in range(2, 30):
        wire = await edge.connect(f"127.0.0.{number}")
        wire.transport.loseConnection()
    while edge.site.channels:
        await pause(0.005)

    assert not edge.site.connections.networks
    assert not edge.site.connections.sites


def test_the_addresses_of_one_ipv6_network_share_its_connections_and_those_of_a_site_its(
    start: Callable[..., Edge],
) -> None:
    connections = start(Limits(connections_per_network=2, connections_per_site=5)).site.connections
    for address in ("2001:db8::1", "2001:db8::2", "2001:db8:0:1::1", "2001:db8:0:1::2", "2001:db8:0:2::1"):
        assert connections.admit(address)
        connections.begin(address)

    assert not connections.admit("2001:db8::3")  # its network has two
    assert not connections.admit("2001:db8:0:3::1")  # its site has five
    assert connections.admit("2001:db8:1::1")


async def test_where_it_grows_tight_an_idle_connection_of_the_greediest_network_goes(
    start: Callable[..., Edge],
) -> None:
    edge = start(Limits(connections=10))
    greedy = [await edge.connect("127.0.0.2") for _ in range(7)]
    assert all([await served(wire) for wire in greedy])
    assert await served(await edge.connect("127.0.0.3"))

    honest = await edge.connect("127.0.0.4")

    assert await served(honest)
    await greedy[0].until(lambda: sum(wire.closed for wire in greedy) == 1)


async def test_where_all_is_full_of_slow_heads_others_still_get_in(start: Callable[..., Edge]) -> None:
    edge = start(Limits(connections=10))
    for number in range(10):
        slow = await edge.connect(f"127.0.0.{2 + number % 3}")
        await slow.send(b"GET /hello HTTP/1.1\r\nHost:")

    assert await served(await edge.connect("127.0.0.9"))
    assert not await served(await edge.connect("127.0.0.2"))


async def test_what_is_being_answered_makes_no_room(start: Callable[..., Edge]) -> None:
    edge = start(Limits(connections=4))
    for _ in range(4):
        await (await edge.connect("127.0.0.2")).send(b"GET /hang HTTP/1.1\r\nHost: localhost\r\n\r\n")

    assert not await served(await edge.connect("127.0.0.3"))
    for waiting in edge.hung:
        waiting.callback(Answer(200))


async def test_who_is_a_proxy_is_found_out_once_however_tight_it_is(start: Callable[..., Edge]) -> None:
    edge = start(Limits(connections=10))
    for number in range(9):
        await edge.connect(f"127.0.0.{2 + number}")
    asked: list[str] = []

    def exempt(address: str) -> bool:
        asked.append(address)
        return False

    connections = Connections(edge.site.limits, edge.site.channels, exempt)
    for _ in range(20):
        connections.admit("127.0.0.20")

    assert len(asked) == len(set(asked)) == 10


@frozen
class Running:
    """A server process that may open FILES files."""

    port: int
    pid: int

    def memory(self) -> int:
        """Bytes that it holds in memory."""
        pages = int(Path(f"/proc/{self.pid}/statm").read_text().split()[1])
        return pages * resource.getpagesize()

    def files(self) -> int:
        return len(list(Path(f"/proc/{self.pid}/fd").iterdir()))


@pytest.fixture(scope="module")
def running(database_dsn: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    port = free_port()
    twist = [processes.BIN / "twist", "iam", "--port", str(port), "--database", database_dsn]
    options = ["--data-dir", str(tmp_path_factory.mktemp("data")), "--no-rate-limits"]
    limit = ["sh", "-c", f'ulimit -Sn 100 && ulimit -Hn {FILES} && exec "$@"', "sh"]
    env = {**os.environ, "IAM_SECRET_KEY": SERVER_KEY}  # as all servers on that database
    server = subprocess.Popen([*limit, *twist, *options], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, env=env)
    try:
        while not processes.answers(f"http://localhost:{port}"):
            assert server.poll() is None, "the server has ended"
            time.sleep(0.05)
        yield Running(port, server.pid)
    finally:
        server.terminate()
        server.wait(processes.PATIENCE)


def test_h6_the_soft_limit_of_files_is_raised_to_the_hard_one(running: Running) -> None:
    assert resource.prlimit(running.pid, resource.RLIMIT_NOFILE) == (FILES, FILES)


def test_h6_an_open_connection_and_the_database_still_work_while_others_flood(running: Running) -> None:
    with ExitStack() as flood:
        old = HTTPConnection("127.0.0.1", running.port, timeout=30)
        old.request("GET", "/healthz")
        assert old.getresponse().read()

        for _ in range(FLOOD):
            connection = flood.enter_context(socket.socket())
            connection.settimeout(10)
            connection.connect(("127.0.0.1", running.port))
        statuses = []
        for path in ("/healthz", "/readyz", "/login"):
            old.request("GET", path)
            reply = old.getresponse()
            reply.read()
            statuses.append(reply.status)

        assert statuses == [200, 200, 200]
        assert running.files() < FILES - 32
    old.close()
    while not processes.answers(f"http://localhost:{running.port}"):
        time.sleep(0.05)


@pytest.mark.parametrize(
    "head",
    [b"Content-Length: 300000000\r\n", b"Transfer-Encoding: chunked\r\n"],
    ids=["announced", "chunked"],
)
def test_h1_a_huge_body_costs_no_memory(running: Running, head: bytes) -> None:
    form = b"POST /token HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/x-www-form-urlencoded\r\n"
    chunk = b"10000\r\n" + b"%41" * 21845 + b"a\r\n"
    before = running.memory()

    for _ in range(3):
        with socket.create_connection(("127.0.0.1", running.port), 10) as connection:
            try:
                connection.sendall(form + head + b"\r\n")
                for _ in range(16 * 10):
                    connection.sendall(chunk)
            except OSError:
                pass

    assert running.memory() - before < 5 * MEBIBYTE
