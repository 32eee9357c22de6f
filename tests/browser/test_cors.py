"""A client that lives in a browser redeems its code by fetch(), and no page of another origin can read anything."""

import json
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

import pytest
from playwright.sync_api import Browser, Page

from tests.browser.conftest import PASSWORD, Running
from tests.chromium import in_browser
from tests.harness import CHALLENGE, VERIFIER

FETCH = """async ([url, body, headers]) => {
    try {
        const reply = await fetch(url, {method: body === null ? 'GET' : 'POST', body, headers});
        return [reply.status, await reply.text(), reply.headers.get('www-authenticate')];
    } catch (error) {
        return [0, String(error), null];
    }
}"""
FORM = {"Content-Type": "application/x-www-form-urlencoded"}


class Pages(BaseHTTPRequestHandler):
    """The same page at every address."""

    def do_GET(self) -> None:
        self.send_response(200)
        self.send_header("Content-Type", "text/html")
        self.end_headers()
        self.wfile.write(b"<!doctype html><link rel=icon href=data:,><p>A page.")

    def log_message(self, *_: Any) -> None:
        pass


@pytest.fixture
def origins() -> Iterator[list[str]]:
    """Two other origins, with pages."""
    servers = [ThreadingHTTPServer(("127.0.0.1", 0), Pages) for _ in range(2)]
    threads = [Thread(target=server.serve_forever) for server in servers]
    for thread in threads:
        thread.start()
    yield [f"http://127.0.0.1:{server.server_port}" for server in servers]
    for server, thread in zip(servers, threads, strict=True):
        server.shutdown()
        server.server_close()
        thread.join()


def test_a_page_of_a_client_redeems_its_code_and_a_page_of_nobody_reads_nothing(
    site: Running, origins: list[str]
) -> None:
    in_browser(journey, site.url, *origins)


def journey(browser: Browser, url: str, spa: str, elsewhere: str) -> None:
    page = browser.new_page()
    callback = spa + "/callback"
    client_id = registered(page, url, callback)
    form = {
        "grant_type": "authorization_code",
        "client_id": client_id,
        "code": code(page, url, client_id, callback),
        "code_verifier": VERIFIER,
        "redirect_uri": callback,
    }

    page.goto(elsewhere + "/")
    stolen = fetched(page, url + "/token", form, {"Authorization": "Basic x"})
    public = fetched(page, url + "/.well-known/oauth-authorization-server")
    page.goto(spa + "/")
    given = fetched(page, url + "/token", form)
    wrong = fetched(page, url + "/token", form, {"Authorization": "Basic x"})
    bearer = {"Authorization": "Bearer " + json.loads(given[1])["access_token"]}
    resource = fetched(page, url + "/resource", headers=bearer)
    private = fetched(page, url + "/applications")

    assert stolen[0] == 0
    assert (public[0], json.loads(public[1])["issuer"]) == (200, url)
    assert given[0] == 200
    assert json.loads(given[1])["token_type"] == "Bearer"
    assert resource[0] == 200
    assert (wrong[0], wrong[2][:5]) == (401, "Basic")
    assert private[0] == 0


def fetched(page: Page, url: str, form: dict[str, str] | None = None, headers: dict[str, str] | None = None) -> Any:
    """Status, text and challenge, as far as this page may read them; 0 where it may read nothing."""
    return page.evaluate(FETCH, [url, urlencode(form) if form else None, {**(FORM if form else {}), **(headers or {})}])


def registered(page: Page, url: str, callback: str) -> str:
    """The id of a new public client."""
    page.goto(url + "/applications/register")
    page.get_by_label("Username or e-mail address").fill("ada")
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Log in", exact=True).click()
    page.get_by_label("Name", exact=True).fill("Shop in a browser")
    page.get_by_label("Public: It runs in a browser").check()
    page.get_by_label("Client credentials").uncheck()
    page.get_by_label("Redirect URIs", exact=True).fill(callback)
    page.get_by_role("button", name="Save").click()
    page.get_by_role("heading", name="Shop in a browser").wait_for()
    return page.url.rpartition("/")[2]


def code(page: Page, url: str, client_id: str, callback: str) -> str:
    """What the client is sent when the person allows it."""
    query = {
        "response_type": "code",
        "client_id": client_id,
        "redirect_uri": callback,
        "code_challenge": CHALLENGE,
        "code_challenge_method": "S256",
    }
    page.goto(f"{url}/authorize?{urlencode(query)}")
    page.get_by_role("button", name="Allow", exact=True).click()
    page.wait_for_url(f"{callback}?**")
    return parse_qs(urlsplit(page.url).query)["code"][0]
