"""Two server processes on one database are one service."""

import os
import signal
import time
from collections import Counter
from collections.abc import Iterator
from typing import Any

import pytest
from attrs import evolve
from twisted.internet.defer import Deferred, gatherResults

from iam.database.notifications import BEAT
from iam.records.actor import SERVER
from tests.harness import REDIRECT_URI, VERIFIER, App, Reply, Server, pause
from tests.pages.accounts import acting, everybody
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

    await server.store.clients.delete(app.client_id, server.now(), by=SERVER)

    refused = await refused_by_all(server, servers, request, 3)  # what was not heard of is known after five seconds

    assert before == [200, 200]
    assert refused


# What a connection asked last: to listen, or whether the other end is still there.
LISTENS = "datname = current_database() and application_name = 'iam' and query similar to '%(listen iam_changed|join unnest|pg_notify)%'"


def deafen(admin: Any) -> int:
    """Terminate all connections on which servers hear what others change; how many there were."""
    admin.execute(
        f"select count(pg_terminate_backend(pid)) from pg_stat_activity where pid <> pg_backend_pid() and {LISTENS}"
    )
    return int(admin.fetchone()[0])


async def refused_by_all(server: Server, servers: list[Process], parameters: dict[str, str], patience: float) -> bool:
    """Does every server come to refuse this client, and stay so?"""
    end = time.monotonic() + patience
    while time.monotonic() < end:
        replies = [await server.post(process.url + "/token", parameters) for process in servers]
        if {reply.status for reply in replies} == {401}:
            return True
        await pause(0.1)
    return False


async def test_h46_a_client_deleted_while_nobody_listens_is_refused_everywhere_within_five_seconds(
    server: Server, servers: Any, admin: Any
) -> None:
    app = await server.app()
    request = {"grant_type": "client_credentials", **app.form}
    before = [(await server.post(process.url + "/token", request)).status for process in servers]

    deafened = deafen(admin)
    await server.store.clients.delete(app.client_id, server.now(), by=SERVER)

    assert before == [200, 200]
    assert deafened >= 3  # the server in this process has ears too
    assert await refused_by_all(server, servers, request, 5)


async def test_h46_without_any_notification_a_deleted_client_is_refused_within_five_seconds(
    server: Server, servers: Any, admin: Any
) -> None:
    app = await server.app()
    request = {"grant_type": "client_credentials", **app.form}
    await pause(2 * BEAT)
    before = [(await server.post(process.url + "/token", request)).status for process in servers]
    admin.execute(f"select pid from pg_stat_activity where pid <> pg_backend_pid() and {LISTENS}")
    listening = [pid for (pid,) in admin.fetchall()]
    for pid in listening:
        os.kill(pid, signal.SIGSTOP)

    try:
        await server.store.clients.delete(app.client_id, server.now(), by=SERVER)
        refused = await refused_by_all(server, servers, request, 5.5)
    finally:
        for pid in listening:
            os.kill(pid, signal.SIGCONT)

    assert before == [200, 200]
    assert len(listening) >= 3
    assert refused


async def test_h46_a_token_revoked_through_one_server_is_refused_by_the_other_at_once(
    server: Server, servers: Any, admin: Any
) -> None:
    app = await server.app()
    one, other = servers
    granted = await server.post(one.url + "/token", {"grant_type": "client_credentials", **app.form})
    token = granted.json["access_token"]
    header = {"Authorization": f"Bearer {token}"}
    before = (await server.get(other.url + "/resource", headers=header)).status
    deafen(admin)

    await server.post(one.url + "/revoke", {"token": token, **app.form})
    after = await server.get(other.url + "/resource", headers=header)

    assert (before, after.status) == (200, 401)


async def test_h46_a_server_that_was_deaf_hears_again(server: Server, servers: Any, admin: Any) -> None:
    deafen(admin)
    await pause(1)
    app = await server.app()
    request = {"grant_type": "client_credentials", **app.form}
    before = [(await server.post(process.url + "/token", request)).status for process in servers]

    await server.store.clients.delete(app.client_id, server.now(), by=SERVER)
    refused = await refused_by_all(server, servers, request, 3)

    assert before == [200, 200]
    assert refused


async def test_two_servers_take_the_cookies_of_remembered_sessions_that_the_other_one_gave(
    server: Server, servers: Any, admin: Any
) -> None:
    visitor = await everybody(server, "ada", remember="y")
    first, second = (evolve(visitor, server=evolve(server, url=process.url)) for process in servers)
    admin.execute("update sessions set stepped_at = stepped_at - interval '2 days'")

    await gatherResults([Deferred.fromCoroutine(one.get("/")) for one in (first, second)])
    given = [first.cookie, second.cookie]
    crosswise = [await acting(evolve(first, server=second.server)), await acting(evolve(second, server=first.server))]
    admin.execute("update sessions set stepped_at = stepped_at - interval '61 seconds'")
    later = [await acting(first), await acting(second)]
    reused = [await acting(evolve(visitor, server=second.server)), await acting(first), await acting(second)]

    assert visitor.cookie not in given
    assert crosswise == later == ["ada", "ada"]
    assert reused == [None, None, None]
