"""Clients on people's own devices: ports that vary, schemes of their own (RFC 8252)."""

from collections.abc import Callable, Mapping
from typing import Any

import pytest

from tests.harness import App, Server
from tests.registering import initial_access_token, register

NATIVE = {"application_type": "native"}
LOCALHOST = "http://localhost/callback"
CHOSEN = "http://localhost:53682/callback"
CURSOR = "cursor://anysphere.cursor-mcp/oauth/callback"


async def native(
    server: Server, uri: str = LOCALHOST, auth_method: str = "none", metadata: Mapping[str, Any] = NATIVE
) -> App:
    grants = ("authorization_code", "refresh_token")
    return await server.app(
        auth_method=auth_method, grant_types=grants, redirect_uris=(uri,), scopes=("openid",), **metadata
    )


@pytest.mark.parametrize("uri", [LOCALHOST, "http://127.0.0.1/callback", "http://localhost:8080/callback"])
async def test_a_native_client_calls_back_on_whatever_port_it_was_given(server: Server, uri: str) -> None:
    app, person = await native(server, uri), await server.person()
    chosen = uri.replace(":8080", "").replace("/callback", ":53682/callback")

    sent = await server.authorize(app, person, redirect_uri=chosen, scope="openid")
    tokens = await server.redeem(app, sent.sent_back["code"], redirect_uri=chosen)

    assert sent.location.startswith(chosen + "?")
    assert tokens.status == 200, tokens.text


@pytest.mark.parametrize("auth_method", ["none", "client_secret_basic"])
async def test_where_the_port_varies_there_is_pkce_and_the_person_is_asked_each_time(
    server: Server, auth_method: str
) -> None:
    app, person = await native(server, auth_method=auth_method), await server.person()

    bare = await server.authorize(
        app, person, redirect_uri=CHOSEN, scope="openid", code_challenge=None, code_challenge_method=None
    )
    allowed = await server.authorize(app, person, redirect_uri=CHOSEN, scope="openid")
    silent = await server.authorize(app, person, redirect_uri=CHOSEN, prompt="none", scope="openid")

    assert bare.sent_back["error"] == "invalid_request"
    assert "code" in allowed.sent_back
    assert silent.sent_back["error"] == "consent_required"


@pytest.mark.parametrize(
    ("metadata", "uri"),
    [
        ({}, CHOSEN),
        (NATIVE, "http://localhost.:53682/callback"),
        (NATIVE, "http://a.localhost:53682/callback"),
        (NATIVE, "http://localhost:53682/other"),
    ],
)
async def test_any_other_address_is_one_that_nobody_registered(
    server: Server, metadata: Mapping[str, Any], uri: str
) -> None:
    app, person = await native(server, auth_method="client_secret_basic", metadata=metadata), await server.person()

    reply = await server.authorize(app, person, redirect_uri=uri)

    assert (reply.status, reply.location) == (400, "")


async def test_a_scheme_that_the_operator_named_is_registered_with_pkce_and_asked_each_time(
    configured: Callable[..., Server],
) -> None:
    server = configured(private_scheme=("cursor",), registration="open")
    document = {"redirect_uris": [CURSOR, "https://www.cursor.com/cb"], "application_type": "web"}
    reply = await register(server, None, document, token_endpoint_auth_method="none")
    app, person = App(reply.json["client_id"], None), await server.person()

    bare = await server.authorize(
        app, person, redirect_uri=CURSOR, scope="openid", code_challenge=None, code_challenge_method=None
    )
    allowed = await server.authorize(app, person, redirect_uri=CURSOR, scope="openid")
    silent = await server.authorize(app, person, redirect_uri=CURSOR, scope="openid", prompt="none")

    assert (reply.json["redirect_uris"], reply.json["application_type"]) == (document["redirect_uris"], "native")
    assert bare.sent_back["error"] == "invalid_request"
    assert allowed.location.startswith(CURSOR + "?code=")
    assert silent.sent_back["error"] == "consent_required"


async def test_a_public_client_that_lives_on_the_persons_machine_is_native_without_saying_so(server: Server) -> None:
    token = await initial_access_token(server)

    reply = await register(
        server, token, {"redirect_uris": ["http://localhost:54545/callback"]}, token_endpoint_auth_method="none"
    )

    assert (reply.status, reply.json["application_type"]) == (201, "native")
