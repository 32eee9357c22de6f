"""A real browser stays logged in while its cookie changes, with two tabs and an open form; an old cookie ends the session."""

from contextlib import closing
from typing import Any

import psycopg2
from attrs import frozen
from playwright.sync_api import Browser, BrowserContext, Page

from tests.browser.conftest import PASSWORD, Running
from tests.chromium import in_browser


@frozen
class Seen:
    """What became of somebody who came back."""

    changed: bool
    days: float  # that the new cookie lives longer than the first
    back: str
    registered: str
    reused: str
    left: Any


def passed(running: Running, span: str) -> None:
    """So much time has passed for the sessions."""
    with closing(psycopg2.connect(running.options[1])) as connection, connection, connection.cursor() as cursor:
        cursor.execute("update sessions set stepped_at = stepped_at - %s::interval", (span,))


def cookie(context: BrowserContext) -> Any:
    """Our cookie, as the browser has it."""
    return next((each for each in context.cookies() if each["name"] == "iam"), None)


def logged_in(context: BrowserContext, running: Running) -> Page:
    """A tab in which somebody has logged in to stay."""
    page = context.new_page()
    page.goto(running.url + "/login?next=/applications")
    page.get_by_label("Username or e-mail address").fill("ada")
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_label("Keep me logged in on this device").check()
    page.get_by_role("button", name="Log in", exact=True).click()
    page.wait_for_url(running.url + "/applications")
    return page


def reload_at_once(one: Page, other: Page) -> None:
    """Both tabs ask again at the same moment."""
    with one.expect_navigation(), other.expect_navigation():
        for page in (one, other):
            page.evaluate("setTimeout(() => location.reload())")


def save(form: Page) -> str:
    """Fill in a form that has been open for a while, and send it; the name of what it made."""
    form.get_by_label("Name", exact=True).fill("Shop")
    form.get_by_label("Redirect URIs", exact=True).fill("https://shop.example.org/cb")
    form.get_by_role("button", name="Save").click()
    form.get_by_role("heading", name="Shop").wait_for()
    return form.locator("h1").inner_text()


def stay(browser: Browser, running: Running) -> Seen:
    """Come back days later in two tabs at once, go back, send a form of before; then restore the first cookie from a backup."""
    context = browser.new_context()
    first, second, form = logged_in(context, running), context.new_page(), context.new_page()
    second.goto(running.url + "/")
    form.goto(running.url + "/applications/register")
    old = cookie(context)
    passed(running, "2 days")
    reload_at_once(first, second)
    new = cookie(context)
    second.goto(running.url + "/applications")
    second.go_back()
    back = second.locator("h1").inner_text()
    passed(running, "61 seconds")
    registered = save(form)
    context.add_cookies([old])
    first.goto(running.url + "/applications")
    return Seen(
        new["value"] != old["value"],
        (new["expires"] - old["expires"]) / 86400,
        back,
        registered,
        first.url,
        (cookie(context) or {}).get("value"),
    )


def test_somebody_stays_logged_in_while_the_cookie_changes_until_an_old_one_comes_again(site: Running) -> None:
    seen = in_browser(stay, site)

    assert seen.changed
    assert abs(seen.days) < 1
    assert seen.back == "Welcome, ada"
    assert seen.registered == "Shop"
    assert seen.reused == f"{site.url}/login?next=%2Fapplications"
    assert str(seen.left).startswith("iam_vi_")
