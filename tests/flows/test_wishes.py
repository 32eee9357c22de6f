"""What a client wishes for and cannot have is left out of its registration, and said; the rest is registered."""

import json
from pathlib import Path
from typing import Any

import pytest
from twisted.internet import reactor
from twisted.logger import LogLevel, formatEvent, globalLogPublisher

from iam.records.actor import SERVER
from iam.server.service import AuthorizationServer
from iam.settings import read
from tests.harness import REDIRECT_URI, App, Server
from tests.registering import initial_access_token, register, registered

OPENID = {"openid", "profile", "email", "address", "phone", "offline_access"}
UNKNOWN = "urn:ietf:params:oauth:grant-type:saml2-bearer"
MCP = json.loads((Path(__file__).parent / "mcp_clients.json").read_text())


@pytest.fixture
def open_server(configured: Any, admin: Any) -> Server:
    """A server at which everybody registers, with scopes for which nobody here ever asked."""
    admin.execute("insert into scopes (name, description) values ('mcp:read', 'Use the tools')")
    admin.execute("insert into scopes (name, description, restricted) values ('payroll', 'Pay everybody', true)")
    server: Server = configured(registration="open", registration_scope=("mcp:read", "payroll"))
    return server


@pytest.mark.parametrize(
    ("wishes", "member", "registered_value"),
    [
        (
            {"grant_types": ["authorization_code", "refresh_token", UNKNOWN]},
            "grant_types",
            ["authorization_code", "refresh_token"],
        ),
        ({"grant_types": ["password", "authorization_code"]}, "grant_types", ["authorization_code"]),
        ({"grant_types": ["implicit", "authorization_code"]}, "grant_types", ["authorization_code"]),
        ({"grant_types": ["authorization_code", "client_credentials"]}, "grant_types", ["authorization_code"]),
        ({"response_types": ["code", "token"]}, "response_types", ["code"]),
        ({"response_types": ["code", "code id_token"]}, "response_types", ["code"]),
        ({"scope": "openid admin"}, "scope", "openid"),
        ({"scope": "openid payroll mcp:read"}, "scope", "openid mcp:read"),
        ({"token_endpoint_auth_method": "tls_client_auth"}, "token_endpoint_auth_method", "client_secret_basic"),
        ({"application_type": "service"}, "application_type", "web"),
        ({"tos_uri": "terms.html"}, "tos_uri", None),
        ({"logo_uri": "data:image/png;base64,AAAA"}, "logo_uri", None),
        ({"contacts": ["a\nb"]}, "contacts", None),
        ({"contacts": [f"{n}@client.example" for n in range(11)]}, "contacts", None),
        ({"software_version": "x" * 256}, "software_version", None),
        ({"default_acr_values": [str(n) for n in range(11)]}, "default_acr_values", None),
        ({"default_acr_values": ["1 2"]}, "default_acr_values", None),
        ({"redirect_uris": [REDIRECT_URI, "http://client.example/"]}, "redirect_uris", [REDIRECT_URI]),
        ({"post_logout_redirect_uris": [REDIRECT_URI, "x:y"]}, "post_logout_redirect_uris", [REDIRECT_URI]),
        ({"software_statement": "eyJhbGciOiJub25lIn0.e30."}, "software_statement", None),
        ({"favourite_colour": {"or": ["none"]}}, "favourite_colour", None),
    ],
)
async def test_a_wish_that_cannot_be_is_left_out_and_said_and_the_rest_is_registered(
    open_server: Server, wishes: dict[str, Any], member: str, registered_value: Any
) -> None:
    reply = await register(open_server, None, **wishes)
    kept = await open_server.store.clients.read(reply.json["client_id"])

    assert reply.status == 201
    assert reply.json.get(member) == registered_value
    assert reply.json["left_out"].keys() == {member}
    assert kept is not None
    assert kept.left_out == reply.json["left_out"]


