"""A database that is slow, silent or busy: few requests fail, none waits for long, and all is well afterwards."""

import random
import time
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import closing
from typing import Any

import psycopg2
import pytest
import pytest_twisted
from attrs import define, field, frozen
from twisted.internet.defer import Deferred, DeferredList, gatherResults
from twisted.internet.threads import deferToThread

from iam.database.connecting import UNANSWERED
from iam.database.pool import ACQUIRE
from iam.secrets import minted
from iam.secrets.minted import Kind
from tests.faults.conftest import Line
from tests.faults.mortal import Mortal
from tests.harness import Server, pause
from tests.processes import Process, created, start
from tests.waiting import until

LONGEST = 14.0  # seconds; a request to a silent database is refused after 7 at most, later where the machine is busy
PROMPT = 3.0  # seconds for an answer that waits for nobody; who waits for the database waits longer
STATEMENT = 2 + 6  # seconds that one statement may wait for a connection, and take (H44)
CLIENTS = 16
RHYTHM = 0.4  # seconds between two requests of a client, so that the machine is not what limits them
CONNECTIONS = 8 + 1 + 1  # of a server to its database: the main lane, the spare one, the listener's


@frozen
class Answer:
    """What one request came to, and when."""

    status: int
    began: float
    ended: float


@define
class Clients:
    """Clients of a server in a process of its own, which ask for tokens at an even pace."""

    server: Server
    process: Process
    client: Any
    answers: list[Answer] = field(factory=list)
    going: bool = True
    work: Any = None

    async def get(self, path: str) -> Answer:
        began = time.monotonic()
        reply = await self.server.get(self.process.url + path)
        return Answer(reply.status, began, time.monotonic())

    async def token(self) -> Answer:
        began = time.monotonic()
        form = {"client_id": self.client["client_id"], "client_secret": self.client["client_secret"]}
        reply = await self.server.post(self.process.url + "/token", {"grant_type": "client_credentials", **form})
        return Answer(reply.status, began, time.monotonic())

    async def ask_on(self) -> None:
        while self.going:
            self.answers.append(await self.token())
            await pause(RHYTHM)

    def begin(self) -> None:
        self.work = gatherResults([Deferred.fromCoroutine(self.ask_on()) for _ in range(CLIENTS)])

    async def end(self) -> None:
        self.going = False
        if self.work is not None:
            await self.work

    async def throughput(self, seconds: float) -> float:
        """Tokens in a second, for some time from now on."""
        began = len(self.answers)
        await pause(seconds)
        return sum(answer.status == 200 for answer in self.answers[began:]) / seconds


@pytest_twisted.async_yield_fixture
async def clients(server: Server, mortal: Mortal, line: tuple[Line, str], tmp_path: Any) -> AsyncIterator[Clients]:
    """Clients of a server that reaches its database over the line."""
    options = ("--data-dir", str(tmp_path / "data"), "--database")
    process = await deferToThread(start, *options, line[1])
    client = await deferToThread(created, *options, mortal.dsn())
    clients = Clients(server, process, client)
    yield clients
    await clients.end()
    line[0].latency, line[0].muted = float, False
    if process.server.poll() is None:
        await deferToThread(process.stop)


def longest(answers: list[Answer]) -> float:
    return max(answer.ended - answer.began for answer in answers)


async def test_a_slow_database_is_degraded_service_and_then_full_service(
    clients: Clients, line: tuple[Line, str]
) -> None:
    wire = line[0]
    clients.begin()
    before = await clients.throughput(2)

    opened = []
    for latency, seconds in ((lambda: 0.2, 2), (lambda: 2.0, 5), (lambda: random.uniform(0, 5), 8)):
        wire.latency = latency
        await pause(seconds)
        opened.append(len(wire.ends))
    slow = list(clients.answers)
    wire.latency = float
    await pause(5)
    after = await clients.throughput(2)
    await clients.end()

    assert {answer.status for answer in slow} <= {200, 503}
    assert longest(clients.answers) < 3 * STATEMENT  # who is the client, and the token
    assert max(opened) <= CONNECTIONS + UNANSWERED  # and looks at the host
    assert wire.opened < CONNECTIONS * 4
    assert after >= 0.2 * before  # else it is still degraded; the machine alone may take half of it


