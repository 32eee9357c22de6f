"""The answer by a form, in a real browser, with JavaScript and without (OAuth 2.0 Form Post Response Mode)."""

import json
import subprocess
from typing import Any
from urllib.parse import parse_qs, urlencode

import pytest
from playwright.sync_api import Browser, Page, Route

from tests.browser.conftest import BIN, PASSWORD, Running
from tests.chromium import in_browser
from tests.harness import CHALLENGE

CALLBACK = "http://127.0.0.1:9/callback?shop=1"
STATE = "a b+c&d=é#'\"<b>"


@pytest.fixture(scope="module")
def client_id(site: Running) -> str:
    """A public client of the site: people are asked each time."""
    options = ["--name", "Shop", "--redirect-uri", CALLBACK, "--auth-method", "none", "--json", *site.options]
    made = subprocess.run([BIN / "iam", "client", "create", *options], check=True, capture_output=True, timeout=60)
    return str(json.loads(made.stdout)["client_id"])


def asking(url: str, client_id: str, **parameters: str) -> str:
    query = {
        "response_type": "code",
        "response_mode": "form_post",
        "client_id": client_id,
        "redirect_uri": CALLBACK,
        "state": STATE,
        "code_challenge": CHALLENGE,
        "code_challenge_method": "S256",
        **parameters,
    }
    return f"{url}/authorize?{urlencode(query)}"


def opened(browser: Browser, *, scripts: bool) -> tuple[Page, list[Any], list[str]]:
    """A page, what the client is sent, and what the browser complains of."""
    page = browser.new_page(java_script_enabled=scripts)
    sent: list[Any] = []
    complaints: list[str] = []

    def back(route: Route) -> None:
        sent.append((route.request.method, route.request.url, parse_qs(route.request.post_data or "")))
        route.fulfill(body="You are back.")

    page.route("http://127.0.0.1:9/**", back)
    page.on("console", lambda message: complaints.append(message.text) if message.type == "error" else None)
    return page, sent, complaints


def allow(page: Page, address: str) -> None:
    page.goto(address)
    page.get_by_label("Username or e-mail address").fill("ada")
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Log in", exact=True).click()
    page.get_by_role("button", name="Allow", exact=True).click()


def by_script(browser: Browser, address: str) -> tuple[list[Any], list[str]]:
    page, sent, complaints = opened(browser, scripts=True)
    allow(page, address)
    page.get_by_text("You are back.").wait_for()
    return sent, complaints


def by_button(browser: Browser, address: str) -> tuple[list[Any], list[str]]:
    page, sent, complaints = opened(browser, scripts=False)
    allow(page, address)
    assert sent == []
    page.get_by_role("button", name="Continue").click()
    page.get_by_text("You are back.").wait_for()
    return sent, complaints


@pytest.mark.parametrize("way", [by_script, by_button])
def test_the_browser_brings_the_answer_to_the_client(site: Running, client_id: str, way: Any) -> None:
    ((method, address, members),), complaints = in_browser(way, asking(site.url, client_id))

    assert (method, address) == ("POST", CALLBACK)
    assert set(members) == {"code", "state", "iss"}
    assert (members["state"], members["iss"]) == ([STATE], [site.url])
    assert complaints == []


def at_once(browser: Browser, address: str) -> list[Any]:
    page, sent, _ = opened(browser, scripts=True)
    page.goto(address)
    page.get_by_text("You are back.").wait_for()
    return sent


def test_an_error_is_brought_in_the_same_way(site: Running, client_id: str) -> None:
    ((method, _, members),) = in_browser(at_once, asking(site.url, client_id, scope="admin"))

    assert method == "POST"
    assert (members["error"], members["state"]) == (["invalid_scope"], [STATE])
