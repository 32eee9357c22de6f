"""What a registered resource says about itself, by this server (RFC 9728 §3.3)."""

from urllib.parse import quote

import pytest
from attrs import evolve

from iam.administration import mcp, resources, scopes
from iam.administration.resources import Terms
from iam.records.actor import COMMAND_LINE
from iam.records.scope import Scope
from tests.harness import Reply, Server

TOOLS = "https://tools.example/mcp"


async def described(server: Server, uri: str) -> Reply:
    return await server.get(f"/resources/metadata?resource={quote(uri, safe='')}")


async def test_a_resource_is_described(server: Server) -> None:
    await mcp.add(server.application.administration, TOOLS, ["tools:use", "read"], COMMAND_LINE)

    reply = await described(server, TOOLS)

    assert reply.status == 200
    assert reply.header("access-control-allow-origin") == "*"
    assert reply.json == {
        "resource": TOOLS,
        "authorization_servers": [server.settings.issuer],
        "bearer_methods_supported": ["header"],
        "scopes_supported": ["read", "tools:use"],
    }


async def test_it_is_found_by_any_way_to_write_its_name(server: Server) -> None:
    await resources.create(server.application.administration, TOOLS, Terms(), COMMAND_LINE)

    reply = await described(server, "HTTPS://TOOLS.example:443/mcp")

    assert (reply.json["resource"], "scopes_supported" in reply.json) == (TOOLS, False)


async def test_scopes_that_nobody_can_ask_for_are_not_named(server: Server) -> None:
    on = server.application.administration
    await scopes.create(on, Scope("tools:stop", "Stop them", restricted=True), COMMAND_LINE)
    await resources.create(on, TOOLS, Terms(scopes=frozenset({"read", "tools:stop"})), COMMAND_LINE)

    assert (await described(server, TOOLS)).json["scopes_supported"] == ["read"]


@pytest.mark.parametrize("query", ["", "?resource=", "?resource=https%3A%2F%2Fother.example", "?resource=a&resource=b"])
async def test_what_is_not_registered_is_not_found(server: Server, query: str) -> None:
    assert (await server.get("/resources/metadata" + query)).status == 404


async def test_one_that_is_disabled_is_not_found(server: Server) -> None:
    on = server.application.administration
    await resources.create(on, TOOLS, Terms(), COMMAND_LINE)
    await resources.disable(on, TOOLS, COMMAND_LINE)

    assert (await described(server, TOOLS)).status == 404


async def test_the_address_that_is_printed_is_the_one_that_answers(server: Server) -> None:
    on = server.application.administration
    resource = await mcp.add(on, TOOLS, ["tools:use"], COMMAND_LINE)
    header = mcp.challenge(server.settings.issuer, resource)

    reply = await server.get(header.partition('resource_metadata="')[2].partition('"')[0])

    assert (reply.json["resource"], header.endswith('scope="tools:use"')) == (TOOLS, True)
    assert "scope" not in mcp.challenge(server.settings.issuer, evolve(resource, scopes=frozenset()))