async def test_where_nothing_is_left_out_nothing_is_said(open_server: Server) -> None:
    reply = await register(open_server, None, scope="openid mcp:read", grant_types=["authorization_code"])

    assert reply.status == 201
    assert not {"left_out", "left_out_uri"} & reply.json.keys()


async def test_what_was_left_out_can_be_read_about(open_server: Server) -> None:
    reply = await register(open_server, None, scope="openid admin", grant_types=["authorization_code", UNKNOWN])
    await open_server.store.refusals.flush()
    trace = await open_server.store.refusals.find(reply.json["left_out_uri"].rpartition("/")[2], open_server.now())

    assert trace is not None
    assert (trace.endpoint, trace.error, trace.client_id) == ("/register", "left_out", reply.json["client_id"])
    assert "admin" in trace.got
    assert "saml2-bearer" in trace.got


async def test_who_sends_an_answer_back_as_it_came_is_told_of_nothing_new(server: Server) -> None:
    """RFC 7592 §2.2."""
    client = await registered(server, scope="openid admin")
    answer = (await client.read()).json

    again = await client.update(answer)

    assert again.status == 200
    assert "left_out" not in again.json


async def test_a_client_that_names_no_scope_may_ask_for_all_that_a_new_one_may_have(open_server: Server) -> None:
    reply = await register(open_server, None)

    assert set(reply.json["scope"].split(" ")) == OPENID | {"mcp:read"}


async def test_a_client_that_asks_for_all_that_we_support_gets_what_it_may_have(open_server: Server) -> None:
    supported = (await open_server.get("/.well-known/oauth-authorization-server")).json["scopes_supported"]

    reply = await register(open_server, None, scope=" ".join([*supported, "offline_access"]))

    assert reply.status == 201
    assert set(reply.json["scope"].split(" ")) == OPENID | {"mcp:read"}
    assert "payroll" not in supported


@pytest.mark.parametrize("grant_types", [["client_credentials"], ["authorization_code", "client_credentials"]])
async def test_a_stranger_gets_no_token_without_a_person(open_server: Server, grant_types: list[str]) -> None:
    stranger = await register(open_server, None, scope="mcp:read", grant_types=grant_types)
    token = await initial_access_token(open_server)
    bearer = await register(open_server, token, scope="mcp:read", grant_types=grant_types)

    assert stranger.status == (400 if len(grant_types) == 1 else 201)
    assert "client_credentials" not in stranger.json.get("grant_types", ())
    assert bearer.json["grant_types"] == grant_types


@pytest.mark.parametrize(("scopes", "got"), [((), "openid"), (("payroll",), "openid payroll")])
async def test_a_restricted_scope_comes_only_with_a_token_that_an_administrator_made_for_it(
    open_server: Server, scopes: tuple[str, ...], got: str
) -> None:
    client = await registered(open_server, scopes=scopes, scope="openid payroll")
    updated = await client.update(scope="openid payroll")

    assert client.document["scope"] == updated.json["scope"] == got


async def test_a_client_never_fills_the_table_with_what_it_did_not_get(open_server: Server) -> None:
    odd = {f"member {n} " + "x" * 100: n for n in range(200)}

    reply = await register(open_server, None, scope="openid " + " ".join(f"s{n}" for n in range(3000)), **odd)

    assert reply.status == 201
    assert len(json.dumps(reply.json["left_out"])) < 10_000


@pytest.mark.parametrize("client", MCP["registrations"], ids=lambda client: client["name"])
async def test_what_mcp_clients_send_is_let_in(configured: Any, client: dict[str, Any]) -> None:
    schemes = ("cursor",) if "--private-scheme" in client.get("needs", "") else ()
    server = configured(registration="open", private_scheme=schemes)
    supported = (await server.get("/.well-known/oauth-authorization-server")).json["scopes_supported"]
    body = {**client["body"]}
    if "scope" in body:
        body["scope"] = body["scope"].replace("SCOPES_SUPPORTED", " ".join(supported))

    reply = await register(server, None, body)

    assert reply.status == 201, reply.text
    assert reply.json["redirect_uris"] == body["redirect_uris"]
    assert reply.json["token_endpoint_auth_method"] == body["token_endpoint_auth_method"]
    assert reply.json["grant_types"] == body["grant_types"]
    assert "openid" in reply.json["scope"].split(" ") or "scope" in body


