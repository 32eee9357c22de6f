"""The page with the relying parties' own logout pages in a real browser (OpenID Connect Front-Channel Logout 1.0)."""

import subprocess
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

import pytest
import requests
from attrs import frozen
from playwright.sync_api import Browser, Page

from tests import processes
from tests.browser.conftest import BIN, PASSWORD
from tests.chromium import in_browser
from tests.databases import make_database
from tests.harness import CHALLENGE, VERIFIER


class RelyingParty(BaseHTTPRequestHandler):
    """Remembers which addresses were opened, and how."""

    asked: list[tuple[str, str]]

    def do_GET(self) -> None:
        self.asked.append((self.path, self.headers.get("Sec-Fetch-Dest", "")))
        if self.path.startswith("/out?"):
            self.send_response(302)
            self.send_header("Location", f"http://localhost:{self.server.server_address[1]}/out/elsewhere")
            self.end_headers()
            return
        self.send_response(200)
        self.send_header("Content-Type", "text/html")
        self.end_headers()
        self.wfile.write(b"<!doctype html><title>shop</title>You are back.")
        if self.path.startswith("/out"):
            self.wfile.write(b"<script>top.location = '/stolen'</script>")

    def log_message(self, *_: object) -> None:
        """Quiet."""


@frozen
class Shop:
    """A relying party, registered at the server."""

    url: str
    server: str
    client: Any
    asked: list[tuple[str, str]]


@pytest.fixture
def shop(cluster: Any, tmp_path: Path) -> Iterator[Shop]:
    asked: list[tuple[str, str]] = []
    site = ThreadingHTTPServer(("127.0.0.1", 0), type("Handler", (RelyingParty,), {"asked": asked}))
    threading.Thread(target=site.serve_forever, daemon=True).start()
    url = f"http://127.0.0.1:{site.server_port}"
    options = ["--database", make_database(cluster), "--data-dir", str(tmp_path)]
    ada = ["--username", "ada", "--email", "ada@example.org", "--password-stdin"]
    subprocess.run([BIN / "iam", "createsuperuser", *ada, *options], input=PASSWORD.encode(), check=True, timeout=60)
    process = processes.start(*options, "--registration", "open", "--allow-fetch", "127.0.0.0/8")
    metadata = {
        "redirect_uris": [url + "/callback"],
        "post_logout_redirect_uris": [url + "/bye"],
        "frontchannel_logout_uri": url + "/out",
        "frontchannel_logout_session_required": True,
        "scope": "openid",
    }
    registered = requests.post(process.url + "/register", json=metadata, timeout=30)
    assert registered.status_code == 201, registered.text
    yield Shop(url, process.url, registered.json(), asked)
    site.shutdown()
    site.server_close()
    assert process.stop() == 0


def test_the_logout_page_of_the_shop_is_shown_before_the_browser_goes_back(shop: Shop) -> None:
    violations = in_browser(logout, shop)

    told, *_ = [urlsplit(path) for path, kind in shop.asked if kind == "iframe"]
    documents = [path for path, kind in shop.asked if kind == "document"]
    assert violations == []
    assert told.path == "/out"
    assert parse_qs(told.query)["iss"] == [shop.server]
    assert parse_qs(told.query)["sid"]
    assert ("/out/elsewhere", "iframe") in shop.asked  # the client's own redirect, to another origin
    assert documents[-1] == "/bye?state=a+b"
    assert "/stolen" not in documents


def logout(browser: Browser, shop: Shop) -> list[str]:
    """Log in at the shop, and out again; what the browser complained of."""
    page = browser.new_page()
    violations: list[str] = []
    page.on("console", lambda message: violations.append(message.text) if "Content Security" in message.text else None)
    id_token = log_in(page, shop)
    asked = {"id_token_hint": id_token, "post_logout_redirect_uri": shop.url + "/bye", "state": "a b"}
    page.goto(shop.server + "/logout?" + urlencode(asked))
    page.get_by_role("heading", name="You are logged out").wait_for()
    page.wait_for_url(shop.url + "/bye**")
    page.goto(shop.server + "/applications")
    assert page.url.startswith(shop.server + "/login")
    return violations


def log_in(page: Page, shop: Shop) -> str:
    """The ID token of a login."""
    asked = {
        "response_type": "code",
        "client_id": shop.client["client_id"],
        "redirect_uri": shop.url + "/callback",
        "scope": "openid",
        "code_challenge": CHALLENGE,
        "code_challenge_method": "S256",
    }
    page.goto(shop.server + "/authorize?" + urlencode(asked))
    page.get_by_label("Username or e-mail address").fill("ada")
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Log in", exact=True).click()
    page.get_by_role("button", name="Allow", exact=True).click()
    page.get_by_text("You are back.").wait_for()
    (code,) = parse_qs(urlsplit(page.url).query)["code"]
    client = (shop.client["client_id"], shop.client["client_secret"])
    form = {"grant_type": "authorization_code", "code": code, "code_verifier": VERIFIER}
    form["redirect_uri"] = shop.url + "/callback"
    return str(requests.post(shop.server + "/token", form, auth=client, timeout=30).json()["id_token"])
