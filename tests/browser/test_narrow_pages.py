"""No page is wider than a telephone, whoever is on it: names, hosts and addresses as long as they may be, without a blank."""

import json
import subprocess
from collections.abc import Iterator
from typing import Any
from urllib.parse import quote, urlencode

import pytest
import requests
from playwright.sync_api import Browser, Page

from tests import processes
from tests.browser.conftest import BIN, PASSWORD, Running, setup_of
from tests.chromium import in_browser
from tests.databases import make_database
from tests.harness import CHALLENGE

WIDTHS = (390, 320)
USERNAME = "u" * 64
NAME = "N" * 60
EMAIL = f"{'e' * 60}@{'d' * 60}.example"
CLIENT = "C" * 100
HOST = f"{'h' * 63}.{'o' * 63}.example"
CALLBACK = f"https://{HOST}/{'p' * 200}"
SCOPE = "s" * 120
STALE = "Nothing was done yet"
MEASURE = "[document.documentElement.scrollWidth, innerWidth]"
PAGES = [
    "home of nobody", "login", "login for a client", "login refused", "login gone stale", "setup", "setup refused",
    "continue to a stranger", "logged out for a stranger", "account", "accounts", "consent", "consent gone stale",
    "answer by a form", "applications", "application", "register", "register refused", "edit", "secret", "delete",
    "disable", "disabled application", "enable",
    "logout for a client", "logout gone stale", "still logged in", "refused", "not found", "logged out",
]  # fmt: skip


