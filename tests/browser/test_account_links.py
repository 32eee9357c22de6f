"""From an address to an account, from a forgotten password to a new one: in a real browser, with and without scripts."""

from playwright.sync_api import Browser

from tests.browser.conftest import Running
from tests.browser.eyes import Eyes, looked
from tests.browser.ways import links
from tests.browser.ways.visit import Visit
from tests.chromium import in_browser


def walk(browser: Browser, site: Running) -> Eyes:
    eyes = Eyes()
    page = eyes.page(browser)
    for name in links.way(Visit(page, site), "ada"):
        eyes.look(page, name)
    return eyes


def test_with_scripts_a_person_makes_an_account_and_finds_back_into_it(fresh: Running) -> None:
    looked(in_browser(walk, fresh), links.PAGES)


def walk_without_scripts(browser: Browser, site: Running) -> dict[str, int]:
    """How wide each page is on a telephone in the dark."""
    page = browser.new_page(java_script_enabled=False, color_scheme="dark", viewport={"width": 320, "height": 800})
    wide = "document.documentElement.scrollWidth"
    return {name: page.evaluate(wide) for name in links.way(Visit(page, site), "bob")}


def test_without_scripts_too_on_a_telephone_in_the_dark(fresh: Running) -> None:
    assert in_browser(walk_without_scripts, fresh) == dict.fromkeys(links.PAGES, 320)