async def test_a_scope_that_a_resource_gives_to_all_is_no_reason_to_refuse_and_can_be_asked_for_there(
    open_server: Server, admin: Any
) -> None:
    admin.execute("insert into scopes (name, description) values ('tools:use', 'Use the tools')")
    open_server.store.scopes.forget()
    resource = "https://tools.example"
    told: dict[str, Any] = {"scopes": ("tools:use",), "token_format": "opaque", "lifetime": 600, "client_id": None}
    await open_server.store.resources.create(resource, now=open_server.now(), by=SERVER, clients="all", **told)

    reply = await register(open_server, None, scope="tools:use")
    refused = await register(open_server, None, scope="write")
    app = App(reply.json["client_id"], reply.json["client_secret"])
    code = await open_server.code(app, await open_server.person(), scope="tools:use", resource=resource)
    tokens = (await open_server.redeem(app, code, resource=resource)).json

    assert (reply.status, refused.status) == (201, 400)
    assert "left_out" not in reply.json
    assert {"resource": resource, "scope": "tools:use"} in reply.json["resources"]
    assert tokens["scope"] == "tools:use"


async def test_the_start_says_which_scopes_the_options_name_in_vain(open_server: Server) -> None:
    told = read({"registration_scope": ("mcp:read", "payroll", "mistyped")})
    lines: list[Any] = []
    globalLogPublisher.addObserver(lines.append)
    try:
        await AuthorizationServer(reactor, told)._miss_scopes(open_server.store)
    finally:
        globalLogPublisher.removeObserver(lines.append)

    said = [str(formatEvent(line)) for line in lines if line.get("log_level") is LogLevel.warn]
    assert said == [
        "--registration-scope: payroll is restricted",
        "--registration-scope: there is no scope mistyped yet",
    ]


async def test_a_client_without_a_name_is_called_by_an_address_that_it_has(open_server: Server) -> None:
    uris = ["http://bank.example/cb", "https://client.example/cb"]

    reply = await register(open_server, None, {"redirect_uris": uris})

    assert (reply.json["redirect_uris"], reply.json["client_name"]) == (uris[1:], "client.example")


async def test_an_initial_access_token_gives_no_scope_that_was_made_anew_under_an_old_name(server: Server) -> None:
    """It was made for what the name meant before; the new one may be restricted."""
    scopes = server.store.scopes
    await scopes.create("reports", "Read reports", server.now(), by=SERVER)
    token = await initial_access_token(server, scopes=("reports",))
    await scopes.delete("reports", server.now(), SERVER)
    await scopes.create("reports", "Pay everybody", server.now(), by=SERVER, restricted=True)

    reply = await register(server, token, scope="openid reports")

    assert reply.json["scope"] == "openid"
    assert reply.json["left_out"].keys() == {"scope"}


async def test_many_unknown_members_hide_none_that_we_know(open_server: Server) -> None:
    unknown = {f"a{number}": 1 for number in range(60)}

    reply = await register(open_server, None, scope="openid admin", tos_uri="terms.html", **unknown)

    assert {"scope", "tos_uri"} < reply.json["left_out"].keys()
    assert len(reply.json["left_out"]) == 22


async def test_an_empty_list_of_response_types_says_nothing(open_server: Server) -> None:
    reply = await register(open_server, None, response_types=[])

    assert (reply.status, reply.json["response_types"]) == (201, ["code"])
    assert "left_out" not in reply.json
