"""Second factors in a real browser: added, asked for, recovered from; each page by axe, in light and dark, on a narrow telephone."""

import json
import subprocess
import time
from collections.abc import Callable, Iterator
from typing import Any
from urllib.parse import urlencode

import pyotp
import pytest
from attrs import define, field
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page

from tests.browser.conftest import BIN, PASSWORD, Running, make_account
from tests.browser.test_accessibility import RULES
from tests.chromium import in_browser
from tests.harness import CHALLENGE

CALLBACK = "https://shop.example/callback"
STEP = 30  # seconds
WIDTHS = (320, 390, 1280)
PAGES = [
    "no factor",
    "new app",
    "new app refused",
    "codes",
    "one factor",
    "new codes?",
    "remove?",
    "code asked for",
    "code refused",
    "recovery code",
    "recovery code refused",
    "a browser not asked",
    "code asked for in a session",
    "factor needed",
]


@define
class App:
    """An authenticator app whose owner types a code of the step before the present one first, then newer ones."""

    codes: pyotp.TOTP
    steps: Iterator[int] = field(factory=lambda: iter((-1, 0, 1)))

    def next(self) -> str:
        return self.codes.at(int(time.time()) + next(self.steps) * STEP)


def type_in(page: Page, label: str, text: str, button: str) -> None:
    page.get_by_label(label).fill(text)
    page.get_by_role("button", name=button, exact=True).click()


def log_in(page: Page, url: str, username: str) -> None:
    page.goto(url + "/login")
    page.get_by_label("Username or e-mail address").fill(username)
    type_in(page, "Password", PASSWORD, "Log in")


def adding(page: Page, url: str, kept: dict[str, Any]) -> Iterator[str]:
    page.goto(url + "/account/security")
    yield "no factor"
    page.get_by_role("link", name="Set up an app").click()
    yield "new app"
    page.get_by_text("Or type the key").click()
    app = App(pyotp.TOTP(page.locator("code.key").inner_text().replace(" ", "")))
    type_in(page, "Code that the app shows", "000000", "Use this app")
    page.get_by_text("This is not the code").wait_for()
    yield "new app refused"
    type_in(page, "Code that the app shows", app.next(), "Use this app")
    page.get_by_role("heading", name="Keep your recovery codes").wait_for()
    yield "codes"
    page.get_by_role("button", name="Copy").click()
    page.get_by_role("button", name="Copied").wait_for()
    kept.update(
        app=app,
        codes=page.locator("#codes code").all_inner_texts(),
        copied=page.evaluate("navigator.clipboard.readText()"),
    )
    page.get_by_role("link", name="I have kept them").click()
    page.goto(url + "/account/security")
    yield "one factor"
    page.goto(url + "/account/security/codes")
    yield "new codes?"
    page.goto(url + "/account/security/app/remove")
    yield "remove?"


def stepping_up(page: Page, url: str, username: str, kept: dict[str, Any]) -> Iterator[str]:
    """A session of the password alone, in a browser that is not asked, proves the app for an application that wants it."""
    page.context.clear_cookies(name="iam")
    log_in(page, url, username)
    page.wait_for_url(url + "/account")
    page.goto(asking(url, kept["client"], acr_values="2"))
    page.get_by_role("heading", name="Code of your authenticator app").wait_for()
    yield "code asked for in a session"
    type_in(page, "Code", kept["app"].next(), "Go on")
    page.get_by_role("button", name="Allow", exact=True).click()
    page.wait_for_url(CALLBACK + "?**")
    kept["answer"] = page.url


def asking(url: str, client_id: str, **parameters: str) -> str:
    query = {"response_type": "code", "client_id": client_id, "redirect_uri": CALLBACK, "scope": "openid"}
    challenge = {"code_challenge": CHALLENGE, "code_challenge_method": "S256"}
    return f"{url}/authorize?" + urlencode({**query, **challenge, **parameters})