@pytest.fixture(scope="module")
def site(cluster: Any, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """A server where everybody may register, and somebody has a long name."""
    options = ("--database", make_database(cluster), "--data-dir", str(tmp_path_factory.mktemp("narrow")))
    process = processes.start(*options, "--registration", "open")
    yield Running(process.url, options)
    assert process.stop() == 0


@pytest.fixture(scope="module")
def widths(site: Running) -> dict[str, set[tuple[int, int]]]:
    """Of each page: how wide it is and how wide the screen, for each screen."""
    setup = setup_of(site)
    person = ["--username", USERNAME, "--name", NAME, "--email", EMAIL, "--password-stdin"]
    command(site, "user", "create", *person, typed=PASSWORD)
    command(site, "scope", "create", SCOPE, "--description", "D" * 100)
    return in_browser(look_round, site.url, setup, client(site), stranger(site.url))


def command(site: Running, *words: str, typed: str = "") -> bytes:
    line = [BIN / "iam", *words, *site.options]
    return subprocess.run(line, input=typed.encode(), check=True, capture_output=True, timeout=60).stdout


def client(site: Running) -> str:
    options = ["--name", CLIENT, "--redirect-uri", CALLBACK, "--post-logout-redirect-uri", CALLBACK]
    made = command(site, "client", "create", *options, "--scope", f"openid {SCOPE}", "--json")
    return str(json.loads(made)["client_id"])


def stranger(url: str) -> str:
    metadata = {"client_name": CLIENT, "redirect_uris": [CALLBACK], "post_logout_redirect_uris": [CALLBACK]}
    registered = requests.post(url + "/register", json={**metadata, "scope": "openid"}, timeout=30)
    return str(registered.json()["client_id"])


def asking(url: str, client_id: str, scope: str, **parameters: str) -> str:
    query = {"response_type": "code", "client_id": client_id, "redirect_uri": CALLBACK, "scope": scope}
    return f"{url}/authorize?" + urlencode(
        {**query, "code_challenge": CHALLENGE, "code_challenge_method": "S256", **parameters}
    )


def leaving(url: str, client_id: str) -> str:
    return f"{url}/logout?" + urlencode({"client_id": client_id, "post_logout_redirect_uri": CALLBACK})


def look_round(browser: Browser, *told: str) -> dict[str, set[tuple[int, int]]]:
    page = browser.new_context(java_script_enabled=True).new_page()
    page.route("**/form_post.js*", lambda route: route.fulfill(body="", content_type="text/javascript"))
    found = {}
    for name in way(page, *told):
        found[name] = {measured(page, width) for width in WIDTHS}
    return found


def measured(page: Page, width: int) -> tuple[int, int]:
    page.wait_for_load_state("load")  # and so with its style
    page.set_viewport_size({"width": width, "height": 800})
    wide, screen = page.evaluate(MEASURE)
    return wide, screen


def way(page: Page, url: str, setup: str, client_id: str, stranger_id: str) -> Iterator[str]:
    yield from of_nobody(page, url, setup, client_id, stranger_id)
    page.goto(url + "/login")
    log_in(page)
    page.wait_for_url(url + "/account")
    yield "account"
    page.goto(url + "/accounts")
    yield "accounts"
    yield from of_a_client(page, url, client_id)
    yield from of_applications(page, url)
    page.goto(leaving(url, client_id))
    yield "logout for a client"
    spoil(page)
    press(page, "Log out", STALE)
    yield "logout gone stale"
    press(page, "Stay", "You are still logged in")
    yield "still logged in"
    page.goto(f"{url}/authorize?client_id={'c' * 100}")
    yield "refused"
    page.goto(url + "/" + "n" * 200)
    yield "not found"
    page.goto(url + "/logout")
    page.get_by_role("button", name="Log out").click()
    page.wait_for_url(url + "/logout")
    yield "logged out"


def of_nobody(page: Page, url: str, setup: str, client_id: str, stranger_id: str) -> Iterator[str]:
    page.goto(url)
    yield "home of nobody"
    page.goto(url + "/login")
    yield "login"
    page.goto(asking(url, client_id, "openid"))
    yield "login for a client"
    page.get_by_label("Username or e-mail address").fill("x" * 200)
    press(page, "Log in", "Wrong username or password")
    yield "login refused"
    spoil(page)
    press(page, "Log in", STALE)
    yield "login gone stale"
    page.goto(setup)
    yield "setup"
    page.get_by_label("Username").fill("x" * 100)
    press(page, "Make the administrator", "Nothing is saved yet")
    yield "setup refused"
    page.goto(asking(url, stranger_id, "payroll"))
    yield "continue to a stranger"
    page.goto(leaving(url, stranger_id))
    yield "logged out for a stranger"


def of_a_client(page: Page, url: str, client_id: str) -> Iterator[str]:
    page.goto(asking(url, client_id, f"openid {SCOPE}"))
    page.get_by_role("heading", name="Allow").wait_for()
    yield "consent"
    spoil(page)
    press(page, "Allow", STALE)
    yield "consent gone stale"
    page.goto(asking(url, client_id, "openid", response_type="none", response_mode="form_post"))
    if page.get_by_role("button", name="Allow", exact=True).count():
        page.get_by_role("button", name="Allow", exact=True).click()
    page.get_by_role("heading", name="Back to the application").wait_for()
    yield "answer by a form"


def of_applications(page: Page, url: str) -> Iterator[str]:
    page.goto(url + "/applications/register")
    yield "register"
    page.get_by_label("Redirect URIs", exact=True).fill("x" * 500)
    press(page, "Save", "Nothing is saved yet")
    yield "register refused"
    page.get_by_label("Name", exact=True).fill(CLIENT)
    page.get_by_label("Redirect URIs", exact=True).fill(CALLBACK)
    page.get_by_role("button", name="Save").click()
    page.get_by_role("heading", name=CLIENT).wait_for()
    yield "application"
    here = page.url
    page.goto(url + "/applications")
    yield "applications"
    for what in ("edit", "secret", "delete", "disable"):
        page.goto(f"{here}/{what}")
        yield what
    press(page, "Disable", "This application is disabled")
    yield "disabled application"
    page.goto(here + "/enable")
    yield "enable"


def log_in(page: Page) -> None:
    page.get_by_label("Username or e-mail address").fill(quote(USERNAME))
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Log in", exact=True).click()


def press(page: Page, name: str, text: str) -> None:
    """Press the button of this name, and wait for the page with this text."""
    page.get_by_role("button", name=name, exact=True).click()
    page.get_by_text(text).first.wait_for()


def spoil(page: Page) -> None:
    """Let the form have no good token, as if somebody had logged in in another tab."""
    page.evaluate("document.querySelector('[name=csrf_token]').value += 'x'")


def test_no_page_is_wider_than_the_screen(widths: dict[str, set[tuple[int, int]]]) -> None:
    assert {name: wide for name, wide in widths.items() if wide != {(width, width) for width in WIDTHS}} == {}


def test_no_narrow_page_was_passed_over(widths: dict[str, Any]) -> None:
    assert sorted(widths) == sorted(PAGES)
