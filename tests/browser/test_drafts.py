"""A real browser in which a session ends while somebody fills in a form: it stands there after the login."""

from collections.abc import Sequence
from contextlib import closing

import psycopg2
from attrs import frozen
from playwright.sync_api import Browser, BrowserContext, Page

from tests.browser.conftest import PASSWORD, Running
from tests.chromium import in_browser

REGISTER = "/applications/register?type=app"


@frozen
class Seen:
    """What the person saw."""

    login: str
    drafts: Sequence[str]  # the paths of the cookies with what was typed, before the login
    problem: str
    name: str
    public: bool
    scopes: Sequence[str]
    left: Sequence[str]
    registered: str


def all_logged_out(running: Running) -> None:
    """All sessions end."""
    with closing(psycopg2.connect(running.options[1])) as connection, connection, connection.cursor() as cursor:
        cursor.execute("delete from sessions")


def drafts(context: BrowserContext) -> list[str]:
    """The paths of the cookies that have what was typed."""
    return [each.get("path", "") for each in context.cookies() if "draft" in each.get("name", "")]


def log_in(page: Page) -> None:
    page.get_by_label("Username or e-mail address").fill("ada")
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Log in", exact=True).click()


def scopes(page: Page) -> list[str]:
    """What is ticked."""
    return [str(box.get_attribute("value")) for box in page.locator("input[name=scopes]:checked").all()]


def be_interrupted(browser: Browser, running: Running) -> Seen:
    """Fill the form in, be logged out meanwhile, send it, log in, and send it again."""
    context = browser.new_context()
    page = context.new_page()
    page.goto(running.url + "/login?next=" + REGISTER)
    log_in(page)
    page.get_by_label("Name", exact=True).fill("Half typed")
    page.get_by_label("Redirect URIs", exact=True).fill("https://typed.example.org/cb")
    page.locator("input[name=scopes][value=write]").uncheck()
    all_logged_out(running)
    page.get_by_role("button", name="Save").click()
    page.get_by_role("heading", name="Log in").wait_for()
    login, before = page.url, drafts(context)
    log_in(page)
    page.wait_for_url(running.url + REGISTER)
    problem, name = page.get_by_role("alert").inner_text(), page.get_by_label("Name", exact=True).input_value()
    public, ticked = page.locator("input[value=public]").first.is_checked(), scopes(page)
    left = drafts(context)
    page.get_by_role("button", name="Save").click()
    page.get_by_role("heading", name="Half typed").wait_for()
    return Seen(login, before, problem, name, public, ticked, left, page.locator("h1").inner_text())


def test_what_was_typed_survives_a_login_in_between(site: Running) -> None:
    seen = in_browser(be_interrupted, site)

    assert "/login?next=%2Fapplications%2Fregister%3Ftype%3Dapp" in seen.login
    assert seen.drafts == ["/applications/register"]
    assert "You have logged in since you filled this in." in seen.problem
    assert (seen.name, seen.public) == ("Half typed", True)
    assert "read" in seen.scopes
    assert "write" not in seen.scopes
    assert seen.left == []
    assert seen.registered == "Half typed"
