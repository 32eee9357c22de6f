"""Whose pages may read what: by the origins of registered redirect URIs, and nobody's cookies ever."""

import json
from collections.abc import Callable, Mapping
from typing import Any

import pytest
from twisted.internet.threads import deferToThread

from iam.http.cors import Cors
from iam.records.actor import SERVER
from tests.harness import Reply, Server
from tests.http.test_framing import exchange
from tests.http.walk import every_route

SPA = "https://spa.example"
ELSEWHERE = "https://evil.example"
SHARED = ["/token", "/revoke", "/par", "/o/token/", "/o/revoke_token/"]
FOR_BEARERS = {"/userinfo": "GET, POST", "/o/userinfo/": "GET, POST", "/resource": "GET"}
PUBLIC = [
    "/jwks",
    "/o/.well-known/jwks.json",
    "/.well-known/oauth-authorization-server",
    "/.well-known/openid-configuration",
    "/o/.well-known/openid-configuration",
    "/.well-known/oauth-protected-resource",
    "/.well-known/oauth-protected-resource/resource",
    "/.well-known/oauth-protected-resource/api/v1",
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
        ("POST", {"data": b"{}", "headers": {"Content-Type": "application/json"}}, 400),
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

    elsewhere = {*SHARED, *FOR_BEARERS, *PUBLIC, WEBFINGER.partition("?")[0], "/resources/metadata"}
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


OTHER_HEADERS = "authorization, mcp-protocol-version,traceparent, x-requested-with"


@pytest.mark.parametrize("path", [*SHARED, *FOR_BEARERS, *PUBLIC, WEBFINGER])
async def test_a_page_may_send_any_header(server: Server, spa: Any, path: str) -> None:
    await spa()

    reply = await server.request(
        "OPTIONS", path, headers={**asking(SPA), "Access-Control-Request-Headers": OTHER_HEADERS}
    )

    allowed = (reply.header("access-control-allow-headers") or "").lower().split(", ")
    assert {"authorization", "mcp-protocol-version", "traceparent", "x-requested-with"} <= set(allowed)
    assert len(allowed) == len(set(allowed))
    assert readable(reply, SPA)


@pytest.mark.parametrize("asked", ["a b", "a:b", "é", "x" * 65, ", ,", "x-a\tx-b"])
async def test_what_is_no_name_of_a_header_is_not_repeated(server: Server, asked: str) -> None:
    sent = {**asking(SPA), "Access-Control-Request-Headers": asked.encode().decode("latin-1")}

    reply = await server.request("OPTIONS", "/jwks", headers=sent)

    assert reply.status == 204
    assert reply.header("access-control-allow-headers") == "Authorization, Content-Type, DPoP"


async def test_a_page_is_told_of_so_many_headers_only(server: Server) -> None:
    asked = ",".join(f"x-{number}" for number in range(500))

    reply = await server.request("OPTIONS", "/jwks", headers={**asking(SPA), "Access-Control-Request-Headers": asked})

    assert len((reply.header("access-control-allow-headers") or "").split(", ")) == 35


REGISTRATION = {"redirect_uris": ["https://inspector.example/callback"], "token_endpoint_auth_method": "none"}


async def test_any_page_registers_a_client_while_registration_is_open(configured: Callable[..., Server]) -> None:
    server = configured(registration="open")
    origin = {"Origin": ELSEWHERE}

    before = await server.request("OPTIONS", "/register", headers=asking(ELSEWHERE))
    made = await server.post(
        "/register", json.dumps(REGISTRATION).encode(), headers={**origin, "Content-Type": "application/json"}
    )
    access = {**origin, "Authorization": f"Bearer {made.json['registration_access_token']}"}
    path = made.json["registration_client_uri"].removeprefix(server.url)
    asked = await server.request("OPTIONS", path, headers=asking(ELSEWHERE))
    read = await server.get(path, headers=access)
    wrong = await server.post("/register", b"{", headers={**origin, "Content-Type": "application/json"})
    method = await server.request("PATCH", path, headers=origin)
    gone = await server.request("DELETE", path, headers=access)

    replies = [before, made, asked, read, wrong, method, gone]
    assert [reply.status for reply in replies] == [204, 201, 204, 200, 400, 405, 204]
    assert {reply.header("access-control-allow-origin") for reply in replies} == {"*"}
    assert all(readable(reply, ELSEWHERE) for reply in replies)
    assert before.header("access-control-allow-methods") == "POST"
    assert asked.header("access-control-allow-methods") == "GET, PUT, DELETE"


@pytest.mark.parametrize("mode", ["token", "closed"])
async def test_no_page_registers_a_client_while_registration_is_not_open(
    configured: Callable[..., Server], mode: str
) -> None:
    server = configured(registration=mode)

    for path in ("/register", "/register/" + "a" * 22):
        for method in ("OPTIONS", "POST", "GET", "PUT", "DELETE"):
            reply = await server.request(method, path, headers={"Origin": ELSEWHERE})
            assert not readable(reply, ELSEWHERE)
            assert reply.header("cross-origin-resource-policy") == "same-origin"


EARLY = {
    "no host": (b"", 400),
    "another host": (b"Host: evil.example\r\n", 421),
    "two lengths": (b"Host: localhost\r\nContent-Length: 1\r\nContent-Length: 2\r\n", 400),
    "a long body": (b"Host: localhost\r\nContent-Length: 70000\r\n", 413),
    "a long head": (b"Host: localhost\r\nX: " + b"y" * 32_000 + b"\r\nY: " + b"y" * 2_000 + b"\r\n", 431),
}


@pytest.mark.parametrize("name", EARLY)
async def test_errors_before_there_is_a_request_may_be_read_as_those_after(server: Server, spa: Any, name: str) -> None:
    await spa()
    await server.request("OPTIONS", "/token", headers=asking(SPA))  # its origin is known then
    head, status = EARLY[name]

    async def answer(path: bytes, origin: str) -> str:
        asked = b"POST %s HTTP/1.1\r\nOrigin: %s\r\n%sConnection: close\r\n\r\n" % (path, origin.encode(), head)
        return (await deferToThread(exchange, server.settings.port, asked)).decode()

    ours, others, public = [
        await answer(b"/token", SPA), await answer(b"/token", ELSEWHERE), await answer(b"/jwks?x", ELSEWHERE)
    ]  # fmt: skip

    assert {text.split(" ", 2)[1] for text in (ours, others, public)} == {str(status)}
    assert f"\r\nAccess-Control-Allow-Origin: {SPA}\r\n" in ours
    assert "Access-Control" not in others
    assert "\r\nAccess-Control-Allow-Origin: *\r\n" in public
