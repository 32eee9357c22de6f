"""A personal token in a real browser: made, copied, used by a program, revoked; by script and without."""

import re
import subprocess

import pytest
from playwright.sync_api import Browser, Page

from tests.browser.conftest import PASSWORD, Running
from tests.chromium import in_browser

TOKEN = re.compile(r"iam_pt_[0-9A-Za-z]{43}_[0-9A-Za-z]{6}")
NARROW = 320


@pytest.mark.parametrize("scripted", [True, False], ids=["with script", "without"])
def test_a_token_is_made_copied_used_and_revoked(site: Running, scripted: bool) -> None:
    in_browser(journey, site.url, scripted)


def journey(browser: Browser, url: str, scripted: bool) -> None:
    context = browser.new_context(java_script_enabled=scripted, viewport={"width": NARROW, "height": 640})
    context.grant_permissions(["clipboard-read", "clipboard-write"])
    page = context.new_page()
    log_in(page, url)
    make(page)
    token = copied(page) if scripted else shown(page)
    before = curl(url, token)
    page.get_by_role("link", name="I have noted it").click()
    assert token not in page.content()
    revoke(page)

    assert (before, curl(url, token)) == ("200", "401")


def log_in(page: Page, url: str) -> None:
    page.goto(url + "/account/tokens")
    page.get_by_label("Username or e-mail address").fill("ada")
    page.get_by_label("Password", exact=True).fill(PASSWORD)
    page.get_by_role("button", name="Log in", exact=True).click()
    page.wait_for_url(url + "/account/tokens")


def make(page: Page) -> None:
    page.get_by_role("link", name="Make a token").click()
    page.get_by_label("Name", exact=True).fill("backup at home")
    page.get_by_label("Read your data").check()
    page.get_by_label("In a week").check()
    page.get_by_role("button", name="Make the token").click()
    page.get_by_role("heading", name="Take note of your new token").wait_for()


def shown(page: Page) -> str:
    """The token, whole on a telephone, where there is no button that would do nothing."""
    token = page.locator("#token")
    box = token.bounding_box()
    assert box
    assert box["x"] >= 0
    assert box["x"] + box["width"] <= NARROW
    assert not page.get_by_role("button", name="Copy").is_visible()
    text = token.inner_text()
    assert TOKEN.fullmatch(text)
    return text


def copied(page: Page) -> str:
    """What the button puts into the clipboard, which is also what one tap selects."""
    page.get_by_role("button", name="Copy").click()
    page.get_by_role("button", name="Copied").wait_for()
    page.locator("#token").click()
    selected = str(page.evaluate("getSelection().toString()"))
    text = str(page.evaluate("navigator.clipboard.readText()"))
    assert TOKEN.fullmatch(text)
    assert selected.strip() == text
    return text


def curl(url: str, token: str) -> str:
    """The status that a program gets at the resource."""
    ask = ["curl", "--silent", "--output", "/dev/null", "--write-out", "%{http_code}"]
    called = [*ask, "--header", f"Authorization: Bearer {token}", url + "/resource"]
    return subprocess.run(called, check=True, capture_output=True, text=True).stdout


def revoke(page: Page) -> None:
    page.get_by_role("link", name="Remove backup at home").click()
    page.get_by_role("button", name="Remove it").click()
    page.get_by_text("There is none yet.").wait_for()
