"""oidc-client-ts, a public client that lives in a page, used in a real browser as its documentation says.

What it reads comes across origins: discovery, keys, tokens, UserInfo and revocation.
"""

import json
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any

import pytest
from attrs import field, frozen
from playwright.sync_api import Browser, Page
from twisted.internet.threads import deferToThread

from tests.chromium import in_browser
from tests.harness import Person, Server
from tests.interop.conftest import Node

LIBRARY = "node_modules/oidc-client-ts/dist/browser/oidc-client-ts.min.js"
PAGE = """<!doctype html><link rel=icon href=data:,><p>The shop.
<script src=/library.js></script>
<script>const shop = new oidc.UserManager(%s)</script>"""
HANDS_OVER = "<script>shop.signinCallback()</script>"  # to the page whose window or frame this is

LOGIN = "() => { shop.signinRedirect({state: 'the cart'}) }"
SILENT_LOGIN = "() => { shop.signinRedirect({prompt: 'none'}) }"
LOGIN_IN_A_WINDOW = "() => { window.login = shop.signinPopup() }"
LOGGED_IN_THERE = "() => window.login"
CALLBACK = "() => shop.signinCallback().catch(({error}) => ({error}))"
RENEWAL = "() => shop.signinSilent().catch(({error}) => ({error}))"
REVOCATION = "() => shop.revokeTokens()"
LOGOUT = "() => { shop.signoutRedirect({state: 'the cart'}) }"
LOGGED_OUT = "() => shop.signoutCallback()"


@frozen
class Shop:
    """A site of pages with the library, at an origin of its own."""

    url: str
    settings: dict[str, Any] = field(factory=dict)


@pytest.fixture
def shop(node: Node) -> Iterator[Shop]:
    library = (node.scripts / LIBRARY).read_bytes()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            page = PAGE % json.dumps(shop.settings) + (HANDS_OVER if self.path.startswith("/window") else "")
            script = self.path == "/library.js"
            self.send_response(200)
            self.send_header("Content-Type", "text/javascript" if script else "text/html")
            self.end_headers()
            self.wfile.write(library if script else page.encode())

        def log_message(self, *_: object) -> None:
            """Quiet."""

    site = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    shop = Shop(f"http://localhost:{site.server_port}")
    thread = Thread(target=site.serve_forever)
    thread.start()
    yield shop
    site.shutdown()
    site.server_close()
    thread.join()


async def seen(
    server: Server, shop: Shop, person: Person, journey: Callable[[Page, Shop], Any], *grant_types: str
) -> Any:
    """What comes of it when this person, who is logged in at the server, uses the shop."""
    app = await server.app(
        auth_method="none",
        grant_types=("authorization_code", *grant_types),
        scopes=("openid", "profile"),
        redirect_uris=(f"{shop.url}/callback", f"{shop.url}/window"),
        post_logout_redirect_uris=(f"{shop.url}/left",),
    )
    shop.settings.update(
        authority=server.settings.issuer,
        client_id=app.client_id,
        scope="openid profile",
        redirect_uri=f"{shop.url}/callback",
        popup_redirect_uri=f"{shop.url}/window",
        silent_redirect_uri=f"{shop.url}/window",
        post_logout_redirect_uri=f"{shop.url}/left",
        loadUserInfo=True,
    )
    cookie = {"name": "iam", "value": person.cookie, "url": server.settings.issuer}
    return await deferToThread(in_browser, visit, cookie, shop, journey)


def visit(browser: Browser, cookie: Any, shop: Shop, journey: Callable[[Page, Shop], Any]) -> Any:
    context = browser.new_context()
    context.add_cookies([cookie])
    page = context.new_page()
    page.goto(shop.url + "/")
    return journey(page, shop)


def log_in(page: Page, shop: Shop) -> Any:
    """The user, as the library calls what it knows after a login."""
    page.evaluate(LOGIN)
    page.get_by_role("button", name="Allow", exact=True).click()
    page.wait_for_url(f"{shop.url}/callback?**")
    return page.evaluate(CALLBACK)


async def test_a_page_logs_somebody_in_and_reads_who_it_is(server: Server, shop: Shop) -> None:
    person = await server.person("ada", name="Ada Lovelace")

    user = await seen(server, shop, person, log_in)

    assert (user["profile"]["sub"], user["profile"]["name"]) == (str(person.user_id), "Ada Lovelace")
    assert (user["scope"], user["state"]) == ("openid profile", "the cart")


async def test_a_page_logs_somebody_in_by_a_window_of_its_own(server: Server, shop: Shop) -> None:
    """The window has no opener any more when it comes back (Cross-Origin-Opener-Policy): the library has another way."""
    person = await server.person()

    user = await seen(server, shop, person, log_in_by_a_window)

    assert user["profile"]["sub"] == str(person.user_id)


def log_in_by_a_window(page: Page, shop: Shop) -> Any:
    with page.expect_popup() as popup:
        page.evaluate(LOGIN_IN_A_WINDOW)
    popup.value.get_by_role("button", name="Allow", exact=True).click()
    return page.evaluate(LOGGED_IN_THERE)


async def test_a_page_renews_its_tokens_without_the_person(server: Server, shop: Shop) -> None:
    person = await server.person()

    before, after = await seen(server, shop, person, renew, "refresh_token")

    assert after["profile"]["sub"] == before["profile"]["sub"] == str(person.user_id)
    assert after["access_token"] != before["access_token"]
    assert after["refresh_token"] != before["refresh_token"]


async def test_a_frame_without_refresh_token_is_told_to_ask_the_person(server: Server, shop: Shop) -> None:
    """Public clients are never let in unseen (docs/reference/authorization.md)."""
    _, after = await seen(server, shop, await server.person(), renew)

    assert after == {"error": "consent_required"}


def renew(page: Page, shop: Shop) -> tuple[Any, Any]:
    return log_in(page, shop), page.evaluate(RENEWAL)


async def test_a_page_revokes_its_tokens(server: Server, shop: Shop) -> None:
    user = await seen(server, shop, await server.person(), revoke, "refresh_token")

    afterwards = await server.get("/userinfo", headers={"Authorization": f"Bearer {user['access_token']}"})

    assert afterwards.status == 401


def revoke(page: Page, shop: Shop) -> Any:
    user = log_in(page, shop)
    page.evaluate(REVOCATION)
    return user


async def test_a_page_logs_its_person_out(server: Server, shop: Shop) -> None:
    left, silent = await seen(server, shop, await server.person(), log_out)

    assert left["userState"] == "the cart"
    assert silent == {"error": "login_required"}


def log_out(page: Page, shop: Shop) -> tuple[Any, Any]:
    """What the library knows after the logout, and what comes of a login without any page."""
    log_in(page, shop)
    page.evaluate(LOGOUT)
    page.wait_for_url(f"{shop.url}/left?**")
    left = page.evaluate(LOGGED_OUT)
    page.evaluate(SILENT_LOGIN)
    page.wait_for_url(f"{shop.url}/callback?**")
    return left, page.evaluate(CALLBACK)
