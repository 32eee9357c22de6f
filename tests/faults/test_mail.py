"""Whoever is to get mail gets it, whatever server dies, and of several servers one sends it."""

import signal
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import pytest
import pytest_twisted
from twisted.internet.defer import gatherResults
from twisted.internet.threads import deferToThread

from tests.harness import Server
from tests.mail.conftest import PostOffice
from tests.processes import Run, running, stop
from tests.waiting import settled, until

LINK = "https://login.example/reset#iam_xx_secret"


@pytest_twisted.async_yield_fixture
async def office() -> AsyncIterator[PostOffice]:
    office = PostOffice().open()
    yield office
    await office.close()


@pytest.fixture
def run(database_dsn: str, tmp_path: Path, office: PostOffice) -> Iterator[Run]:
    """Starts servers, of which none is left afterwards."""
    told = ("--mail-from", "iam@example.org", "--smtp", f"smtp://127.0.0.1:{office.number}")
    with running("--database", database_dsn, "--data-dir", str(tmp_path / "data"), *told) as run:
        yield run


def write(server: Server, recipient: str = "alice@example.org") -> Any:
    """Something that has been done by another process than the servers."""
    sealed = server.application.mails.seal(LINK)
    told = (recipient, server.now(), sealed)
    return server.store.database.query("select mailed('reset', %s, null, %s, '{}', %s)", told)


def waiting(admin: Any) -> int:
    admin.execute("select count(*) from outbox where sent_at is null")
    return int(admin.fetchone()[0])


async def test_a_server_that_is_killed_while_it_sends_leaves_it_to_the_next(
    server: Server, run: Run, office: PostOffice, admin: Any
) -> None:
    office.slow = True
    first = await run()
    await write(server)
    await office.heard(1)

    first.server.send_signal(signal.SIGKILL)
    await deferToThread(first.server.wait, 30)
    kept = waiting(admin)
    office.slow = False
    admin.execute("update outbox set due_at = now()")  # the lease is over
    second = await run()

    await office.heard(2)
    await until(lambda: not waiting(admin))
    assert kept == 1
    assert [LINK in given.text for given in office.given] == [True, True]
    assert len({given.message["Message-ID"] for given in office.given}) == 1
    assert await stop(second) == 0


async def test_two_servers_send_each_mail_once(server: Server, run: Run, office: PostOffice, admin: Any) -> None:
    servers = [await run() for _ in range(2)]

    await gatherResults([write(server, f"person{number}@example.org") for number in range(30)])

    await office.heard(30)
    await until(lambda: not waiting(admin))
    await settled()
    assert len(office.given) == len({given.recipient for given in office.given}) == 30
    assert [await stop(process) for process in servers] == [0, 0]


async def test_a_server_that_is_asked_to_end_does_not_wait_for_ever_for_a_slow_mail_server(
    server: Server, run: Run, office: PostOffice, admin: Any
) -> None:
    office.slow = True
    process = await run()
    await write(server)
    await office.heard(1)

    status = await stop(process)

    assert status == 0
    assert waiting(admin) == 1
