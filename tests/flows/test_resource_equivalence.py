"""A resource is the same however it is written (RFC 3986 §6.2), and is called as it was registered."""

from typing import Any

import pytest

from iam.records.actor import SERVER
from tests.flows.test_jwt_access_tokens import part
from tests.flows.test_resources import register
from tests.harness import App, Server

URI = "https://mcp2.example.com"
SPELLINGS = [
    URI,
    URI + "/",
    "https://MCP2.EXAMPLE.com",
    "HTTPS://mcp2.example.com:443/",
    "https://mcp2.example.com/%2e",
]

spelled = pytest.mark.parametrize("spelling", SPELLINGS)


async def own(server: Server, app: App, **parameters: str) -> Any:
    return (await server.token(app, grant_type="client_credentials", **parameters)).json


@spelled
async def test_a_token_is_for_the_resource_as_it_is_registered(server: Server, spelling: str) -> None:
    await register(server, URI)
    app = await server.app()

    given = await own(server, app, resource=spelling)

    assert (await server.introspect(app, given["access_token"]))["aud"] == URI


@spelled
async def test_a_jwt_says_so_too(server: Server, spelling: str) -> None:
    await register(server, URI, token_format="jwt", lifetime=600)

    given = await own(server, await server.app(), resource=spelling)

    assert part(given["access_token"], 1)["aud"] == URI


@spelled
async def test_a_code_and_a_refresh_token_are_used_under_any_spelling(
    server: Server, admin: Any, spelling: str
) -> None:
    await register(server, URI)
    app, person = await server.app(), await server.person()

    code = await server.code(app, person, resource=spelling)
    tokens = (await server.redeem(app, code, resource=SPELLINGS[3])).json
    fresh = (await server.refresh(app, tokens["refresh_token"], resource=spelling)).json

    assert [(await server.introspect(app, each["access_token"]))["aud"] for each in (tokens, fresh)] == [URI, URI]
    admin.execute("select resources from grants where user_id is not null")
    assert admin.fetchone() == ([URI],)


async def test_a_resource_that_is_named_twice_is_one(server: Server) -> None:
    await register(server, URI)
    app = await server.app()
    form = [*app.form.items(), ("grant_type", "client_credentials"), ("resource", URI), ("resource", URI + "/")]

    given = (await server.post("/token", form)).json

    assert (await server.introspect(app, given["access_token"]))["aud"] == URI


@spelled
async def test_its_resource_server_may_introspect_whatever_it_was_asked_as(server: Server, spelling: str) -> None:
    api = await server.app(grant_types=("client_credentials",))
    await register(server, URI, client_id=api.client_id)

    given = await own(server, await server.app(), resource=spelling)

    assert (await server.introspect(api, given["access_token"]))["active"]


@pytest.mark.parametrize(
    "other", ["http://mcp2.example.com", URI + ":8443", URI + "/x", "https://mcp2.example.com.evil"]
)
async def test_what_only_looks_like_it_is_another(server: Server, other: str) -> None:
    await register(server, URI)

    assert (await own(server, await server.app(), resource=other))["error"] == "invalid_target"


async def test_two_equivalent_resources_cannot_be_registered(server: Server, admin: Any) -> None:
    await register(server, URI)
    told: Any = {"scopes": (), "token_format": "opaque", "lifetime": 60, "client_id": None, "by": SERVER}

    made = [await server.store.resources.create(spelling, now=server.now(), **told) for spelling in SPELLINGS]

    assert made == [False] * len(SPELLINGS)
    with pytest.raises(Exception, match="resources_normal_key"):
        admin.execute(
            "insert into resources (uri, normal, lifetime, created_at) values ('x', %s, 1, now())", (URI + "/",)
        )


async def test_a_resource_of_before_that_has_no_normal_name_yet_gets_one(server: Server, admin: Any) -> None:
    admin.execute("insert into resources (uri, lifetime, created_at) values (%s, 60, now() - interval '1 day')", (URI,))
    admin.execute("insert into resources (uri, lifetime, created_at) values (%s, 60, now())", (URI + "/",))
    server.store.resources.forget()
    told: Any = {"scopes": (), "token_format": "opaque", "lifetime": 60, "client_id": None, "by": SERVER}

    assert not await server.store.resources.create("https://MCP2.example.com", now=server.now(), **told)

    admin.execute("select uri, normal from resources order by created_at")
    assert admin.fetchall() == [(URI, URI + "/"), (URI + "/", None)]


async def test_of_two_that_were_there_before_each_is_found_by_its_own_name(server: Server, admin: Any) -> None:
    for uri in (URI, URI + "/"):
        admin.execute("insert into resources (uri, lifetime, created_at) values (%s, 60, clock_timestamp())", (uri,))
    server.store.resources.forget()

    found = [await server.store.resources.find(uri) for uri in (URI, URI + "/", "https://MCP2.example.com")]

    assert [resource and resource.uri for resource in found] == [URI, URI + "/", URI]


async def test_our_own_resource_takes_tokens_for_it_however_it_was_registered(server: Server) -> None:
    uri = server.own_resource.replace("http://", "HTTP://")
    await register(server, uri)
    app = await server.app()

    given = await own(server, app, resource=server.own_resource)
    reply = await server.get("/resource", headers={"Authorization": f"Bearer {given['access_token']}"})

    assert (reply.status, reply.json["aud"]) == (200, uri)
