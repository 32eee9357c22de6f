"""A resource says which clients may ask for it."""

from collections.abc import Callable
from typing import Any

import pytest
from attrs import evolve

from iam.records.actor import SERVER
from tests.flows.test_jwt_access_tokens import part
from tests.flows.test_resources import register as resource
from tests.flows.test_scopes_at_resources import MCP, scope
from tests.harness import App, Reply, Server
from tests.registering import Registered, register, registered

Configured = Callable[..., Server]

REFRESHING = {"grant_types": ["authorization_code", "refresh_token"]}


@pytest.fixture
def anybody(configured: Configured) -> Server:
    """The server, where anybody may register a client."""
    return configured(registration="open", registration_scope=("read",))


async def stranger(server: Server, **members: Any) -> Registered:
    """A client that nobody here answers for."""
    reply = await register(server, None, **{"scope": "openid offline_access", **REFRESHING, **members})
    assert reply.status == 201, reply.text
    return Registered(server, reply.json)


async def mcp(server: Server, **told: Any) -> None:
    """A resource with two scopes of its own, one of which only administrators give away."""
    await scope(server, "tools:use")
    await scope(server, "tools:rule", restricted=True)
    await resource(server, MCP, **{"scopes": ("tools:use", "tools:rule"), **told})


async def changed(server: Server, **changes: Any) -> None:
    found = await server.store.resources.find(MCP)
    assert found is not None
    assert await server.store.resources.update(evolve(found, **changes), server.now(), SERVER)


async def asked(server: Server, app: App, **parameters: str) -> str:
    """The scope that the client is granted for the resource, or the error."""
    sent = (await server.authorize(app, await server.person(), resource=MCP, **parameters)).sent_back
    if "error" in sent:
        return sent["error"]
    return str((await server.redeem(app, sent["code"])).json["scope"])


@pytest.mark.parametrize(
    ("clients", "expected"),
    [
        ("administered", ["tools:use"] * 2 + ["invalid_target"]),
        ("all", ["tools:use"] * 3),
        ("named", ["invalid_target"] * 3),
    ],
)
async def test_who_may_ask(anybody: Server, clients: str, expected: list[str]) -> None:
    await mcp(anybody, clients=clients)
    administered = await anybody.app(scopes=("tools:use",))
    introduced = (await registered(anybody, scopes=("tools:use",), scope="openid tools:use")).app
    unknown = (await stranger(anybody)).app

    answers = [await asked(anybody, app, scope="tools:use") for app in (administered, introduced, unknown)]

    assert answers == expected


@pytest.mark.parametrize("clients", ["administered", "named"])
async def test_a_client_that_is_named_may_ask(anybody: Server, clients: str) -> None:
    app, other = await anybody.app(scopes=("read",)), await anybody.app(scopes=("read",))
    unknown = (await stranger(anybody, scope="openid read")).app
    await resource(anybody, MCP, clients=clients, allowed_clients=(app.client_id, unknown.client_id))

    answers = [await asked(anybody, each, scope="read") for each in (app, unknown)]

    assert answers == ["read", "read"]
    assert (await asked(anybody, other, scope="read") == "read") == (clients == "administered")


@pytest.mark.parametrize(
    "asking", ["tools:use", "openid offline_access tools:use", "openid tools:use tools:rule read", None]
)
async def test_a_stranger_gets_the_scopes_of_a_resource_for_all_and_no_restricted_ones(
    anybody: Server, asking: str | None
) -> None:
    await mcp(anybody, clients="all")
    client = await stranger(anybody)

    granted = await asked(anybody, client.app, **({"scope": asking} if asking else {}))

    assert granted.split() == [name for name in (asking or "tools:use").split() if name not in ("tools:rule", "read")]
    assert client.document["scope"] == "openid offline_access"


async def test_a_stranger_gets_them_nowhere_else(anybody: Server) -> None:
    await mcp(anybody, clients="all")
    await resource(anybody, "https://other.example", clients="all")
    app, person = (await stranger(anybody)).app, await anybody.person()

    without = (await anybody.authorize(app, person, scope="tools:use")).sent_back
    elsewhere = (await anybody.authorize(app, person, scope="tools:use", resource="https://other.example")).sent_back

    assert [sent["error"] for sent in (without, elsewhere)] == ["invalid_scope", "invalid_scope"]


async def test_nobody_gets_them_without_a_person_who_was_asked(anybody: Server) -> None:
    await mcp(anybody, clients="all")
    client = await registered(
        anybody, scopes=("read",), scope="read", grant_types=["client_credentials"], redirect_uris=[]
    )

    reply = await anybody.token(client.app, grant_type="client_credentials", scope="tools:use", resource=MCP)

    assert reply.json["error"] == "invalid_scope"


