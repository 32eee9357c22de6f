"""Whose pages may read what: by the origins of registered redirect URIs, and nobody's cookies ever (row 55)."""

from collections.abc import Mapping
from typing import Any

import pytest

from iam.accounts.actors import SERVER
from iam.web.cors import Cors
from tests.harness import Reply, Server
from tests.web.walk import every_route

SPA = "https://spa.example"
ELSEWHERE = "https://evil.example"
SHARED = ["/token", "/revoke", "/o/token/", "/o/revoke_token/"]
FOR_BEARERS = {"/userinfo": "GET, POST", "/o/userinfo/": "GET, POST", "/resource": "GET"}
PUBLIC = [
    "/jwks",
    "/o/.well-known/jwks.json",
    "/.well-known/oauth-authorization-server",
    "/.well-known/openid-configuration",
    "/o/.well-known/openid-configuration",
    "/.well-known/oauth-protected-resource",
    "/.well-known/oauth-protected-resource/resource",
    "/o/.well-known/oauth-authorization-server",
    "/o/.well-known/oauth-protected-resource",
]
WEBFINGER = "/.well-known/webfinger?resource=acct:somebody@localhost"
PRIVATE = ["/introspect", "/authorize", "/login", "/applications", "/healthz", "/static/iam.css"]
PREFLIGHT = {"Access-Control-Request-Method": "POST", "Access-Control-Request-Headers": "authorization"}


@pytest.fixture
def spa(server: Server) -> Any:
    """The way to register a client at this redirect URI."""
    return lambda uri=SPA + "/callback", **more: server.app(
        auth_method="none", grant_types=("authorization_code",), redirect_uris=(uri,), **more
    )


def asking(origin: str) -> Mapping[str, str]:
    return {**PREFLIGHT, "Origin": origin}


def readable(reply: Reply, origin: str) -> bool:
    """Does a browser let a page of this origin read the answer?"""
    assert reply.header("access-control-allow-credentials") is None
    return reply.header("access-control-allow-origin") in (origin, "*")


@pytest.mark.parametrize("path", SHARED)
async def test_a_preflight_from_a_registered_origin_is_answered(server: Server, spa: Any, path: str) -> None:
    await spa()

    reply = await server.request("OPTIONS", path, headers=asking(SPA))

    assert (reply.status, reply.body) == (204, b"")
    assert reply.header("access-control-allow-origin") == SPA
    assert reply.header("access-control-allow-methods") == "POST"
    assert reply.header("access-control-allow-headers") == "Authorization, Content-Type, DPoP"
    assert int(reply.header("access-control-max-age") or "") > 0
    assert reply.header("vary") == "Origin"
    assert reply.header("cross-origin-resource-policy") == "cross-origin"


@pytest.mark.parametrize(("path", "methods"), FOR_BEARERS.items())
async def test_a_preflight_is_told_all_methods_of_the_address(
    server: Server, spa: Any, path: str, methods: str
) -> None:
    await spa()

    reply = await server.request("OPTIONS", path, headers=asking(SPA))

    assert reply.header("access-control-allow-methods") == methods
    assert reply.header("access-control-allow-origin") == SPA


@pytest.mark.parametrize(
    "origin",
    [
        ELSEWHERE,
        "null",
        "https://spa.example.evil.example",
        "https://spa.example:8443",
        "http://spa.example",
        "https://SPA.example",
        "https://spa.example/",
        "https://a.spa.example",
        "spa.example",
        "*",
        "https://spa.example, https://evil.example",
        "\xff",
    ],
)
@pytest.mark.parametrize("path", SHARED)
async def test_another_origin_may_read_nothing(server: Server, spa: Any, path: str, origin: str) -> None:
    await spa()
    sent = origin.encode("latin-1").decode("latin-1")

    replies = [await server.request(method, path, headers={"Origin": sent}, data=b"") for method in ("OPTIONS", "POST")]

    for reply in replies:
        assert reply.header("access-control-allow-origin") is None
        assert reply.header("vary") == "Origin"
        assert reply.header("cross-origin-resource-policy") == "same-origin"


async def test_two_origins_in_one_request_are_none(server: Server, spa: Any) -> None:
    await spa()

    reply = await server.request("OPTIONS", "/token", headers={"Origin": [SPA, SPA]})

    assert reply.header("access-control-allow-origin") is None


