"""Consent in a real browser without JavaScript: a scope is deselected, an account chosen, a trusted client not asked about."""

import json
import subprocess
from collections.abc import Iterator
from urllib.parse import parse_qs, urlsplit

import pytest
import requests
from attrs import define
from playwright.sync_api import Browser, Page

from tests.browser.conftest import BIN, PASSWORD, Running, make_account
from tests.browser.hops import hopping
from tests.chromium import in_browser
from tests.harness import CHALLENGE, VERIFIER

CALLBACK = "http://127.0.0.1/back"


def register(site: Running, *options: str) -> str:
    """The id of a new public client."""
    told = ["--name", "Photo Shop", "--redirect-uri", CALLBACK, "--auth-method", "none", "--json"]
    done = subprocess.run(
        [BIN / "iam", "client", "create", *told, *options, *site.options], capture_output=True, check=True, timeout=60
    )
    return str(json.loads(done.stdout)["client_id"])


@define
class Shop:
    """A client on this machine, at a port that it was given when it began to listen."""

    url: str
    callback: str
    client_id: str

    def asking(self, **more: str) -> str:
        """An authorization request of it."""
        told = "".join(f"&{name}={value}" for name, value in more.items())
        return (
            f"{self.url}/authorize?response_type=code&client_id={self.client_id}&redirect_uri={self.callback}&state=s"
            f"&code_challenge={CHALLENGE}&code_challenge_method=S256{told}"
        )

    def scope(self, code: str) -> str:
        """The scope of the token that it gets for the code."""
        return self.tokens(code)["scope"]

    def tokens(self, code: str) -> dict[str, str]:
        """What it gets for the code."""
        form = {"client_id": self.client_id, "code": code, "redirect_uri": self.callback, "code_verifier": VERIFIER}
        reply = requests.post(self.url + "/token", {**form, "grant_type": "authorization_code"}, timeout=10)
        told: dict[str, str] = reply.json()
        return told

    def status(self, token: str) -> int:
        """What the resource answers to the token."""
        return requests.get(
            self.url + "/resource", headers={"Authorization": f"Bearer {token}"}, timeout=10
        ).status_code


@pytest.fixture
def callback() -> Iterator[str]:
    """Where the client listens."""
    with hopping() as hops:
        yield hops.first + "/back"


def opened(browser: Browser, url: str, username: str) -> Page:
    """A page of somebody who is logged in."""
    page = browser.new_page(java_script_enabled=False)
    page.goto(url + "/login")
    log_in(page, username)
    return page


def log_in(page: Page, username: str) -> None:
    page.get_by_label("Username or e-mail address").fill(username)
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Log in", exact=True).click()


def sent_back(page: Page) -> dict[str, str]:
    """What the client is told."""
    page.get_by_text("You have arrived.").wait_for()
    return {name: values[0] for name, values in parse_qs(urlsplit(page.url).query).items()}


def test_what_is_deselected_is_not_in_the_token(site: Running, callback: str) -> None:
    in_browser(deselect, Shop(site.url, callback, register(site)))


def deselect(browser: Browser, shop: Shop) -> None:
    page = opened(browser, shop.url, "ada")
    page.goto(shop.asking(scope="read+write"))
    for box in ("Read your data", "Create and change your data"):
        page.get_by_label(box).uncheck()
    page.get_by_role("button", name="Allow", exact=True).click()
    page.get_by_text("you have selected nothing that it may do").wait_for()
    page.get_by_label("Read your data").check()
    page.get_by_role("button", name="Allow", exact=True).click()
    assert shop.scope(sent_back(page)["code"]) == "read"


def test_an_account_is_chosen_before_the_question(site: Running, callback: str) -> None:
    make_account(site, "charles")
    in_browser(choose, Shop(site.url, callback, register(site)))


def choose(browser: Browser, shop: Shop) -> None:
    page = opened(browser, shop.url, "ada")
    page.goto(shop.asking(scope="openid+email", prompt="select_account"))
    page.get_by_role("link", name="Use another account").click()
    log_in(page, "charles")
    page.get_by_text("It asks to act for you, charles.").wait_for()
    page.get_by_role("link", name="Use another account").click()
    page.get_by_role("button", name="ada ada@example.org").click()
    page.get_by_text("It asks to act for you, ada.").wait_for()
    page.get_by_label("Read your e-mail address").uncheck()
    page.get_by_role("button", name="Allow", exact=True).click()
    assert shop.scope(sent_back(page)["code"]) == "openid"


def test_a_trusted_client_on_this_machine_gets_a_code_without_a_page(site: Running, callback: str) -> None:
    shops = [Shop(site.url, callback, register(site, *options)) for options in (("--trusted",), ())]
    in_browser(trust, *shops)


def trust(browser: Browser, trusted: Shop, other: Shop) -> None:
    page = opened(browser, trusted.url, "ada")
    page.goto(trusted.asking(scope="openid+read", prompt="none"))
    assert trusted.scope(sent_back(page)["code"]) == "openid read"
    page.goto(other.asking(scope="openid+read", prompt="none"))
    assert sent_back(page)["error"] == "consent_required"


def test_what_was_allowed_is_taken_back(site: Running, callback: str) -> None:
    make_account(site, "edsger")
    in_browser(take_back, Shop(site.url, callback, register(site)))


def take_back(browser: Browser, shop: Shop) -> None:
    page = opened(browser, shop.url, "edsger")
    page.goto(shop.asking(scope="read"))
    page.get_by_role("button", name="Allow", exact=True).click()
    token = shop.tokens(sent_back(page)["code"])["access_token"]
    before = shop.status(token)
    page.goto(shop.url + "/account/applications")
    page.get_by_role("link", name="Remove Photo Shop").click()
    page.get_by_role("button", name="Remove", exact=True).click()
    page.get_by_text("You have not allowed any application").wait_for()
    assert (before, shop.status(token)) == (200, 401)
    page.goto(shop.asking(scope="read"))
    page.get_by_role("heading", name="Allow").wait_for()  # it has to ask again