async def test_a_strangers_tokens_work_and_are_refreshed(anybody: Server) -> None:
    api = await anybody.app(introspect_any=True)
    await mcp(anybody, clients="all", token_format="jwt", lifetime=600)
    app, person = (await stranger(anybody)).app, await anybody.person()

    tokens = await anybody.tokens(app, person, scope="openid offline_access tools:use", resource=MCP)
    fresh = (await anybody.refresh(app, tokens["refresh_token"])).json

    assert part(fresh["access_token"], 1)["scope"] == "openid offline_access tools:use"
    assert (await anybody.introspect(api, fresh["access_token"]))["scope"] == "openid offline_access tools:use"


async def test_a_stranger_gets_no_jwt_for_a_resource_that_names_no_scopes(anybody: Server) -> None:
    await resource(anybody, MCP, clients="all", token_format="jwt", lifetime=600)
    app = (await stranger(anybody, scope="openid read")).app

    refused = await asked(anybody, app, scope="openid read")
    await changed(anybody, token_format="opaque")

    assert refused == "invalid_target"
    assert await asked(anybody, app, scope="openid read") == "openid read"


@pytest.mark.parametrize(
    "change",
    [
        {"clients": "administered"},
        {"clients": "named"},
        {"token_format": "jwt", "scopes": frozenset(), "lifetime": 600},
        {"scopes": frozenset({"tools:rule"})},
    ],
    ids=str,
)
async def test_what_a_stranger_may_no_longer_ask_for_it_no_longer_has(anybody: Server, change: dict[str, Any]) -> None:
    api = await anybody.app(introspect_any=True)
    await mcp(anybody, clients="all")
    app, person = (await stranger(anybody)).app, await anybody.person()
    tokens = await anybody.tokens(app, person, scope="tools:use", resource=MCP)

    await changed(anybody, **change)
    fresh = await anybody.refresh(app, tokens["refresh_token"])
    told = await anybody.introspect(api, tokens["access_token"])

    assert fresh.json["error"] in ("invalid_grant", "invalid_scope")
    assert not told["active"]


async def test_a_client_that_is_named_no_longer_has_no_tokens_either(server: Server) -> None:
    app, person = await server.app(), await server.person()
    await resource(server, MCP, clients="named", allowed_clients=(app.client_id,))
    tokens = await server.tokens(app, person, resource=MCP)
    own = (await server.token(app, grant_type="client_credentials", resource=MCP)).json

    await changed(server, allowed_clients=frozenset())

    assert (await server.refresh(app, tokens["refresh_token"])).json["error"] == "invalid_grant"
    for token in (tokens["access_token"], own["access_token"]):
        assert not (await server.introspect(app, token))["active"]


def offers(reply: Reply) -> Any:
    return reply.json.get("resources")


async def test_the_answer_to_a_registration_names_the_resources_and_their_scopes(anybody: Server) -> None:
    await mcp(anybody, clients="all")
    await resource(anybody, "https://administered.example", scopes=("read",))
    await resource(anybody, "https://disabled.example", clients="all")
    await anybody.store.resources.set_disabled("https://disabled.example", anybody.now(), anybody.now(), SERVER)

    client = await stranger(anybody)
    introduced = await registered(anybody, scopes=("read",), scope="openid read")

    told = [{"resource": MCP, "scope": "tools:use"}]
    assert client.document["resources"] == offers(await client.read()) == told
    assert offers(await client.update(client.document)) == told
    assert introduced.document["resources"] == [*told, {"resource": "https://administered.example", "scope": "read"}]


async def test_a_change_names_the_resources_of_what_the_client_is_from_now_on(anybody: Server) -> None:
    await resource(anybody, "https://administered.example", scopes=("read", "write"))
    client = await registered(anybody, scopes=("read", "write"), scope="openid read write")

    reply = await client.update({**client.document, "scope": "openid read"})

    offered = [{"resource": "https://administered.example", "scope": "read"}]
    assert offers(reply) == offers(await client.read()) == offered


async def test_where_there_is_none_for_it_the_answer_names_none(anybody: Server) -> None:
    await mcp(anybody)

    assert "resources" not in (await stranger(anybody)).document


async def test_the_scopes_are_worked_out_at_the_request_not_at_the_registration(anybody: Server) -> None:
    client = await stranger(anybody)
    await mcp(anybody, clients="all")

    assert await asked(anybody, client.app, scope="tools:use") == "tools:use"
