"""The keyboard alone is enough, without scripts."""

import re

from playwright.sync_api import Browser, Page

from tests.browser.conftest import PASSWORD, Running, make_account
from tests.chromium import in_browser


def test_the_keyboard_alone_is_enough(site: Running) -> None:
    assert in_browser(by_keyboard, site.url) == "Shop"


def test_the_keyboard_alone_switches_accounts(site: Running) -> None:
    make_account(site, "bob")

    assert in_browser(switched_by_keyboard, site.url) == "Welcome, ada"


def switched_by_keyboard(browser: Browser, url: str) -> str:
    """Log in as two people, and go back to the first; the heading of the front page."""
    page = browser.new_page(java_script_enabled=False)
    for name in ("ada", "bob"):
        page.goto(url + "/login?account=new")
        type_login(page, name)
        page.wait_for_url(url + "/account")
    page.goto(url + "/accounts")
    reach(page, "use")
    for _ in range(2):
        page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    page.wait_for_url(url + "/account")
    return page.locator("h1").inner_text()


def by_keyboard(browser: Browser, url: str) -> str:
    """Log in and register an application; its heading."""
    page = browser.new_page(java_script_enabled=False)
    page.goto(url + "/applications/register")
    type_login(page, "ada")
    page.wait_for_url(url + "/applications/register")
    reach(page, "name")
    page.keyboard.type("Shop")
    reach(page, "client_type")
    page.keyboard.press("ArrowDown")
    for _ in range(3):
        page.keyboard.press("Tab")
    page.keyboard.press("Space")
    reach(page, "redirect_uris")
    page.keyboard.type("https://shop.example/callback")
    reach(page, "")
    page.keyboard.press("Enter")
    page.wait_for_url(re.compile(r"/applications/[0-9A-Za-z]{22}$"))
    return page.locator("h1").inner_text()


def type_login(page: Page, name: str) -> None:
    page.locator("#login:focus").wait_for()
    for key in (name, "Tab", PASSWORD, "Enter"):
        (page.keyboard.press if key in ("Tab", "Enter") else page.keyboard.type)(key)


def reach(page: Page, name: str) -> None:
    """Press the tab key until the control of this name has the focus; the button has none."""
    for _ in range(100):  # an administrator may tick each scope
        page.keyboard.press("Tab")
        focused = "document.activeElement"
        if page.evaluate(f"{focused}.name === {name!r} && {focused}.tagName !== 'A'"):
            return
    raise AssertionError(f"the tab key does not reach {name}")
