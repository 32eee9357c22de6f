"""Every answer carries the same headers (H9), and none holds what a header may not (H10)."""

import re
from collections.abc import Callable
from typing import Any

import pytest
from attrs import evolve
from hypothesis import given
from hypothesis import strategies as st
from pytest_twisted import blockon
from twisted.internet import reactor
from twisted.internet.defer import maybeDeferred

from iam.browser.theme import Theme
from iam.http.answers import JSON, Answer, found, json_answer, location_header, see_other
from iam.http.cors import Cors
from iam.http.dispatch import Route
from iam.http.headers import Layout
from iam.http.site import Site
from iam.limits import Limits
from tests.answers import complete
from tests.harness import Server
from tests.http.conftest import Edge, settings
from tests.http.walk import addresses, every_route

# Any text, and often the characters that end a header.
hostile = st.text(st.sampled_from("\r\n\0\x0b\x7f\u2028é :;,a") | st.characters(codec="utf-8"), max_size=40)


async def test_h9_every_route_answers_with_the_same_headers_for_somebody_and_for_nobody(server: Server) -> None:
    table, cookie = await addresses(server)
    statuses = set()

    for path, route in table:
        for headers in ({}, cookie):
            reply = await server.request(route.methods[0], path, headers=headers)
            complete(reply)
            statuses.add(reply.status)

    assert {200, 302, 303, 400, 401, 403, 415} & statuses >= {200, 303, 400, 401, 415}


async def test_h9_every_route_refuses_other_methods_with_the_same_headers(server: Server) -> None:
    table, cookie = await addresses(server)

    for path, route in table:
        allowed = {method for other, same in table if other == path for method in same.methods}
        allowed |= {"OPTIONS"} if route.cors is not Cors.NOBODY else set()
        for method in {"GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"} - allowed:
            reply = await server.request(method, path, headers=cookie)
            complete(reply)
            assert reply.status == 405, (method, path)
            head = {"HEAD"} if "GET" in allowed and not route.acts else set()
            assert set((reply.header("allow") or "").split(", ")) == allowed | head


@pytest.mark.parametrize("suffix", ["/", "x", "/../x", "%2f", ";a=b", "/%20"])
async def test_h9_what_is_beside_every_route_is_a_404_with_the_same_headers(server: Server, suffix: str) -> None:
    table, cookie = await addresses(server)
    known = {path for path, _ in table}

    for path in known:
        if path + suffix in known or path == "/":
            continue
        reply = await server.get(path + suffix, headers=cookie)
        complete(reply)
        # where nobody is told what there is: what stands there is a name, and may take other methods
        below = (path + suffix).startswith(("/register/", "/api/v1/"))
        assert reply.status in ((400, 401, 404, 405) if below else (400, 404)), path + suffix


async def test_h9_a_mistake_of_ours_on_every_route_is_a_500_with_the_same_headers(
    server: Server, failing: Callable[..., Any]
) -> None:
    url = failing(every_route())

    for route in every_route():
        path = re.sub("<[^>]+>", "x", route.path)
        reply = await server.request(route.methods[0], url + path)
        complete(reply)
        assert reply.status == 500, path
        assert re.search(r"\b[0-9a-f]{16}\b", reply.text), "the error has an id"


@pytest.fixture
def failing(server: Server) -> Any:
    """A site with these routes, all of whose handlers fail; its URL."""
    ports = []

    async def fail(*_: object, **__: object) -> Answer:
        raise RuntimeError("a canary in an exception")

    def begin(routes: list[Route]) -> str:
        site = Site(
            reactor,
            server.settings,
            [evolve(route, handler=fail) for route in routes],
            error_page=Theme(server.settings).error_of,
            unavailable=(),
            limits=Limits(),
        )
        ports.append(reactor.listenTCP(0, site, interface="127.0.0.1"))
        return f"http://127.0.0.1:{ports[0].getHost().port}"

    yield begin
    for port in ports:
        blockon(maybeDeferred(port.stopListening))


@pytest.mark.parametrize(("path", "kind"), [("/fail", b"application/json"), ("/page", b"text/html; charset=utf-8")])
async def test_h9_a_mistake_of_ours_is_told_in_the_words_of_who_asks(edge: Edge, path: str, kind: bytes) -> None:
    wire = await edge.exchange(b"GET %s HTTP/1.0\r\nHost: localhost\r\n\r\n" % path.encode())

    assert wire.statuses == [500]
    assert b"Content-Type: " + kind + b"\r\n" in wire.received
    assert b"canary" not in wire.received


@pytest.mark.parametrize(("issuer", "strict"), [("https://login.example.org", True), ("http://localhost", False)])
def test_h9_strict_transport_is_asked_for_where_there_is_https(issuer: str, strict: bool) -> None:
    wire = Layout(settings(issuer=issuer), lambda: 0.0).wire(json_answer(200, {}))

    assert (b"Strict-Transport-Security: max-age=63072000\r\n" in wire) == strict


