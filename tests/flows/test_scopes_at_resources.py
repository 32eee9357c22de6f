"""Scopes beside resources: what is about the person is not measured, what cannot be is left out (RFC 6749 §3.3, RFC 8707 §2.1)."""

from typing import Any

import pytest

from iam.records.actor import SERVER
from tests.flows.test_resources import register
from tests.harness import App, Server

MCP = "https://mcp.example"
PERSONAL = ("openid", "profile", "email", "address", "phone", "offline_access")


async def scope(server: Server, name: str, **told: Any) -> None:
    assert await server.store.scopes.create(name, f"Use {name}", server.now(), **told, by=SERVER)


async def tools(server: Server, *more: str, **told: Any) -> App:
    """A resource with a scope of its own, and a client that may ask for it."""
    await scope(server, "tools:use")
    await register(server, MCP, scopes=("tools:use",), **told)
    return await server.app(scopes=(*PERSONAL, "read", "tools:use", *more))


@pytest.mark.parametrize("token_format", ["opaque", "jwt"])
async def test_with_openid_and_offline_access_there_are_all_three_tokens(server: Server, token_format: str) -> None:
    app, person = await tools(server, token_format=token_format, lifetime=600), await server.person()

    tokens = await server.tokens(app, person, scope="openid offline_access tools:use", resource=MCP)
    told = await server.introspect(app, tokens["access_token"])

    assert tokens["scope"] == told["scope"] == "openid offline_access tools:use"
    assert told["aud"] == MCP
    assert {"id_token", "refresh_token"} <= tokens.keys()


@pytest.mark.parametrize("name", PERSONAL)
async def test_no_scope_about_the_person_is_measured_against_a_resource(server: Server, name: str) -> None:
    app, person = await tools(server), await server.person()

    tokens = await server.tokens(app, person, scope=f"{name} tools:use", resource=MCP)

    assert tokens["scope"] == f"{name} tools:use"


async def test_scopes_of_claims_that_the_operator_made_are_not_either(server: Server) -> None:
    await scope(server, "groups", claims=("groups",))
    app, person = await tools(server, "groups"), await server.person()

    tokens = await server.tokens(app, person, scope="openid groups tools:use", resource=MCP)

    assert tokens["scope"] == "openid groups tools:use"


@pytest.mark.parametrize(
    ("asked", "granted"),
    [
        ("openid read tools:use", "openid tools:use"),
        ("tools:use nothing:known openid", "tools:use openid"),
        ("write tools:use", "tools:use"),
        ("tools:use tools:use", "tools:use"),
    ],
)
async def test_what_cannot_be_is_left_out_and_the_answer_says_what_was_granted(
    server: Server, asked: str, granted: str
) -> None:
    app, person = await tools(server), await server.person()

    tokens = await server.tokens(app, person, scope=asked, resource=MCP)
    own = await server.token(app, grant_type="client_credentials", scope=asked, resource=MCP)

    assert tokens["scope"] == granted
    assert own.json["scope"] == "tools:use"


@pytest.mark.parametrize("asked", ["read", "openid", "openid offline_access profile", "nothing:known", "openid read"])
async def test_where_nothing_is_left_for_the_resource_the_client_is_told(server: Server, asked: str) -> None:
    app, person = await tools(server), await server.person()

    sent = (await server.authorize(app, person, scope=asked, resource=MCP)).sent_back
    own = await server.token(app, grant_type="client_credentials", scope=asked, resource=MCP)

    assert sent["error"] == "invalid_scope"
    assert own.json["error"] == "invalid_scope"


async def test_a_refresh_gives_the_same_again_and_never_more(server: Server) -> None:
    app, person = await tools(server), await server.person()
    tokens = await server.tokens(app, person, scope="openid offline_access tools:use", resource=MCP)

    fresh = (await server.refresh(app, tokens["refresh_token"])).json
    narrow = (await server.refresh(app, fresh["refresh_token"], scope="openid tools:use")).json
    wider = await server.refresh(app, narrow["refresh_token"], scope="openid tools:use read")
    unknown = await server.refresh(app, narrow["refresh_token"], scope="tools:use nothing:known")
    again = (await server.refresh(app, narrow["refresh_token"])).json

    assert [each["scope"] for each in (fresh, narrow, again)] == [
        "openid offline_access tools:use",
        "openid tools:use",
        "openid offline_access tools:use",
    ]
    assert all("id_token" in each for each in (fresh, narrow, again))
    assert [reply.json["error"] for reply in (wider, unknown)] == ["invalid_scope"] * 2


async def test_a_token_for_a_resource_says_nothing_at_user_info(server: Server) -> None:
    app, person = await tools(server), await server.person()

    tokens = await server.tokens(app, person, scope="openid tools:use", resource=MCP)
    reply = await server.get("/userinfo", headers={"Authorization": f"Bearer {tokens['access_token']}"})

    assert reply.status == 401


async def test_nothing_is_granted_that_the_client_is_not_registered_for(server: Server) -> None:
    await tools(server)
    app, person = await server.app(scopes=("openid", "read")), await server.person()

    sent = (await server.authorize(app, person, scope="openid tools:use", resource=MCP)).sent_back

    assert sent["error"] == "invalid_scope"


@pytest.mark.parametrize(
    ("parameters", "got"),
    [
        ({"scope": "read write nothing:known"}, "unknown here: nothing:known"),
        ({"scope": "read profile"}, "about a person, without one: profile"),
        ({"scope": "read tools:use", "resource": MCP}, "of no use to the resource: read"),
    ],
)
async def test_what_was_left_out_can_be_read_by_the_clients_makers(
    server: Server, parameters: dict[str, str], got: str
) -> None:
    app = await tools(server, "write")

    reply = await server.token(app, grant_type="client_credentials", **parameters)
    await server.store.refusals.flush()
    (trace,) = await server.store.refusals.latest(app.client_id, server.now(), 10)

    assert reply.status == 200
    assert (trace.error, trace.failed, trace.got) == ("left_out", "scope", got)
    assert (trace.endpoint, trace.grant_type) == ("/token", "client_credentials")


async def test_what_an_authorization_request_was_not_given_can_be_read_too(server: Server) -> None:
    app, person = await tools(server), await server.person()

    await server.code(app, person, scope="openid write")
    await server.store.refusals.flush()
    (trace,) = await server.store.refusals.latest(app.client_id, server.now(), 10)

    assert (trace.endpoint, trace.error, trace.got) == ("/authorize", "left_out", "not the application's: write")


@pytest.mark.parametrize("parameters", [{"scope": "openid read"}, {"scope": "openid tools:use", "resource": MCP}])
async def test_openid_is_never_left_out(server: Server, parameters: dict[str, str]) -> None:
    """Who asks for an identity would otherwise be answered as if it had not."""
    await tools(server)
    app, person = await server.app(scopes=("read", "tools:use")), await server.person()

    sent = (await server.authorize(app, person, **parameters)).sent_back

    assert sent["error"] == "invalid_scope"
