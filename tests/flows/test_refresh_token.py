"""The refresh token grant (RFC 6749 §6) with rotation (RFC 9700 §4.14.2)."""

from collections import Counter
from typing import Any

import pytest
from twisted.internet.defer import Deferred, gatherResults

from iam.records.actor import SERVER
from tests.harness import Server

HOUR = 3600
DAY = 24 * HOUR
WINDOW = 120  # seconds in which a public client may repeat a refresh
PUBLIC = ("authorization_code", "refresh_token")


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


async def test_a_client_with_a_secret_gets_the_same_successor_however_late_as_long_as_that_was_not_used(
    server: Server,
) -> None:
    app, person = await server.app(), await server.person()
    first = await server.tokens(app, person)
    given = (await server.refresh(app, first["refresh_token"])).json

    server.clock.advance(9 * HOUR)
    again = await server.refresh(app, first["refresh_token"])
    further = await server.refresh(app, again.json["refresh_token"])

    assert (again.json["access_token"], again.json["refresh_token"]) == (given["access_token"], given["refresh_token"])
    assert 0 < again.json["expires_in"] <= HOUR
    assert further.status == 200
    assert (await server.introspect(app, further.json["access_token"]))["active"]


async def test_a_public_client_that_repeats_later_than_the_window_is_refused_and_its_grant_lives_on(
    server: Server, admin: Any
) -> None:
    app, person = await server.app(auth_method="none", grant_types=PUBLIC), await server.person()
    first = await server.tokens(app, person)
    given = (await server.refresh(app, first["refresh_token"])).json

    server.clock.advance(WINDOW - 1)
    again = (await server.refresh(app, first["refresh_token"])).json
    server.clock.advance(2)
    late = [await server.refresh(app, first["refresh_token"]) for _ in range(3)]
    further = await server.refresh(app, given["refresh_token"])

    assert again["refresh_token"] == given["refresh_token"]
    assert {(reply.status, reply.json["error"]) for reply in late} == {(400, "invalid_grant")}
    assert further.status == 200
    admin.execute("select count(*) from audit_events where kind = 'refresh_token.reused'")
    assert admin.fetchone() == (0,)
    admin.execute("select count(*) from grants where user_id is not null and revoked_at is not null")
    assert admin.fetchone() == (0,)


@pytest.mark.parametrize("auth_method", ["client_secret_basic", "none"])
async def test_a_token_that_comes_after_its_successor_was_used_is_theft_however_late(
    server: Server, admin: Any, auth_method: str
) -> None:
    grant_types = PUBLIC if auth_method == "none" else (*PUBLIC, "client_credentials")
    app, person = await server.app(auth_method=auth_method, grant_types=grant_types), await server.person()
    first = await server.tokens(app, person)
    second = (await server.refresh(app, first["refresh_token"])).json
    server.clock.advance(WINDOW + 1)
    third = (await server.refresh(app, second["refresh_token"])).json

    server.clock.advance(WINDOW + 1)
    reused = await server.refresh(app, first["refresh_token"])

    assert reused.json["error"] == "invalid_grant"
    assert (await server.refresh(app, third["refresh_token"])).json["error"] == "invalid_grant"
    admin.execute("select count(*) from audit_events where kind = 'refresh_token.reused'")
    assert admin.fetchone() == (1,)


async def test_a_late_repetition_whose_access_token_has_ended_gets_a_new_one_and_the_same_refresh_token(
    server: Server, admin: Any
) -> None:
    app, person = await server.app(scopes=("openid", "read", "write")), await server.person()
    first = await server.tokens(app, person, scope="openid read write")
    given = (await server.refresh(app, first["refresh_token"])).json

    server.clock.advance(11 * HOUR)
    again = [(await server.refresh(app, first["refresh_token"], scope="openid read")).json for _ in range(2)]
    further = await server.refresh(app, given["refresh_token"])

    assert {each["refresh_token"] for each in again} == {given["refresh_token"]}
    assert given["access_token"] not in [each["access_token"] for each in again]
    assert [(each["scope"], each["expires_in"]) for each in again] == [("openid read", 10 * HOUR)] * 2
    assert all("id_token" in each for each in again)
    for each in again:
        assert (await server.introspect(app, each["access_token"]))["scope"] == "openid read"
    assert further.json["scope"] == "openid read write"


async def test_a_late_repetition_is_measured_like_any_other_request(server: Server) -> None:
    app, person = await server.app(), await server.person()
    first = await server.tokens(app, person, scope="read")
    given = (await server.refresh(app, first["refresh_token"])).json
    server.clock.advance(11 * HOUR)

    wider = await server.refresh(app, first["refresh_token"], scope="read write")
    right = await server.refresh(app, first["refresh_token"])

    assert (wider.status, wider.json["error"]) == (400, "invalid_scope")
    assert right.json["refresh_token"] == given["refresh_token"]


async def test_an_answer_never_says_that_its_access_token_has_ended(server: Server) -> None:
    app, person = await server.app(), await server.person()
    server.clock.stop()
    first = await server.tokens(app, person)
    given = (await server.refresh(app, first["refresh_token"])).json

    server.clock.advance(10 * HOUR - 0.2)
    again = (await server.refresh(app, first["refresh_token"])).json

    assert again["access_token"] == given["access_token"]
    assert again["expires_in"] == 1


async def test_a_repetition_revives_nothing_that_has_ended(server: Server) -> None:
    app, person = await server.app(), await server.person()
    first = await server.tokens(app, person)
    given = (await server.refresh(app, first["refresh_token"])).json
    await server.post("/revoke", {"token": given["refresh_token"], **app.form})

    server.clock.advance(11 * HOUR)
    again = await server.refresh(app, first["refresh_token"])

    assert (again.status, again.json["error"]) == (400, "invalid_grant")


async def test_a_repetition_ends_with_the_token_that_is_repeated(server: Server, admin: Any) -> None:
    app, person = await server.app(), await server.person()
    first = await server.tokens(app, person)
    given = (await server.refresh(app, first["refresh_token"])).json
    server.clock.advance(10 * DAY)
    third = await server.refresh(app, given["refresh_token"])
    fourth = (await server.refresh(app, third.json["refresh_token"])).json

    server.clock.advance(25 * DAY)
    expired = await server.refresh(app, first["refresh_token"])

    assert (expired.status, expired.json["error"]) == (400, "invalid_grant")
    assert (await server.refresh(app, fourth["refresh_token"])).status == 200


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


@pytest.mark.parametrize("slow", [0.5, 2 * WINDOW])
async def test_a_slow_request_that_came_before_its_successor_was_used_ends_nothing(server: Server, slow: float) -> None:
    """Its client had hung up and asked another server, whose answer it has used since."""
    app, person = await server.app(), await server.person()
    first = (await server.tokens(app, person))["refresh_token"]
    second = (await server.refresh(app, first)).json["refresh_token"]
    server.clock.advance(2 * slow)
    third = (await server.refresh(app, second)).json

    server.clock.advance(-slow)
    late = await server.refresh(app, first)
    server.clock.advance(slow)

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
