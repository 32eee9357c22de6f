"""What is sensitive wants a login of the last ten minutes at `/api/v1` too (RFC 9470)."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from attrs import evolve

from iam.records.session import RECENT
from iam.secrets import minted
from iam.secrets.minted import Kind
from iam.server.own_resources import register_api
from tests.api.conftest import Api, Caller
from tests.harness import Person, Reply, Server
from tests.pages.factors import add_app


def challenge(reply: Reply) -> str:
    return reply.header("www-authenticate") or ""


async def test_a_login_of_long_ago_is_sent_to_log_in_again(api: Api, call: Caller) -> None:
    await api.server.person("alice")
    api.server.clock.advance(RECENT + 1)

    reply = await call("DELETE", "/people/alice")

    assert (reply.status, reply.json["error"], reply.json["max_age"]) == (
        401,
        "insufficient_user_authentication",
        "600",
    )
    assert 'error="insufficient_user_authentication"' in challenge(reply)
    assert 'max_age="600"' in challenge(reply)
    assert "acr_values" not in challenge(reply)
    assert (await call("GET", "/people/alice")).status == 200


async def test_a_login_in_between_makes_older_tokens_no_younger_than_they_are(api: Api, call: Caller) -> None:
    await api.server.person("alice")
    api.server.clock.advance(RECENT + 1)
    again = await log_in_again(api.server, api.person)

    older = await call("DELETE", "/people/alice")
    newer = await (await api.logged_in(again))("DELETE", "/people/alice")

    assert (older.status, newer.status) == (401, 200)


async def log_in_again(server: Server, person: Person) -> Person:
    """The same session, under another cookie."""
    now, cookie = server.now(), minted.mint_until(Kind.SESSION, server.now() + timedelta(days=7))
    assert await server.store.sessions.begin(
        session_id=minted.identifier(),
        digest=minted.digest(cookie),
        day=minted.day_of(cookie),
        user_id=person.user_id,
        now=now,
        expires_at=now + timedelta(days=7),
        remembered=False,
        before=minted.digest(person.cookie),
    )
    return evolve(person, cookie=cookie)


async def test_a_token_of_a_session_that_has_ended_comes_from_no_login(api: Api, call: Caller) -> None:
    await api.server.person("alice")
    now = api.server.now()
    await api.server.store.sessions.end(minted.digest(api.person.cookie), minted.day_of(api.person.cookie), now)

    reply = await call("DELETE", "/people/alice")

    assert (reply.status, reply.json["error"]) == (401, "insufficient_user_authentication")


async def test_a_token_that_was_made_by_hand_is_no_login(api: Api) -> None:
    await api.server.person("alice")
    call = await api.personal(api.person)

    reply = await call("DELETE", "/people/alice")

    assert reply.status == 403
    assert "made by hand" in reply.json["detail"]
    assert (await call("PATCH", "/people/alice", {"name": "Alice"})).status == 200


async def test_a_client_that_acts_for_itself_does_what_its_scopes_say(api: Api) -> None:
    await api.server.person("alice")
    app = await api.server.app(grant_types=("client_credentials",), scopes=("iam:people:write",))
    call = await api.client(app, ["iam:people:write"])

    assert (await call("DELETE", "/people/alice")).status == 200


@pytest.mark.parametrize("role", ["support", "administrator"])
async def test_the_factor_that_administrators_are_asked_for_is_asked_here(
    api: Api, configured: Callable[..., Server], role: str
) -> None:
    strict = evolve(api, server=configured(admin_acr="2"))
    await register_api(strict.server.store, strict.server.settings, strict.server.clock_of_store())
    call = await strict.logged_in(await api.with_role(role))
    await api.server.person("alice")

    reply = await call("DELETE", "/people/alice")

    assert (reply.status, reply.json["acr_values"]) == (401, "2")
    assert 'acr_values="2"' in challenge(reply)
    assert (await call("GET", "/people/alice")).status == 200


async def test_who_has_a_second_factor_must_have_used_it(api: Api, call: Caller) -> None:
    await api.server.person("alice")
    await add_app(api.server, api.person.user_id)

    reply = await call("DELETE", "/people/alice")

    assert (reply.status, reply.json["acr_values"]) == (401, "2")
