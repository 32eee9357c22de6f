"""Pages introduce the client that sent somebody here (OpenID Connect Registration §2, §9.1)."""

import re
from typing import Any
from urllib.parse import quote, urlencode

import pytest

from tests.harness import CHALLENGE, REDIRECT_URI, App, Reply, Server
from tests.registering import register, registered, stranger

LOGO, POLICY, TERMS = (
    "https://client.example/logo.png",
    "https://client.example/policy",
    "https://elsewhere.example/terms",
)


async def introduced(server: Server, **openid: Any) -> App:
    return await server.app(scopes=("openid", "read"), **openid)


def request(app: App) -> str:
    asked = {"response_type": "code", "client_id": app.client_id, "redirect_uri": REDIRECT_URI, "scope": "openid"}
    return "/authorize?" + urlencode({**asked, "code_challenge": CHALLENGE, "code_challenge_method": "S256"})


async def login_page(server: Server, app: App) -> Reply:
    """What somebody sees whom the client sends here to log in."""
    return await server.get((await server.get(request(app))).location)


async def consent_page(server: Server, app: App) -> Reply:
    return await server.get(request(app), headers=(await server.person()).headers)


def pictures(page: Reply) -> str:
    """From where the page may show pictures."""
    policy = dict(part.strip().split(" ", 1) for part in (page.header("content-security-policy") or "").split(";"))
    return policy["img-src"]


either_page = pytest.mark.parametrize("page", [login_page, consent_page])


async def test_the_login_says_for_whom_it_is(server: Server) -> None:
    page = await login_page(server, await introduced(server))

    assert "<bdi>Test application</bdi>" in page.text
    assert "Log in to go on to <strong><bdi>Test application</bdi></strong> (client.example)." in page.text


@either_page
async def test_the_client_is_shown_with_its_logo(server: Server, page: Any) -> None:
    app = await introduced(server, logo_uri=LOGO)

    shown = await page(server, app)

    assert f'src="{LOGO}"' in shown.text
    assert pictures(shown) == "'self' data: https://client.example"


@either_page
async def test_a_client_that_somebody_here_answers_for_is_shown_with_its_policy_and_terms(
    server: Server, page: Any
) -> None:
    shown = await page(server, await introduced(server, policy_uri=POLICY, tos_uri=TERMS))

    assert [f'href="{uri}"' in shown.text for uri in (POLICY, TERMS)] == [True, True]


@either_page
@pytest.mark.parametrize("uri", ["http://client.example/policy", "HTTP://client.example/policy", "http://localhost/"])
async def test_a_link_that_is_not_https_is_not_shown(server: Server, page: Any, uri: str) -> None:
    shown = await page(server, await introduced(server, policy_uri=uri))

    assert f'href="{uri}"' not in shown.text


async def test_a_client_registered_with_a_token_has_its_links_and_the_note(server: Server) -> None:
    """OpenID Connect Registration §2; who gave the token answers for it."""
    app = (await registered(server, scope="openid", policy_uri=POLICY)).app

    login = await login_page(server, app)

    assert f'href="{POLICY}"' in login.text
    assert "This application has registered itself here" in login.text


async def test_of_a_client_that_has_registered_itself_the_login_shows_name_and_host_and_that_nobody_knows_it(
    configured: Any,
) -> None:
    server = configured(registration="open")
    app = await stranger(server, logo_uri=LOGO, policy_uri=POLICY, tos_uri=TERMS, client_uri=POLICY)

    login, consent = await login_page(server, app), await consent_page(server, app)

    assert "<bdi>Stranger</bdi>" in login.text
    assert "Log in to go on to <strong><bdi>Stranger</bdi></strong> (client.example)." in login.text
    assert "This application has registered itself here" in login.text
    assert "This application has registered itself here" in consent.text
    assert not [uri for uri in (LOGO, POLICY, TERMS) if uri in login.text.partition("<form")[0]]
    assert pictures(login) == "'self' data:"
    assert f'href="{POLICY}"' in consent.text


async def test_of_a_client_that_was_registered_here_the_login_has_no_such_note(server: Server) -> None:
    assert "has registered itself" not in (await login_page(server, await introduced(server))).text


@either_page
@pytest.mark.parametrize(
    "logo_uri", ["https://bank.example/logo.png", "http://client.example/logo.png", "https://client.example.evil/x"]
)
async def test_a_client_does_not_wear_the_logo_of_another_host(server: Server, page: Any, logo_uri: str) -> None:
    """Registration §9.1: anybody may register, and be somebody else by the looks of it."""
    app = await introduced(server, logo_uri=logo_uri)

    shown = await page(server, app)

    assert "<img" not in shown.text.partition("<main")[2]
    assert pictures(shown) == "'self' data:"


@either_page
@pytest.mark.parametrize("registered", ["https://bank.example/callback", "org.example.app://bank.example/callback"])
async def test_a_client_does_not_wear_the_logo_of_a_host_that_the_person_is_not_sent_to(
    server: Server, page: Any, registered: str
) -> None:
    metadata = {"logo_uri": "https://bank.example/logo.png", "application_type": "native"}
    app = await server.app(
        scopes=("openid", "read"), auth_method="none", redirect_uris=(REDIRECT_URI, registered), **metadata
    )

    shown = await page(server, app)

    assert "<img" not in shown.text.partition("<main")[2]
    assert pictures(shown) == "'self' data:"


@either_page
async def test_a_client_that_says_nothing_of_itself_is_shown_by_name_alone(server: Server, page: Any) -> None:
    shown = await page(server, await introduced(server))

    assert "Test application" in shown.text
    assert "says about itself" not in shown.text


@pytest.mark.parametrize("page", [login_page, consent_page])
async def test_a_client_has_its_colour_and_nothing_else_has(server: Server, page: Any) -> None:
    shown = await page(server, await introduced(server, accent="rgb(192 57 43)"))
    (sheet,) = re.findall(r'href="(/static/accent-[^"]+)"', shown.text)

    assert sheet == "/static/accent-c0392b.css"
    given = await server.get(sheet)
    assert given.header("content-type") == "text/css; charset=utf-8"
    assert "--fill: #c0392b;" in given.text
    assert "accent-" not in (await page(server, await introduced(server))).text


async def test_a_client_that_nobody_answers_for_has_no_colour_of_its_own(configured: Any) -> None:
    server: Server = configured(registration="open")
    reply = await register(server, None, accent="red")

    assert reply.status == 201
    assert reply.json["left_out"].keys() == {"accent"}


@pytest.mark.parametrize("name", ["accent-.css", "accent-C0392B.css", "accent-c0392b.js", "accent-c0392b.css.css"])
async def test_there_are_no_other_style_sheets_of_colours(server: Server, name: str) -> None:
    assert (await server.get(f"/static/{name}")).status == 404


async def test_a_login_that_no_client_asked_for_is_for_nobody(server: Server) -> None:
    page = await server.get("/login?next=" + quote("/applications"))

    assert page.status == 200
    assert '<p class="soft">For' not in page.text


async def test_a_request_that_is_none_introduces_nobody(server: Server) -> None:
    app = await introduced(server, logo_uri=LOGO)
    address = request(app).replace("client.example", "evil.example")

    page = await server.get("/login?next=" + quote(address, safe=""))

    assert page.status == 200
    assert "Test application" not in page.text
