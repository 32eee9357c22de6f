"""Nothing of ours stops a real browser on the way that a client's own redirects take."""

import json
import subprocess
from collections.abc import Iterator
from typing import Any
from urllib.parse import quote, urlencode

import pytest
from attrs import frozen
from playwright.sync_api import Browser, BrowserContext, Page

from tests.browser.conftest import BIN, PASSWORD, Running
from tests.browser.hops import APP, Hops, hopping
from tests.chromium import in_browser
from tests.harness import CHALLENGE


@frozen
class Client:
    """A client of the site that remembers what people allowed."""

    hops: Hops
    client_id: str

    def asking(self, url: str, callback: str, **parameters: str) -> str:
        query = {
            "response_type": "code",
            "client_id": self.client_id,
            "redirect_uri": callback,
            "scope": "openid",
            "code_challenge": CHALLENGE,
            "code_challenge_method": "S256",
            **parameters,
        }
        return f"{url}/authorize?{urlencode(query)}"


@pytest.fixture(scope="module")
def client(site: Running) -> Iterator[Client]:
    with hopping() as hops:
        uris = (hops.callback, hops.app, hops.first + "/popup")
        registered = [part for uri in uris for part in ("--redirect-uri", uri)]
        registered += [part for uri in uris for part in ("--post-logout-redirect-uri", uri)]
        command = [BIN / "iam", "client", "create", "--name", "Shop", *registered, "--json", *site.options]
        made = subprocess.run(command, check=True, capture_output=True, timeout=60)
        yield Client(hops, str(json.loads(made.stdout)["client_id"]))


def log_in(page: Page, name: str = "ada") -> None:
    page.get_by_label("Username or e-mail address").fill(name)
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Log in", exact=True).click()


def by_consent(page: Page, url: str, client: Client, callback: str) -> None:
    page.goto(client.asking(url, callback, prompt="consent"))
    log_in(page)
    page.get_by_role("button", name="Allow", exact=True).click(no_wait_after=True)


def by_refusal(page: Page, url: str, client: Client, callback: str) -> None:
    page.goto(client.asking(url, callback, prompt="consent"))
    log_in(page)
    page.get_by_role("button", name="Do not allow").click(no_wait_after=True)


def by_login(page: Page, url: str, client: Client, callback: str) -> None:
    """What ada allowed before is remembered."""
    remember(page.context, url, client)
    page.goto(client.asking(url, callback, prompt="login"))
    log_in(page)


def by_choice(page: Page, url: str, client: Client, callback: str) -> None:
    remember(page.context, url, client)
    page.goto(client.asking(url, callback, prompt="select_account"))
    page.get_by_role("button", name="ada", exact=False).first.click(no_wait_after=True)


def by_form(page: Page, url: str, client: Client, callback: str) -> None:
    page.goto(client.asking(url, callback, prompt="consent", response_mode="form_post"))
    log_in(page)
    page.get_by_role("button", name="Allow", exact=True).click(no_wait_after=True)


def by_logout(page: Page, url: str, client: Client, callback: str) -> None:
    page.goto(url + "/login")
    log_in(page)
    page.wait_for_url(url + "/account")
    query = {"client_id": client.client_id, "post_logout_redirect_uri": callback}
    page.goto(f"{url}/logout?{urlencode(query)}")
    page.get_by_role("button", name="Log out").click(no_wait_after=True)


def remember(context: BrowserContext, url: str, client: Client) -> None:
    """Let ada allow it once."""
    page = context.new_page()
    page.goto(client.asking(url, client.hops.callback, prompt="consent"))
    log_in(page)
    page.get_by_role("button", name="Allow", exact=True).click()
    page.get_by_text("You have arrived.").wait_for()
    page.close()
    client.hops.asked.clear()


WAYS = [by_consent, by_refusal, by_login, by_choice, by_form, by_logout]


def complaints_of(page: Page) -> list[str]:
    """What the browser says against our pages, as it comes."""
    said: list[str] = []
    page.on("console", lambda message: said.append(message.text) if "Content Security Policy" in message.text else None)
    return said


def across(browser: Browser, way: Any, url: str, client: Client) -> list[str]:
    page = browser.new_context().new_page()
    said = complaints_of(page)
    way(page, url, client, client.hops.callback)
    page.get_by_text("You have arrived.").wait_for()
    return said


@pytest.mark.parametrize("way", WAYS)
def test_the_browser_arrives_where_the_client_sends_it_over_three_origins(
    site: Running, client: Client, way: Any
) -> None:
    client.hops.asked.clear()

    said = in_browser(across, way, site.url, client)

    assert [path for _, path in client.hops.asked if path != "/favicon.ico"] == ["/cb", "/home", "/x"]
    assert said == []


def to_an_app(browser: Browser, way: Any, url: str, client: Client) -> tuple[list[str], list[str]]:
    page = browser.new_context().new_page()
    said, opened = complaints_of(page), list[str]()
    tools = page.context.new_cdp_session(page)
    tools.send("Network.enable")
    tools.on("Network.requestWillBeSent", lambda event: opened.append(event["request"]["url"]))
    way(page, url, client, client.hops.app)
    for _ in range(200):
        if APP in opened or said:
            break
        page.wait_for_timeout(50)
    return opened, said


@pytest.mark.parametrize("way", WAYS)
def test_the_browser_is_let_go_to_the_app_that_the_client_sends_it_to(site: Running, client: Client, way: Any) -> None:
    opened, said = in_browser(to_an_app, way, site.url, client)

    assert said == []
    assert APP in opened


def in_a_popup(browser: Browser, url: str, client: Client) -> tuple[str, str]:
    page = browser.new_context().new_page()
    address = client.asking(url, client.hops.first + "/popup", prompt="consent")
    with page.expect_popup() as opened:
        page.goto(f"{client.hops.first}/opener?to={quote(address, safe='')}")
    log_in(opened.value)
    opened.value.get_by_role("button", name="Allow", exact=True).wait_for()
    title = page.title()
    opened.value.get_by_role("button", name="Allow", exact=True).click(no_wait_after=True)
    page.get_by_text("told", exact=True).wait_for()
    return title, page.inner_text("#heard")


def test_a_client_that_logs_people_in_by_a_popup_hears_from_it(site: Running, client: Client) -> None:
    title, heard = in_browser(in_a_popup, site.url, client)

    assert (title, heard) == ("open", "told")
