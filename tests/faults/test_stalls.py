"""Writes that wait for a standby which is not there: backends do not pile up, and all is well when the wait ends."""

import threading
import time
from collections.abc import Awaitable, Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import psycopg2
import pytest
from attrs import define, field
from twisted.internet import reactor
from twisted.internet.defer import Deferred, DeferredList, gatherResults
from twisted.internet.protocol import Factory, Protocol
from twisted.internet.task import deferLater

from iam.database.addresses import target
from iam.database.connecting import Connector
from iam.database.database import Database
from iam.database.errors import Timeout, Unavailable
from iam.database.places import SILENCE, Places
from iam.database.pool import ACQUIRE
from tests.faults.conftest import Line, Mortal
from tests.harness import Server
from tests.waiting import PATIENCE, until

Start = Callable[..., Awaitable[Database]]
POOL = 8 + 1 + 1
STALLS = {False: 15.0, True: 75.0}  # seconds, cut short or not; connections are given up after six
LOOK = 0.05  # seconds between two counts
TELL = "with told as (select pg_notify('news', '')) insert into marks select 1 from told"
COUNT = "select count(*) from pg_stat_activity where application_name = 'iam'"


def full(database: Database) -> bool:
    return database.main.absent + database.spare.absent + database.listener.pool.absent == 0


@define
class Count:
    """How many backends a server had at most, seen from a connection that is open from the start."""

    dsn: str
    seen: list[int] = field(factory=list)
    ended: threading.Event = field(factory=threading.Event)
    thread: threading.Thread | None = None

    def __enter__(self) -> "Count":
        self.thread = threading.Thread(target=self.look)
        self.thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        assert self.thread is not None
        self.ended.set()
        self.thread.join()

    def look(self) -> None:
        with closing(psycopg2.connect(self.dsn, application_name="count")) as connection, connection.cursor() as cursor:
            connection.autocommit = True
            while not self.ended.wait(LOOK):
                cursor.execute(COUNT)
                self.seen += [count for (count,) in cursor.fetchall()]


def halt_all(mortal: Mortal) -> None:
    """Let the whole database stand still."""
    assert mortal.postmaster is not None
    pid = mortal.postmaster.pid
    for child in [pid, *map(int, Path(f"/proc/{pid}/task/{pid}/children").read_text().split())]:
        mortal.halt(child)


@pytest.fixture
def length(pytestconfig: pytest.Config) -> float:
    """How long a stall lasts."""
    return STALLS[bool(pytestconfig.getoption("--long"))]


@define
class Load:
    """Writes and reads at an even pace, from many."""

    database: Database
    going: bool = True
    writes: list[tuple[float, Any]] = field(factory=list)
    reads: list[tuple[float, Any]] = field(factory=list)
    work: Any = None

    def begin(self) -> None:
        self.work = gatherResults(
            [Deferred.fromCoroutine(self.ask("insert into marks values (1)", self.writes)) for _ in range(12)]
            + [Deferred.fromCoroutine(self.ask("select 1", self.reads)) for _ in range(4)]
        )

    async def ask(self, sql: str, outcomes: list[tuple[float, Any]]) -> None:
        while self.going:
            try:
                outcome: Any = await self.database.query(sql)
            except Unavailable as reason:
                outcome = reason
            outcomes.append((time.monotonic(), outcome))
            await deferLater(reactor, 0.05)

    def written(self, since: float) -> bool:
        """Has a write come through since then?"""
        return any(came > since and outcome == [] for came, outcome in self.writes)

    async def end(self) -> None:
        self.going = False
        await self.work


def outcome(asked: Deferred[Any]) -> Deferred[Any]:
    """What comes of it, rows or an exception."""
    return asked.addErrback(lambda failure: failure.value)


async def seconds(count: float) -> None:
    await deferLater(reactor, count)