def test_an_answer_in_json_is_written_like_one_with_the_same_header_of_its_own() -> None:
    layout, json = Layout(settings(issuer="https://login.example.org/iam"), lambda: 0.0), json_answer(200, {})

    assert layout.wire(json) == layout.wire(evolve(json, headers=tuple(header for header in JSON)))


@given(hostile)
def test_h10_a_header_is_printable_ascii_or_nothing(value: str) -> None:
    good = re.fullmatch(r"[\x20-\x7e]*", value) is not None

    try:
        answer = Answer(200, b"", ((b"X-Any", value.encode()),))
    except ValueError:
        assert not good
        return

    assert good
    wire = Layout(settings(), lambda: 0.0).wire(answer)
    assert wire.count(b"\r\n\r\n") == 1
    assert b"\r\nX-Any: " + value.encode() + b"\r\n" in wire


@given(hostile)
def test_h10_a_location_is_printable_ascii_or_nothing(location: str) -> None:
    for redirect in (found, see_other):
        try:
            answer = redirect("/" + location)
        except ValueError:
            continue
        assert answer.headers == ((b"Location", b"/" + location.encode()),)
        assert re.fullmatch(rb"[\x20-\x7e]*", answer.headers[0][1])
    assert location_header("/x") == (b"Location", b"/x")


@given(hostile)
def test_h10_a_source_in_the_policy_is_one_source_or_nothing(source: str) -> None:
    try:
        answer = Answer(200, image_source=source)
    except ValueError:
        return

    wire = Layout(settings(), lambda: 0.0).wire(answer)
    assert re.search(rb"img-src 'self' data: [\x21-\x7e]+; form-action 'self'; frame-ancestors 'none'", wire)


async def test_h10_a_handler_that_would_split_the_answer_has_failed(edge: Edge) -> None:
    wire = await edge.exchange(b"GET /split HTTP/1.0\r\nHost: localhost\r\n\r\n")

    assert wire.statuses == [500]
    assert b"Set-Cookie" not in wire.received


async def test_h10_a_redirect_after_post_is_a_303(server: Server) -> None:
    app, person = await server.app(), await server.person()
    table, cookie = await addresses(server)

    replies = [await server.post(path, headers=cookie) for path, route in table if "POST" in route.methods]
    replies.append(await server.authorize(app, person))

    redirects = [reply.status for reply in replies if reply.location]
    assert redirects
    assert set(redirects) == {303}


SPOOFED_HOST = {
    "X-Forwarded-Host": "evil.example",
    "X-Forwarded-Proto": "https",
    "X-Forwarded-Server": "evil.example",
    "X-Forwarded-Prefix": "/evil.example",
    "X-Host": "evil.example",
    "X-Original-URL": "/evil.example",
    "X-Rewrite-URL": "/evil.example",
    "Forwarded": "for=1.2.3.4;host=evil.example;proto=https",
}


@pytest.mark.parametrize("name", SPOOFED_HOST)
async def test_h8_no_header_changes_an_address_that_we_give_out(server: Server, name: str) -> None:
    app, person = await server.app(), await server.person()
    spoofed = {name: SPOOFED_HOST[name]}

    replies = [
        await server.get("/.well-known/oauth-authorization-server", headers=spoofed),
        await server.get("/login", headers=spoofed),
        await server.get(f"/authorize?response_type=code&client_id={app.client_id}", headers=spoofed),
        await server.get(
            f"/authorize?response_type=code&client_id={app.client_id}", headers={**person.headers, **spoofed}
        ),
        await server.get("/applications", headers=spoofed),
        await server.get("/nowhere", headers=spoofed),
    ]

    assert [reply.status for reply in replies] == [200, 200, 303, 200, 303, 404]
    assert replies[0].json["issuer"] == server.settings.issuer
    for reply in replies:
        assert "evil.example" not in reply.text + reply.location


@pytest.mark.parametrize(
    "host",
    ["a" * 300, "a." * 150, "ö" * 60, "xn--" + "a" * 59, "\u2460.example", "a..b", "-a-", "[::1", "localhost:99999x"],
)
async def test_h8_a_host_made_to_cost_time_is_refused_unread(edge: Edge, host: str) -> None:
    wire = await edge.exchange(b"GET /hello HTTP/1.0\r\nHost: " + host.encode() + b"\r\n\r\n")

    assert wire.statuses in ([400], [421])
    assert edge.handled == 0
    assert host.encode() not in wire.received


async def test_h8_another_spelling_of_our_name_is_ours_and_appears_nowhere(server: Server) -> None:
    port = server.url.rpartition(":")[2]

    reply = await server.get("/.well-known/oauth-authorization-server", headers={"Host": f"LOCALHOST.:{int(port) ^ 1}"})

    assert reply.status == 200
    assert reply.json["token_endpoint"] == server.settings.issuer + "/token"
