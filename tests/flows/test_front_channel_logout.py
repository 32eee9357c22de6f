"""Relying parties log people out in the browser (OpenID Connect Front-Channel Logout 1.0)."""

import re
from html import unescape
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit

import pytest

from iam.records.actor import SERVER
from tests.harness import App, Person, Reply, Server
from tests.pages.conftest import visitor_of
from tests.receivers import verified

AFTERWARDS = "https://client.example/bye?a=1"


async def relying_party(server: Server, uri: str | None, *, session_required: bool = False) -> App:
    return await server.app(
        scopes=("openid", "read"),
        post_logout_redirect_uris=(AFTERWARDS,),
        frontchannel_logout_uri=uri,
        frontchannel_logout_session_required=session_required,
    )


async def sid(server: Server, app: App, person: Person) -> str:
    """Log in at the client; the session's name there."""
    tokens = await server.tokens(app, person, scope="openid")
    return str((await verified(server, tokens["id_token"])).claims["sid"])


async def logged_out(server: Server, app: App, person: Person, **parameters: str) -> Reply:
    hint = (await server.tokens(app, person, scope="openid"))["id_token"]
    return await visitor_of(server, person).get("/logout?" + urlencode({"id_token_hint": hint, **parameters}))


def frames(reply: Reply) -> list[str]:
    return [unescape(address) for address in re.findall(r'<iframe [^>]*src="([^"]*)"', reply.text)]


def policy(reply: Reply) -> dict[str, str]:
    directives = (reply.header("content-security-policy") or "").split("; ")
    return {name: sources for name, _, sources in (directive.partition(" ") for directive in directives)}


async def test_the_page_shows_the_logout_page_of_each_client_of_the_session(server: Server) -> None:
    shop = await relying_party(server, "https://shop.example/out")
    mail = await relying_party(server, "https://mail.example:8443/out")
    stranger = await relying_party(server, "https://stranger.example/out")
    person = await server.person()
    await sid(server, mail, person)
    await sid(server, stranger, await server.person())

    reply = await logged_out(server, shop, person)

    assert reply.status == 200
    assert sorted(frames(reply)) == ["https://mail.example:8443/out", "https://shop.example/out"]
    assert policy(reply)["frame-src"] == "http: https:"  # wherever those pages are redirected to
    assert "Max-Age=0" in (reply.header("set-cookie") or "")


@pytest.mark.parametrize("query", ["", "?", "?a=b", "?a=b&"])
async def test_issuer_and_session_are_named_where_the_client_wants_it(server: Server, query: str) -> None:
    app = await relying_party(server, "https://shop.example/out" + query, session_required=True)
    person = await server.person()
    expected = await sid(server, app, person)

    (address,) = frames(await logged_out(server, app, person))

    assert address.startswith("https://shop.example/out" + query)
    told = dict(parse_qsl(urlsplit(address).query, strict_parsing=True))
    assert {name: told[name] for name in ("iss", "sid")} == {"iss": server.settings.issuer, "sid": expected}
    assert ("a" in told) == ("a" in query)


async def test_the_page_goes_on_by_itself_to_where_the_relying_party_wants(server: Server) -> None:
    app, person = await relying_party(server, "https://shop.example/out"), await server.person()

    reply = await logged_out(server, app, person, post_logout_redirect_uri=AFTERWARDS, state="\">&'")

    refresh = re.search(r'<meta http-equiv="refresh" content="3; url=([^"]*)">', reply.text)
    assert refresh is not None
    address = unescape(refresh[1])
    assert address.startswith(AFTERWARDS)
    assert dict(parse_qsl(urlsplit(address).query)) == {"a": "1", "state": "\">&'"}
    assert f'<a class="button" href="{refresh[1]}">' in reply.text


async def test_an_own_logout_shows_it_too_and_ends_on_our_own_page(server: Server) -> None:
    app, person = await relying_party(server, "https://shop.example/out"), await server.person()
    await sid(server, app, person)
    visitor = visitor_of(server, person)

    reply = await visitor.send(await visitor.form("/logout"))

    assert frames(reply) == ["https://shop.example/out"]
    assert 'content="3; url=/logout"' in reply.text


async def test_an_account_that_is_logged_out_in_the_chooser_shows_it_too(server: Server) -> None:
    app, person = await relying_party(server, "https://shop.example/out"), await server.person()
    await sid(server, app, person)
    visitor = visitor_of(server, person)
    page = await visitor.get("/accounts")
    token = re.search(r'name="csrf_token" value="([^"]*)"', page.text)
    session = re.search(r'name="log_out" value="([^"]*)"', page.text)
    assert token is not None
    assert session is not None

    reply = await server.post(
        "/accounts",
        {"csrf_token": token[1], "log_out": session[1]},
        headers={**visitor.headers, "Origin": server.settings.origin},
    )

    assert frames(reply) == ["https://shop.example/out"]


async def test_without_such_clients_the_browser_goes_on_at_once(server: Server) -> None:
    app, person = await relying_party(server, None), await server.person()

    reply = await logged_out(server, app, person, post_logout_redirect_uri=AFTERWARDS)

    assert (reply.status, reply.location) == (303, AFTERWARDS)


async def test_other_pages_show_no_frames_at_all(server: Server) -> None:
    person = await server.person()

    replies = [await visitor_of(server, person).get(path) for path in ("/", "/logout", "/applications")]

    assert all("frame-src" not in policy(reply) for reply in replies)
    assert {policy(reply)["default-src"] for reply in replies} == {"'none'"}


async def test_a_client_that_is_gone_shows_nothing(server: Server, admin: Any) -> None:
    gone, person = await relying_party(server, "https://shop.example/out"), await server.person()
    app = await relying_party(server, None)
    await sid(server, gone, person)
    await server.store.clients.delete(gone.client_id, server.now(), by=SERVER)

    reply = await logged_out(server, app, person, post_logout_redirect_uri=AFTERWARDS)

    assert reply.location == AFTERWARDS