async def test_backends_stay_under_twice_the_pool_while_no_write_comes_through(
    start: Start, mortal: Mortal, tuned: Callable[..., None], length: float
) -> None:
    mortal.ask("drop table if exists marks; create table marks (n int)")
    database = await start()
    await until(lambda: full(database))
    load = Load(database)

    with Count(mortal.dsn()) as count:
        load.begin()
        await seconds(1)
        tuned(synchronous_standby_names="nobody")
        await seconds(length)
        tuned(synchronous_standby_names="")
        ended = time.monotonic()
        await until(lambda: load.written(ended))
        await until(lambda: full(database))
        await load.end()

    assert max(count.seen) < 2 * POOL


async def test_reads_go_on_while_no_write_comes_through_and_writes_are_refused_at_once_when_many_hang(
    start: Start, mortal: Mortal, tuned: Callable[..., None]
) -> None:
    mortal.ask("drop table if exists marks; create table marks (n int)")
    database = await start()
    await until(lambda: full(database))
    load = Load(database)
    tuned(synchronous_standby_names="nobody")
    load.begin()
    await until(lambda: database.main.stalled)
    began = time.monotonic()

    with pytest.raises(Timeout):
        await database.query("insert into marks values (2)")
    refused = time.monotonic() - began
    await until(lambda: full(database))
    reads = len(load.reads)
    await seconds(1)
    during = load.reads[reads:]
    tuned(synchronous_standby_names="")
    await until(lambda: load.written(began))
    await load.end()

    assert refused < ACQUIRE
    assert during
    assert [outcome for _, outcome in load.reads if outcome != [(1,)]] == []


async def test_backends_stay_under_twice_the_pool_while_a_whole_database_stands_still(
    start: Start, mortal: Mortal, length: float
) -> None:
    mortal.ask("drop table if exists marks; create table marks (n int)")
    database = await start()
    await until(lambda: full(database))
    load = Load(database)

    with Count(mortal.dsn()) as count:
        load.begin()
        await seconds(1)
        halt_all(mortal)
        await seconds(length)
        mortal.resume()
        ended = time.monotonic()
        await until(lambda: load.written(ended))
        await until(lambda: full(database))
        await seconds(1)
        await load.end()

    assert max(count.seen) < 2 * POOL


async def test_backends_whose_connections_are_cut_while_no_write_comes_through_count_too(
    start: Start, mortal: Mortal, line: tuple[Line, str], tuned: Callable[..., None]
) -> None:
    mortal.ask("drop table if exists marks; create table marks (n int)")
    database = await start(dsn=line[1])
    await until(lambda: full(database))
    load = Load(database)

    with Count(mortal.dsn()) as count:
        load.begin()
        tuned(synchronous_standby_names="nobody")
        for _ in range(5):
            await seconds(2)
            line[0].cut()
        await seconds(2)
        tuned(synchronous_standby_names="")
        ended = time.monotonic()
        await until(lambda: load.written(ended))
        await until(lambda: full(database))
        await load.end()

    assert max(count.seen) < 2 * POOL


async def test_tokens_are_introspected_and_pages_shown_while_no_write_comes_through(
    served: Server, tuned: Callable[..., None]
) -> None:
    app = await served.app()
    token = (await served.token(app, grant_type="client_credentials")).json["access_token"]
    database = served.store.database
    tuned(synchronous_standby_names="nobody")
    form = {"username": "nobody", "password": "wrong"}
    going = True

    async def write(work: Callable[[], Awaitable[Any]]) -> None:
        while going:
            await work()

    ways = [lambda: served.token(app, grant_type="client_credentials"), lambda: served.post("/login", form)]
    writing = gatherResults([Deferred.fromCoroutine(write(ways[number % 2])) for number in range(24)])
    await until(lambda: database.main.stalled)
    answers = [await served.introspect(app, token) for _ in range(20)]
    pages = [await served.get(path) for path in ("/login", "/jwks", "/.well-known/openid-configuration") * 5]
    used = await served.get("/resource", headers={"Authorization": f"Bearer {token}"})
    refused = await served.token(app, grant_type="client_credentials")
    tuned(synchronous_standby_names="")
    going = False
    await writing

    assert all(answer["active"] for answer in answers)
    assert {page.status for page in (*pages, used)} == {200}
    assert (refused.status, refused.header("Retry-After")) == (503, "1")
    assert (await served.token(app, grant_type="client_credentials")).status == 200