def way(page: Page, url: str, username: str, kept: dict[str, Any]) -> Iterator[str]:
    log_in(page, url, username)
    page.wait_for_url(url + "/account")
    yield from adding(page, url, kept)
    page.context.clear_cookies()
    log_in(page, url, username)
    page.get_by_role("heading", name="Code of your authenticator app").wait_for()
    yield "code asked for"
    type_in(page, "Code", "000000", "Go on")
    page.get_by_text("This code is wrong").wait_for()
    yield "code refused"
    page.get_by_role("link", name="Recovery code").click()
    yield "recovery code"
    type_in(page, "Code", "abcd-abcd-abcd-abcd", "Go on")
    page.get_by_text("This code is wrong").wait_for()
    yield "recovery code refused"
    type_in(page, "Code", kept["codes"][0], "Go on")
    page.wait_for_url(url + "/account")
    page.context.clear_cookies()
    log_in(page, url, username)
    page.get_by_label("Do not ask again").check()
    type_in(page, "Code", kept["app"].next(), "Go on")
    page.wait_for_url(url + "/account")
    page.goto(url + "/account/security")
    page.get_by_role("heading", name="Browsers in which you are not asked").wait_for()
    yield "a browser not asked"
    yield from stepping_up(page, url, username, kept)
    page.goto(url + "/account/security/needed?next=/account&acr=2")
    yield "factor needed"


@define
class Findings:
    """What was found wrong, by page, colour and width."""

    problems: dict[tuple[str, str, int], list[str]] = field(factory=dict)
    looked: list[str] = field(factory=list)

    def look(self, page: Page, name: str) -> None:
        self.looked.append(name)
        for colour in ("light", "dark"):
            page.emulate_media(color_scheme=colour)  # type: ignore[arg-type]
            for width in WIDTHS:
                page.set_viewport_size({"width": width, "height": 800})
                found = self.problems.setdefault((name, colour, width), [])
                found.extend(
                    f"{each['id']}: {each['nodes'][0]['html']}"
                    for each in Axe().run(page, options=RULES).response["violations"]
                )
                if page.evaluate("document.documentElement.scrollWidth") > width:
                    found.append("wider than the screen")


def walk(
    browser: Browser, url: str, username: str, client_id: str, look: Callable[[Page, str], None]
) -> dict[str, Any]:
    kept: dict[str, Any] = {"client": client_id}
    context = browser.new_context(permissions=["clipboard-read", "clipboard-write"])
    context.route(CALLBACK + "**", lambda route: route.fulfill(body="<!doctype html><title>Shop</title>"))
    page = context.new_page()
    for name in way(page, url, username, kept):
        look(page, name)
    return kept


def client(site: Running) -> str:
    """An application without a secret."""
    options = ["--name", "Shop", "--redirect-uri", CALLBACK, "--auth-method", "none", "--scope", "openid", "--json"]
    command = [BIN / "iam", "client", "create", *options, *site.options]
    return str(json.loads(subprocess.run(command, capture_output=True, check=True, timeout=60).stdout)["client_id"])


@pytest.fixture(scope="module")
def found(site: Running) -> tuple[Findings, dict[str, Any]]:
    make_account(site, "factors")
    findings = Findings()
    return findings, in_browser(walk, site.url, "factors", client(site), findings.look)


def test_a_person_adds_an_app_and_logs_in_by_it_and_by_a_recovery_code(found: tuple[Findings, dict[str, Any]]) -> None:
    findings, kept = found

    assert findings.looked == PAGES
    assert kept["copied"].split() == kept["codes"]
    assert len(set(kept["codes"])) == 10
    assert "code=" in kept["answer"]


@pytest.mark.parametrize("name", PAGES)
def test_axe_finds_nothing_on_its_pages_and_they_fit_a_telephone(
    found: tuple[Findings, dict[str, Any]], name: str
) -> None:
    findings, _ = found

    assert {place: problems for place, problems in findings.problems.items() if place[0] == name and problems} == {}


def without_script(browser: Browser, url: str, username: str) -> list[str]:
    page = browser.new_context(java_script_enabled=False).new_page()
    log_in(page, url, username)
    page.goto(url + "/account/security/app")
    page.get_by_text("Or type the key").click()
    app = App(pyotp.TOTP(page.locator("code.key").inner_text().replace(" ", "")))
    type_in(page, "Code that the app shows", app.next(), "Use this app")
    page.get_by_role("heading", name="Keep your recovery codes").wait_for()
    return [button.inner_text() for button in page.get_by_role("button").all()]


def test_without_javascript_an_app_is_added_and_no_button_is_there_that_does_nothing(site: Running) -> None:
    make_account(site, "plain")

    assert in_browser(without_script, site.url, "plain") == []
