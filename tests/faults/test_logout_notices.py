"""Whoever is to be told of a logout is told once at least, whatever server dies, and one server tells it."""

import signal
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import pytest
import pytest_twisted
from twisted.internet.defer import Deferred, gatherResults
from twisted.internet.threads import deferToThread

from iam.records.actor import SERVER
from tests.harness import App, Person, Server
from tests.processes import Run, running, stop
from tests.receivers import Receiver, verified
from tests.waiting import settled, until


@pytest_twisted.async_yield_fixture
async def receiver() -> AsyncIterator[Receiver]:
    receiver = Receiver().open()
    yield receiver
    await receiver.close()


async def relying_party(server: Server, receiver: Receiver) -> App:
    return await server.app(scopes=("openid", "read"), backchannel_logout_uri=receiver.uri)


@pytest.fixture
def run(database_dsn: str, tmp_path: Path) -> Iterator[Run]:
    """Starts servers, of which none is left afterwards."""
    told = ("--allow-fetch", "127.0.0.0/8")
    with running("--database", database_dsn, "--data-dir", str(tmp_path / "data"), *told) as run:
        yield run


async def revoke(server: Server, admin: Any, person: Person) -> None:
    """End the session as `iam session revoke` does, in another process than the servers."""
    admin.execute("select id from sessions where user_id = %s", (str(person.user_id),))
    assert await server.store.sessions.revoke(admin.fetchone()[0], server.now(), by=SERVER)


def count(admin: Any, condition: str = "true") -> int:
    admin.execute(f"select count(*) from logout_notices where {condition}")
    return int(admin.fetchone()[0])


async def test_a_server_that_is_killed_while_it_tells_leaves_it_to_the_next(
    server: Server, run: Run, receiver: Receiver, admin: Any
) -> None:
    app, person = await relying_party(server, receiver), await server.person()
    await server.tokens(app, person, scope="openid")
    receiver.silent = True
    first = await run()
    await revoke(server, admin, person)
    await receiver.heard(1)

    first.server.send_signal(signal.SIGKILL)
    await deferToThread(first.server.wait, 30)
    kept = count(admin)
    receiver.silent = False
    admin.execute("update logout_notices set next_at = now()")  # half a minute passes
    second = await run()

    await receiver.heard(2)
    await until(lambda: not count(admin))
    assert kept == 1
    assert await stop(second) == 0


async def test_what_happened_while_no_server_ran_is_told_at_the_next_start(
    server: Server, run: Run, receiver: Receiver, admin: Any
) -> None:
    app, person = await relying_party(server, receiver), await server.person()
    await server.tokens(app, person, scope="openid")
    await revoke(server, admin, person)

    process = await run()

    (token,) = await receiver.heard(1)
    assert (await verified(server, token)).claims["sub"] == str(person.user_id)
    assert await stop(process) == 0


async def test_two_servers_tell_each_logout_once(server: Server, run: Run, receiver: Receiver, admin: Any) -> None:
    app, people = await relying_party(server, receiver), [await server.person() for _ in range(20)]
    for person in people:
        await server.tokens(app, person, scope="openid")
    servers = [await run() for _ in range(2)]

    await gatherResults([Deferred.fromCoroutine(revoke(server, admin, person)) for person in people])

    await receiver.heard(len(people))
    await until(lambda: not count(admin))
    await settled()
    assert len(receiver.posts) == len(people)
    assert [await stop(process) for process in servers] == [0, 0]


async def test_a_server_that_is_asked_to_end_does_not_wait_for_who_is_silent(
    server: Server, run: Run, receiver: Receiver, admin: Any
) -> None:
    app, person = await relying_party(server, receiver), await server.person()
    await server.tokens(app, person, scope="openid")
    receiver.silent = True
    process = await run()
    await revoke(server, admin, person)
    await receiver.heard(1)

    status = await stop(process)

    assert status == 0
    assert count(admin) == 1