@pytest.mark.parametrize(
    ("uri", "origin"),
    [
        ("https://spa.example:443/x?y=z", SPA),
        ("https://SPA.example:8443", "https://spa.example:8443"),
        ("http://localhost:5173/callback", "http://localhost:5173"),
        ("http://127.0.0.1/callback", "http://127.0.0.1"),
        ("http://[::1]:3000/callback", "http://[::1]:3000"),
        ("http://[0:0:0:0:0:0:0:1]:3000/callback", "http://[::1]:3000"),
    ],
)
async def test_the_origin_is_that_of_the_redirect_uri_as_browsers_write_it(
    server: Server, spa: Any, uri: str, origin: str
) -> None:
    await spa(uri)

    reply = await server.request("OPTIONS", "/token", headers=asking(origin))

    assert reply.header("access-control-allow-origin") == origin


@pytest.mark.parametrize(
    ("uri", "origin"),
    [
        ("com.example.app:/callback", "com.example.app:"),
        ("http://app.example/callback", "http://app.example"),
        ("com.example.app://host/callback", "com.example.app://host"),
    ],
)
async def test_where_no_page_can_live_there_is_no_origin(server: Server, spa: Any, uri: str, origin: str) -> None:
    await spa(uri)

    reply = await server.request("OPTIONS", "/token", headers=asking(origin))

    assert reply.header("access-control-allow-origin") is None


async def test_the_answers_themselves_may_be_read_too(server: Server, spa: Any) -> None:
    app, person = await spa(), await server.person()
    code = await server.code(app, person, redirect_uri=SPA + "/callback")

    grant = {"grant_type": "authorization_code", "code": code, "redirect_uri": SPA + "/callback"}
    verifier = {"code_verifier": "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"}
    reply = await server.post("/token", {**app.form, **grant, **verifier}, headers={"Origin": SPA})

    assert reply.status == 200
    assert readable(reply, SPA)
    assert "WWW-Authenticate" in (reply.header("access-control-expose-headers") or "")


@pytest.mark.parametrize(
    ("method", "options", "status"),
    [
        ("POST", {"data": b""}, 401),
        ("POST", {"data": b"{}", "headers": {"Content-Type": "application/json"}}, 415),
        ("POST", {"data": b"a=b&a=c"}, 400),
        ("GET", {}, 405),
    ],
)
@pytest.mark.parametrize("path", ["/revoke", "/o/revoke_token/"])
async def test_errors_may_be_read_too(
    server: Server, spa: Any, path: str, method: str, options: dict[str, Any], status: int
) -> None:
    await spa()
    asked = {**options, "headers": {**options.get("headers", {}), "Origin": SPA}}

    reply = await server.request(method, path, **asked)

    assert reply.status == status
    assert readable(reply, SPA)


@pytest.mark.parametrize("path", [*PUBLIC, WEBFINGER])
async def test_what_is_public_may_be_read_by_everybody(server: Server, path: str) -> None:
    replies = [
        await server.get(path, headers={"Origin": ELSEWHERE}),
        await server.get(path),
        await server.request("HEAD", path),
        await server.request("OPTIONS", path, headers=asking("null")),
        await server.post(path),
    ]

    assert [reply.status for reply in replies] == [200, 200, 200, 204, 405]
    for reply in replies:
        assert reply.header("access-control-allow-origin") == "*"
        assert reply.header("access-control-allow-credentials") is None
        assert reply.header("cross-origin-resource-policy") == "cross-origin"


@pytest.mark.parametrize("path", PRIVATE)
async def test_other_addresses_are_for_no_other_origin(server: Server, spa: Any, path: str) -> None:
    await spa()

    for method in ("GET", "POST", "OPTIONS"):
        reply = await server.request(method, path, headers={"Origin": SPA})
        assert not [name for name, _ in reply.headers.getAllRawHeaders() if name.lower().startswith(b"access-control")]
        assert reply.header("cross-origin-resource-policy") == "same-origin"


def test_no_page_is_for_another_origin() -> None:
    table = every_route()

    elsewhere = {*SHARED, *FOR_BEARERS, *PUBLIC, WEBFINGER.partition("?")[0]}
    assert {route.path for route in table if route.cors is not Cors.NOBODY} == elsewhere
    assert not [route for route in table if route.page and route.cors is not Cors.NOBODY]


async def test_a_client_that_is_gone_takes_its_origin_with_it(server: Server, spa: Any) -> None:
    app = await spa()
    before = await server.request("OPTIONS", "/token", headers=asking(SPA))

    await server.store.clients.delete(app.client_id, server.now(), by=SERVER)
    after = await server.request("OPTIONS", "/token", headers=asking(SPA))

    assert readable(before, SPA)
    assert not readable(after, SPA)


async def test_origins_cost_no_query(server: Server, spa: Any) -> None:
    await spa()
    await server.quiet()
    await server.request("OPTIONS", "/token", headers=asking(SPA))
    before = server.store.database.statistics.statements

    for origin in (SPA, ELSEWHERE, "null"):
        await server.request("OPTIONS", "/token", headers=asking(origin))

    assert server.store.database.statistics.statements == before
