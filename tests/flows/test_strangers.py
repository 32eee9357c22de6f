"""Clients that registered themselves and that nobody uses go; those that are used stay, and so do those somebody answers for."""

from typing import Any

import pytest
from twisted.internet.defer import Deferred

from iam.operations.retention import tasks
from iam.records.actor import SERVER
from tests.harness import App, Server
from tests.registering import initial_access_token, register

DAYS = 90 * 86400


@pytest.fixture
def open_server(configured: Any) -> Server:
    server: Server = configured(registration="open", registration_scope=("read",))
    return server


async def stranger(server: Server, **members: Any) -> App:
    """A client that has registered itself without an initial access token."""
    told = (await register(server, None, **members)).json
    return App(told["client_id"], told["client_secret"])


async def tidy(server: Server) -> None:
    """What a round of retention does about clients."""
    for task in tasks(server.store, server.keys):
        if "clients" in task.name:
            while await task.step(server.now()):
                pass


async def there(server: Server, app: App) -> bool:
    return await server.store.clients.read(app.client_id) is not None


async def test_a_client_that_nobody_uses_for_ninety_days_goes_and_may_register_anew(open_server: Server) -> None:
    app = await stranger(open_server)
    await tidy(open_server)
    before = await there(open_server, app)

    open_server.clock.advance(DAYS + 2 * 86400)
    await tidy(open_server)
    (event,) = await open_server.store.audit.events(client=app.client_id, kind="client.deleted")
    refused = await open_server.token(app, grant_type="authorization_code", code="x", redirect_uri="https://x.example/")

    assert before
    assert not await there(open_server, app)
    assert (event.actor, event.detail["name"]) == ("server", "Shop")
    assert (refused.status, refused.json["error"]) == (401, "invalid_client")
    assert (await register(open_server, None)).status == 201


async def test_a_client_that_is_used_stays(open_server: Server) -> None:
    app = await stranger(open_server)
    open_server.clock.advance(DAYS)
    await open_server.tokens(app, await open_server.person(), scope="openid")
    await tidy(open_server)

    open_server.clock.advance(DAYS - 86400)
    await tidy(open_server)

    assert await there(open_server, app)


async def test_a_use_is_written_down_once_a_day_and_never_where_it_happens(open_server: Server, admin: Any) -> None:
    app, person = await stranger(open_server), await open_server.person()
    used = "select count(*) from client_uses where client_id = %s"

    await open_server.authorize(app, person, scope="openid")
    admin.execute(used, (app.client_id,))
    (at_once,) = admin.fetchone()
    await tidy(open_server)
    admin.execute(used, (app.client_id,))
    (later,) = admin.fetchone()
    await open_server.authorize(app, person, scope="openid")
    again = await open_server.store.strangers.write(open_server.now())

    assert (at_once, later, again) == (0, 1, 0)


async def test_uses_of_clients_that_somebody_answers_for_are_written_down_too_and_go_with_them(
    open_server: Server, admin: Any
) -> None:
    app, other = await open_server.app(), await open_server.app()
    await open_server.token(app, grant_type="client_credentials")
    await tidy(open_server)

    last = await open_server.store.strangers.last()
    await open_server.store.clients.delete(app.client_id, open_server.now(), SERVER)

    assert (last[app.client_id], last[other.client_id]) == (open_server.now().date(), None)
    admin.execute("select count(*) from client_uses where client_id = %s", (app.client_id,))
    assert admin.fetchone() == (0,)


async def test_a_client_that_was_allowed_something_lately_stays_though_its_use_was_never_written(
    open_server: Server, admin: Any
) -> None:
    app = await stranger(open_server)
    open_server.clock.advance(DAYS)
    await open_server.tokens(app, await open_server.person(), scope="openid")
    await tidy(open_server)
    admin.execute("delete from client_uses")

    open_server.clock.advance(2 * 86400)
    await tidy(open_server)

    assert await there(open_server, app)


