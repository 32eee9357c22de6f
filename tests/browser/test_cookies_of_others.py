"""Cookies of other programs on the host do not stand in the way of a real browser."""

import json
import subprocess

import requests
from playwright.sync_api import Browser

from tests.browser.conftest import BIN, PASSWORD, Running
from tests.chromium import in_browser
from tests.harness import CHALLENGE

CALLBACK = "http://127.0.0.1:9/callback"
FOREIGN = 6
SIZE = 2_000


def walk(browser: Browser, url: str, client_id: str) -> tuple[str, int]:
    """Log in and allow, with 12 kB of others' cookies; where the browser is then, and how much it sent."""
    context = browser.new_context()
    page = context.new_page()
    sent: list[int] = []
    page.route(f"{CALLBACK}**", lambda route: route.fulfill(body="You are back."))
    foreign = [{"name": f"_oauth2_proxy_{one}", "value": "v" * SIZE, "url": url} for one in range(FOREIGN)]
    context.add_cookies(foreign)  # type: ignore[arg-type]
    page.on("request", lambda request: sent.append(len(request.all_headers().get("cookie", ""))))
    page.goto(
        f"{url}/authorize?response_type=code&client_id={client_id}&redirect_uri={CALLBACK}&scope=read"
        f"&code_challenge={CHALLENGE}&code_challenge_method=S256"
    )
    page.evaluate("""() => {
        document.cookie = "=nameless"; document.cookie = 'quoted="a b"'; document.cookie = "twice=1; path=/login";
        document.cookie = "twice=2; path=/"; document.cookie = "umlaut=äöü";
    }""")
    page.get_by_label("Username or e-mail address").fill("ada")
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Log in", exact=True).click()
    page.get_by_role("button", name="Allow", exact=True).click()
    page.get_by_text("You are back.").wait_for()
    return page.url, max(sent)


def test_somebody_with_many_cookies_of_others_logs_in_allows_and_arrives(site: Running) -> None:
    options = ["--name", "Shop", "--redirect-uri", CALLBACK, "--json", *site.options]
    made = subprocess.run([BIN / "iam", "client", "create", *options], check=True, capture_output=True, timeout=60)

    address, most = in_browser(walk, site.url, str(json.loads(made.stdout)["client_id"]))

    assert address.startswith(CALLBACK + "?code=")
    assert most > FOREIGN * SIZE


def planted(browser: Browser, url: str) -> str:
    """Log in where somebody else has set a cookie of our name."""
    context = browser.new_context()
    page = context.new_page()
    page.goto(url + "/login")
    page.evaluate('document.cookie = "iam=planted; path=/login"')
    page.get_by_label("Username or e-mail address").fill("ada")
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Log in", exact=True).click()
    page.get_by_text("several cookies under our name").wait_for()
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Log in", exact=True).click()
    page.wait_for_url(url + "/account")
    return page.locator("h1").inner_text()


def test_a_cookie_planted_under_our_name_is_removed_and_the_person_logs_in(site: Running) -> None:
    assert in_browser(planted, site.url) == "Welcome, ada"


def test_a_head_that_is_too_large_is_told_so_and_what_helps(site: Running) -> None:
    reply = requests.get(site.url, headers={"Cookie": "a=" + "b" * 40_000}, timeout=10)

    assert reply.status_code == 431
    assert "more than 32768 bytes" in reply.text
    assert "delete the cookies of localhost" in reply.text
