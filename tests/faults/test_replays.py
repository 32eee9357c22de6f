"""Row 11: an assertion is good once, whichever server is asked, and after a restart."""

from collections import Counter
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from attrs import evolve
from twisted.internet.defer import Deferred, gatherResults

from tests.assertions import GRANT, asserted, form
from tests.harness import Server
from tests.processes import Process, start

ISSUER = "http://localhost:9"  # the same for all of them


@pytest.fixture
def begin(database_dsn: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[[], Process]]:
    options = ("--database", database_dsn, "--data-dir", str(tmp_path_factory.mktemp("two")), "--issuer", ISSUER)
    processes: list[Process] = []

    def another() -> Process:
        processes.append(start(*options, "--no-migrate"))
        return processes[-1]

    yield another
    assert {process.stop() for process in processes} <= {0}


async def statuses(server: Server, processes: list[Process], assertion: str) -> list[int]:
    """What each process answers, asked at once; Host is the public address, as behind a proxy."""
    replies: Any = await gatherResults(
        [
            Deferred.fromCoroutine(
                server.post(process.url + "/token", form(assertion, **GRANT), headers={"Host": "localhost:9"})
            )
            for process in processes
        ]
    )
    return [reply.status for reply in replies]


async def test_of_two_servers_one_takes_an_assertion(server: Server, begin: Callable[[], Process]) -> None:
    signer = evolve(await asserted(server), audience=ISSUER)
    processes = [begin(), begin()]

    taken = await statuses(server, processes * 10, signer.assertion())

    assert Counter(taken) == {200: 1, 401: 19}


async def test_a_server_that_was_started_again_remembers(server: Server, begin: Callable[[], Process]) -> None:
    signer = evolve(await asserted(server), audience=ISSUER)
    assertion = signer.assertion()
    first = begin()

    before = await statuses(server, [first], assertion)
    first.stop()
    after = await statuses(server, [begin()], assertion)

    assert (before, after) == ([200], [401])
