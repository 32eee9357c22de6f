"""Two server processes on one database are one service (R4)."""

from collections import Counter
from collections.abc import Iterator
from typing import Any

import pytest
from twisted.internet.defer import Deferred, gatherResults

from tests.harness import REDIRECT_URI, VERIFIER, App, Reply, Server, pause
from tests.processes import Process, start


@pytest.fixture
def servers(database_dsn: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[list[Process]]:
    options = ("--database", database_dsn, "--data-dir", str(tmp_path_factory.mktemp("two")))
    processes = [start(*options), start(*options)]
    yield processes
    assert [process.stop() for process in processes] == [0, 0]


async def everywhere(server: Server, servers: list[Process], app: App, parameters: dict[str, str]) -> list[Reply]:
    """A hundred token requests at once, fifty to each server."""
    return await gatherResults(
        [
            Deferred.fromCoroutine(server.post(process.url + "/token", {**app.form, **parameters}))
            for _ in range(50)
            for process in servers
        ]
    )


async def test_h40_a_hundred_redemptions_through_two_servers_yield_one_success(server: Server, servers: Any) -> None:
    app, person = await server.app(), await server.person()
    code = await server.code(app, person)

    replies = await everywhere(
        server,
        servers,
        app,
        {"grant_type": "authorization_code", "code": code, "code_verifier": VERIFIER, "redirect_uri": REDIRECT_URI},
    )

    assert Counter(reply.status for reply in replies) == {200: 1, 400: 99}


async def test_h40_a_hundred_refreshes_through_two_servers_yield_one_successor(server: Server, servers: Any) -> None:
    app, person = await server.app(), await server.person()
    given = await server.tokens(app, person)

    replies = await everywhere(
        server, servers, app, {"grant_type": "refresh_token", "refresh_token": given["refresh_token"]}
    )

    assert Counter(reply.status for reply in replies) == {200: 100}
    assert len({reply.json["refresh_token"] for reply in replies}) == 1
    assert (await server.introspect(app, replies[0].json["access_token"]))["active"]


async def test_a_change_through_one_server_is_known_to_the_other(server: Server, servers: Any, admin: Any) -> None:
    app = await server.app()
    request = {"grant_type": "client_credentials", **app.form}
    before = [(await server.post(process.url + "/token", request)).status for process in servers]

    await server.store.clients.delete(app.client_id, server.now())

    await pause(0.5)
    after = [(await server.post(process.url + "/token", request)).status for process in servers]

    assert (before, after) == ([200, 200], [401, 401])