async def test_clients_that_somebody_answers_for_stay_however_long_nobody_uses_them(open_server: Server) -> None:
    told = (await register(open_server, await initial_access_token(open_server))).json
    apps = [await open_server.app(), App(told["client_id"], told["client_secret"])]

    open_server.clock.advance(10 * DAYS)
    await tidy(open_server)

    assert [await there(open_server, app) for app in apps] == [True, True]


async def test_where_there_are_almost_too_many_those_go_after_a_day_that_never_were_used(
    open_server: Server, admin: Any
) -> None:
    used, unused, person = await stranger(open_server), await stranger(open_server), await open_server.person()
    await open_server.authorize(used, person, scope="openid")
    await tidy(open_server)
    most = open_server.settings.limits.registered_clients
    admin.execute(
        "insert into clients (id, name, grant_id, auth_method, grant_types, scopes, created_at, updated_at, registration_digest)"
        " select 'crowd ' || n, 'Crowd', gen_random_uuid(), 'none', '{authorization_code}', '{openid}', %(now)s, %(now)s, 'x'"
        " from generate_series(1, %(most)s) n",
        {"now": open_server.now(), "most": most - most // 5},
    )

    await tidy(open_server)
    before = await there(open_server, unused)
    open_server.clock.advance(2 * 86400 + 60)
    await tidy(open_server)

    assert before
    assert [await there(open_server, app) for app in (used, unused)] == [True, False]
    admin.execute("delete from clients where name = 'Crowd'")


async def test_a_sweep_removes_so_many_at_a_time(open_server: Server, admin: Any) -> None:
    admin.execute(
        "insert into clients (id, name, grant_id, auth_method, grant_types, scopes, created_at, updated_at, registration_digest)"
        " select 'old ' || n, 'Old', gen_random_uuid(), 'none', '{authorization_code}', '{openid}', %(now)s, %(now)s, 'x'"
        " from generate_series(1, 1200) n",
        {"now": open_server.now()},
    )
    open_server.clock.advance(DAYS + 2 * 86400)

    counts = [await open_server.store.strangers.sweep(open_server.now()) for _ in range(4)]

    assert counts == [500, 500, 200, 0]


async def test_a_change_of_one_client_drops_no_other_from_memory(server: Server, admin: Any) -> None:
    one, other = await server.app(), await server.app()
    await server.hearing.up_to_now()
    first = [await server.store.clients.by_id(app.client_id) for app in (one, other)]

    admin.execute("update clients set name = 'Renamed' where id = %s", (one.client_id,))
    admin.execute("delete from client_secrets where client_id = %s", (one.client_id,))
    await server.hearing.up_to_now()
    second = [await server.store.clients.by_id(app.client_id) for app in (one, other)]

    assert second[0] is not first[0]
    assert second[0] is not None
    assert (second[0].name, second[0].secrets) == ("Renamed", ())
    assert second[1] is first[1]


async def test_a_change_that_comes_while_a_client_is_read_is_not_forgotten(server: Server, admin: Any) -> None:
    app = await server.app()
    await server.hearing.up_to_now()
    server.store.clients.forget()
    reading = Deferred.fromCoroutine(server.store.clients.by_id(app.client_id))

    server.store.clients.forget(app.client_id)
    await reading
    admin.execute("update clients set name = 'Renamed' where id = %s", (app.client_id,))

    client = await server.store.clients.by_id(app.client_id)
    assert client is not None
    assert client.name == "Renamed"


async def test_the_origins_of_a_client_are_known_and_gone_as_soon_as_it_changes(server: Server, admin: Any) -> None:
    app = await server.app(redirect_uris=("https://one.example/",))
    known = server.store.clients.live_at
    await server.hearing.up_to_now()
    before = [await known(f"https://{name}.example") for name in ("one", "two")]

    admin.execute("update clients set redirect_uris = '{https://two.example/}' where id = %s", (app.client_id,))
    await server.hearing.up_to_now()
    after = [await known(f"https://{name}.example") for name in ("one", "two")]
    admin.execute("update clients set disabled_at = now() where id = %s", (app.client_id,))
    await server.hearing.up_to_now()

    assert (before, after) == ([True, False], [False, True])
    assert not await known("https://two.example")