async def test_a_database_that_falls_silent_is_503_in_time_and_blocks_nothing(
    clients: Clients, line: tuple[Line, str]
) -> None:
    clients.begin()
    await pause(0.5)
    line[0].muted = True
    began = time.monotonic()
    health = [await clients.get("/healthz") for _ in range(20)]
    await until(lambda: any(answer.status == 503 for answer in clients.answers))

    line[0].muted = False
    await until(lambda: clients.answers[-1].status == 200)
    await clients.end()

    refused = [answer for answer in clients.answers if answer.status != 200]
    assert {answer.status for answer in refused} == {503}
    assert min(answer.ended for answer in refused) - began < LONGEST
    assert longest(clients.answers) < LONGEST
    assert {answer.status for answer in health} == {200}
    assert longest(health) < PROMPT


async def test_a_server_whose_database_is_silent_stops_when_it_is_told_to(
    clients: Clients, line: tuple[Line, str]
) -> None:
    clients.begin()
    await pause(0.5)
    line[0].muted = True
    await pause(0.5)
    clients.going = False

    status = await deferToThread(clients.process.stop)
    await DeferredList([clients.work], consumeErrors=True)
    clients.work = None

    assert status == 0


async def test_h44_backends_that_stand_still_are_503_within_seven_seconds(clients: Clients, mortal: Mortal) -> None:
    for pid in mortal.backends():
        mortal.halt(pid)

    token, health, ready = await gatherResults(
        [Deferred.fromCoroutine(work) for work in (clients.token(), clients.get("/healthz"), clients.get("/readyz"))]
    )
    mortal.resume()

    assert (token.status, health.status, ready.status) == (503, 200, 503)
    assert longest([token, ready]) < LONGEST
    assert longest([health]) < PROMPT


@pytest.fixture
def lock(database_dsn: str) -> Iterator[Callable[[], None]]:
    """Makes every look at the setup wait, which is a statement for each request."""
    with closing(psycopg2.connect(database_dsn)) as connection:
        yield lambda: connection.cursor().execute("lock table setup in access exclusive mode")


async def asked(server: Server, url: str) -> Answer:
    began = time.monotonic()
    reply = await server.get(url)
    return Answer(reply.status, began, time.monotonic())


async def test_beyond_two_hundred_that_wait_requests_are_refused_at_once_and_health_is_not_touched(
    server: Server, database_dsn: str, lock: Callable[[], None], tmp_path: Any
) -> None:
    process = await deferToThread(start, "--database", database_dsn, "--data-dir", str(tmp_path / "data"))
    url = f"{process.url}/setup?token={minted.mint(Kind.SETUP)}"
    before = await asked(server, url)
    lock()

    work = gatherResults([Deferred.fromCoroutine(asked(server, url)) for _ in range(300)])
    await pause(0.5)
    health = [await asked(server, process.url + "/healthz") for _ in range(50)]
    answers = await work
    status = await deferToThread(process.stop)

    waited = [answer for answer in answers if answer.ended - answer.began >= ACQUIRE]
    assert before.status == 403
    assert {answer.status for answer in answers} == {503}
    assert len(waited) <= 200 + CONNECTIONS
    assert longest(answers) < LONGEST
    assert {answer.status for answer in health} == {200}
    assert longest(health) < PROMPT
    assert status == 0


async def test_what_is_public_is_shown_while_the_database_is_silent_and_nothing_is_issued(
    clients: Clients, line: tuple[Line, str]
) -> None:
    paths = ["/jwks", "/.well-known/openid-configuration", "/.well-known/oauth-authorization-server"]
    before = [await clients.server.get(clients.process.url + path) for path in paths]

    line[0].muted = True
    clients.begin()
    await until(lambda: any(answer.status == 503 for answer in clients.answers))
    during = [await clients.server.get(clients.process.url + path) for path in paths]

    assert [reply.status for reply in (*before, *during)] == [200] * 6
    assert [reply.body for reply in during] == [reply.body for reply in before]
    assert (await clients.token()).status == 503
