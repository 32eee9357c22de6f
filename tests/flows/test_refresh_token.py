"""The refresh token grant (RFC 6749 §6) with rotation (RFC 9700 §4.14.2)."""

from collections import Counter
from typing import Any

from twisted.internet.defer import Deferred, gatherResults

from iam.accounts.actors import SERVER
from tests.harness import Server

DAY = 86400


async def test_a_refresh_gives_new_tokens_for_the_same_scope(server: Server) -> None:
    app, person = await server.app(), await server.person()
    first = await server.tokens(app, person)

    reply = await server.refresh(app, first["refresh_token"])

    assert reply.status == 200
    assert set(reply.json) == {"access_token", "expires_in", "token_type", "scope", "refresh_token"}
    assert reply.json["refresh_token"] != first["refresh_token"]
    assert reply.json["access_token"] != first["access_token"]
    assert (reply.json["scope"], reply.json["expires_in"]) == ("read write", 36000)


async def test_g39_a_narrowed_scope_does_not_stick(server: Server) -> None:
    app, person = await server.app(), await server.person()
    first = await server.tokens(app, person)

    narrow = (await server.refresh(app, first["refresh_token"], scope="read")).json
    full = (await server.refresh(app, narrow["refresh_token"])).json

    assert narrow["scope"] == "read"
    assert (await server.introspect(app, narrow["access_token"]))["scope"] == "read"
    assert full["scope"] == "read write"


async def test_a_wider_scope_is_refused_and_spends_nothing(server: Server) -> None:
    app, person = await server.app(), await server.person()
    first = await server.tokens(app, person, scope="read")

    wider = await server.refresh(app, first["refresh_token"], scope="read write")
    right = await server.refresh(app, first["refresh_token"])

    assert (wider.status, wider.json["error"]) == (400, "invalid_scope")
    assert right.json["scope"] == "read"


async def test_another_client_cannot_use_it_nor_spend_it(server: Server) -> None:
    app, other, person = await server.app(), await server.app(), await server.person()
    first = await server.tokens(app, person)

    assert (await server.refresh(other, first["refresh_token"])).json["error"] == "invalid_grant"
    assert (await server.refresh(app, first["refresh_token"])).status == 200


async def test_a_retry_within_the_window_gets_the_same_answer(server: Server) -> None:
    app, person = await server.app(), await server.person()
    first = await server.tokens(app, person)
    given = (await server.refresh(app, first["refresh_token"])).json

    server.clock.advance(20)
    again = (await server.refresh(app, first["refresh_token"])).json

    assert again["refresh_token"] == given["refresh_token"]
    assert again["access_token"] == given["access_token"]
    assert again["scope"] == given["scope"]
    assert 35970 <= again["expires_in"] <= 35981


async def test_a_reuse_after_the_window_ends_the_grant(server: Server) -> None:
    app, person = await server.app(), await server.person()
    first = await server.tokens(app, person)
    given = (await server.refresh(app, first["refresh_token"])).json

    server.clock.advance(31)
    reused = await server.refresh(app, first["refresh_token"])

    assert reused.json["error"] == "invalid_grant"
    assert await server.introspect(app, given["access_token"]) == {"active": False}
    assert (await server.refresh(app, given["refresh_token"])).json["error"] == "invalid_grant"


async def test_a_reuse_after_the_successor_was_used_ends_the_grant(server: Server) -> None:
    app, person = await server.app(), await server.person()
    first = await server.tokens(app, person)
    second = (await server.refresh(app, first["refresh_token"])).json
    third = (await server.refresh(app, second["refresh_token"])).json

    reused = await server.refresh(app, first["refresh_token"])

    assert reused.json["error"] == "invalid_grant"
    assert await server.introspect(app, third["access_token"]) == {"active": False}


async def test_h40_a_hundred_refreshes_with_one_token_yield_exactly_one_successor(server: Server) -> None:
    app, person = await server.app(), await server.person()
    first = await server.tokens(app, person)

    replies = await gatherResults(
        Deferred.fromCoroutine(server.refresh(app, first["refresh_token"])) for _ in range(100)
    )

    assert Counter(reply.status for reply in replies) == {200: 100}
    assert len({reply.json["refresh_token"] for reply in replies}) == 1
    assert len({reply.json["access_token"] for reply in replies}) == 1
    successor = replies[0].json
    assert (await server.introspect(app, successor["access_token"]))["active"]
    assert (await server.refresh(app, successor["refresh_token"])).status == 200