async def test_connections_that_lead_nowhere_any_more_are_found_out_and_the_pool_is_full_again(
    start: Start, mortal: Mortal, line: tuple[Line, str]
) -> None:
    database = await start(dsn=line[1], look=3600)
    await until(lambda: full(database))
    line[0].muted = True  # answers are lost, and nobody sends them again
    asked = [database.query("select 1") for _ in range(POOL)]
    refused = await DeferredList([*asked, database.aside("select 1")], consumeErrors=True)
    line[0].muted = False

    await until(lambda: full(database))
    # one whose log-in got no answer may have a backend for SILENCE seconds; nobody knows which
    await until(lambda: database.connector.places.count(database.main.place) == POOL, SILENCE + PATIENCE)

    assert not any(succeeded for succeeded, _ in refused)
    assert await database.query("select 1") == [(1,)]
    await until(lambda: len(mortal.backends()) == POOL)


async def test_postgresql_notices_by_itself_when_a_machine_or_the_network_is_gone(
    start: Start, line: tuple[Line, str]
) -> None:
    database = await start(dsn=line[1], connections=1)
    names = ("tcp_keepalives_idle", "tcp_keepalives_interval", "tcp_keepalives_count", "tcp_user_timeout")

    settings = [(await database.query("select current_setting(%s)", (name,)))[0][0] for name in names]

    assert settings == ["5", "5", "3", "10000"]


async def test_two_servers_on_one_database_each_keep_their_bound(
    start: Start, mortal: Mortal, tuned: Callable[..., None]
) -> None:
    mortal.ask("drop table if exists marks; create table marks (n int)")
    databases = [await start(), await start()]
    await until(lambda: all(map(full, databases)))
    loads = [Load(database) for database in databases]

    with Count(mortal.dsn()) as count:
        tuned(synchronous_standby_names="nobody")
        for load in loads:
            load.begin()
        await until(lambda: all(database.main.stalled for database in databases))
        await databases[0].stop(0)
        tuned(synchronous_standby_names="")
        ended = time.monotonic()
        await until(lambda: loads[1].written(ended))
        await until(lambda: full(databases[1]))
        await gatherResults([Deferred.fromCoroutine(load.end()) for load in loads])

    assert max(count.seen) < 2 * 2 * POOL
    await until(lambda: len(mortal.backends()) == POOL)


class Silent(Factory):
    """Takes connections, and says nothing."""

    noisy = False

    def __init__(self) -> None:
        self.opened: list[Protocol] = []

    def buildProtocol(self, _address: object) -> Protocol:
        self.opened.append(Protocol())
        return self.opened[-1]


async def test_attempts_to_connect_that_are_given_up_count_while_nothing_answers(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("iam.database.connection.CONNECT", 0.05)
    monkeypatch.setattr("iam.database.places.PAUSE", 0)
    silent = Silent()
    port = reactor.listenTCP(0, silent, interface="127.0.0.1")
    places = Places(reactor, 5)
    connector = Connector(reactor, target(f"host=127.0.0.1 port={port.getHost().port}"), places)

    for _ in range(20):
        with pytest.raises(Unavailable):
            await connector.connect()
    most = len(silent.opened)
    connector.stop()
    await port.stopListening()
    await until(lambda: not any(one.transport.connected for one in silent.opened))

    assert most == 5 + 1


async def test_a_server_that_starts_while_commits_wait_reads_and_leaves_no_backend_behind(
    start: Start, mortal: Mortal, tuned: Callable[..., None]
) -> None:
    mortal.ask("drop table if exists marks; create table marks (n int)")
    first = await start()
    tuned(synchronous_standby_names="nobody")
    waiting = []
    while not mortal.backends("wait_event = 'SyncRep'"):  # the last ones may still have come through
        waiting.append(outcome(first.query(TELL)))
        await seconds(0.5)

    second = await start()  # notifications are sent in the order of commits, so that nobody can send one now
    rows = await second.query("select 1")
    await until(lambda: full(second))
    await first.stop(0)
    await second.stop(0)
    await until(lambda: len(mortal.backends()) == 1)

    assert rows == [(1,)]
    assert isinstance(await waiting[-1], Unavailable)