async def test_a_refresh_token_idles_thirty_days_at_most(server: Server) -> None:
    app, person = await server.app(), await server.person()
    first = await server.tokens(app, person)

    server.clock.advance(29 * DAY)
    second = await server.refresh(app, first["refresh_token"])
    server.clock.advance(31 * DAY)
    late = await server.refresh(app, second.json["refresh_token"])

    assert second.status == 200
    assert late.json["error"] == "invalid_grant"


async def test_a_chain_ends_after_a_year(server: Server) -> None:
    app, person = await server.app(), await server.person()
    refresh_token = (await server.tokens(app, person))["refresh_token"]

    for _ in range(14):
        server.clock.advance(25 * DAY)
        reply = await server.refresh(app, refresh_token)
        refresh_token = reply.json["refresh_token"]
    server.clock.advance(16 * DAY)

    assert (await server.refresh(app, refresh_token)).json["error"] == "invalid_grant"


async def test_a_locked_out_person_is_not_refreshed(server: Server) -> None:
    app, person = await server.app(), await server.person()
    first = await server.tokens(app, person)

    await server.store.users.disable(person.user_id, server.now(), by=SERVER)

    assert (await server.refresh(app, first["refresh_token"])).json["error"] == "invalid_grant"
    assert await server.introspect(app, first["access_token"]) == {"active": False}


async def test_a_client_that_lost_the_grant_type_is_refused(server: Server, admin) -> None:
    app, person = await server.app(), await server.person()
    first = await server.tokens(app, person)

    admin.execute("update clients set grant_types = '{authorization_code}' where id = %s", (app.client_id,))
    server.store.clients.forget()

    assert (await server.refresh(app, first["refresh_token"])).json["error"] == "unauthorized_client"


async def test_g4_a_code_request_cannot_choose_its_refresh_token(server: Server) -> None:
    app, person = await server.app(), await server.person()

    reply = await server.redeem(app, await server.code(app, person), refresh_token="chosen")

    assert reply.json["refresh_token"] != "chosen"


async def test_a_slow_request_that_came_before_its_successor_was_used_ends_nothing(server: Server) -> None:
    """Its client had hung up and asked another server, whose answer it has used since."""
    app, person = await server.app(), await server.person()
    first = (await server.tokens(app, person))["refresh_token"]
    second = (await server.refresh(app, first)).json["refresh_token"]
    server.clock.advance(1)
    third = (await server.refresh(app, second)).json

    server.clock.advance(-0.5)
    late = await server.refresh(app, first)
    server.clock.advance(0.5)

    assert (late.status, late.json["error"]) == (400, "invalid_grant")
    assert (await server.introspect(app, third["access_token"]))["active"]
    assert (await server.refresh(app, third["refresh_token"])).status == 200


async def test_a_client_that_may_ask_for_less_by_now_gets_less(server: Server, admin: Any) -> None:
    app, person = await server.app(scopes=("openid", "read", "write")), await server.person()
    tokens = await server.tokens(app, person, scope="openid read write")
    admin.execute("update clients set scopes = '{write}' where id = %s", (app.client_id,))
    server.store.clients.forget()

    refreshed = (await server.refresh(app, tokens["refresh_token"])).json

    assert refreshed["scope"] == "write"
    assert "id_token" not in refreshed
    assert (await server.introspect(app, refreshed["access_token"]))["scope"] == "write"


async def test_a_client_that_may_ask_for_nothing_of_it_any_more_gets_nothing(server: Server, admin: Any) -> None:
    app, person = await server.app(scopes=("read", "write")), await server.person()
    tokens = await server.tokens(app, person, scope="read")
    admin.execute("update clients set scopes = '{write}' where id = %s", (app.client_id,))
    server.store.clients.forget()

    refused = await server.refresh(app, tokens["refresh_token"])

    assert (refused.status, refused.json["error"]) == (400, "invalid_scope")
