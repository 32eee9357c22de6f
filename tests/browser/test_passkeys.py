"""Passkeys in a real browser, with Chromium's virtual authenticators (WebAuthn Level 3 §11): the scripts of our pages."""

from collections.abc import Callable
from typing import Any

from playwright.sync_api import Browser, Page

from tests.browser.authenticators import KEY, PLAIN, PLATFORM, Device, device
from tests.browser.conftest import PASSWORD, Running, make_account
from tests.browser.ways.factors import NOT_IN_THE_FIELD
from tests.chromium import in_browser

SECURITY = "/account/security/passkeys"


def visit(site: Running, username: str, walk: Callable[..., None], *more: Any) -> None:
    make_account(site, username)
    in_browser(walk, site.url, username, *more)


def log_in(page: Page, url: str, username: str) -> None:
    page.goto(url + "/login")
    page.get_by_label("Username or e-mail address").fill(username)
    page.get_by_label("Password", exact=True).fill(PASSWORD)
    page.get_by_role("button", name="Log in", exact=True).click()


def arrived(
    browser: Browser, url: str, username: str, kind: dict[str, Any], script: str = PLAIN
) -> tuple[Page, Device]:
    """A browser with such a device, in which somebody has logged in by their password."""
    page = browser.new_page()
    before_it = device(page, kind, script)
    log_in(page, url, username)
    page.wait_for_url(url + "/account")
    return page, before_it


def add(page: Page, url: str) -> None:
    """Make a passkey, the first one."""
    page.goto(f"{url}{SECURITY}/new")
    page.get_by_role("button", name="Make a passkey").click()
    page.get_by_role("heading", name="Keep your recovery codes").wait_for()


def log_out(page: Page, url: str) -> None:
    page.context.clear_cookies()
    page.goto(url + "/login")


def test_a_passkey_is_made_and_logs_in_by_the_button(site: Running) -> None:
    visit(site, "grace", by_the_button)


def by_the_button(browser: Browser, url: str, username: str) -> None:
    page, platform = arrived(browser, url, username, PLATFORM)
    add(page, url)
    page.get_by_role("link", name="I have kept them").click()
    page.wait_for_url(url + SECURITY)
    assert len(platform.credentials()) == 1

    page.add_init_script(NOT_IN_THE_FIELD)
    log_out(page, url)
    page.get_by_role("button", name="Use a passkey").click()

    page.wait_for_url(url + "/account")
    page.goto(url + SECURITY)
    page.get_by_text("Last used on").wait_for()
    page.context.close()


def test_a_passkey_is_chosen_in_the_field_of_the_username(site: Running) -> None:
    visit(site, "hopper", from_the_field)


def from_the_field(browser: Browser, url: str, username: str) -> None:
    page, _ = arrived(browser, url, username, PLATFORM)
    add(page, url)

    page.context.clear_cookies()
    page.goto(url + "/login?next=/account/sessions")

    page.wait_for_url(url + "/account/sessions")  # nobody pressed anything: the device agreed at once
    page.context.close()


def test_a_security_key_is_touched_after_the_password(site: Running) -> None:
    visit(site, "katherine", after_the_password)


def after_the_password(browser: Browser, url: str, username: str) -> None:
    page, key = arrived(browser, url, username, KEY)
    add(page, url)
    assert len(key.credentials()) == 1

    log_out(page, url)
    page.get_by_role("button", name="Use a passkey").click()
    page.get_by_text("No passkey was used.").wait_for()  # it cannot check who is there
    log_in(page, url, username)
    page.wait_for_url(url + "/login/factor/passkey?**")
    page.get_by_role("button", name="Use a passkey").click()

    page.wait_for_url(url + "/account")
    page.context.close()


def test_a_device_that_has_a_passkey_gets_no_second_one(site: Running) -> None:
    visit(site, "hedy", no_second_one)


def no_second_one(browser: Browser, url: str, username: str) -> None:
    page, platform = arrived(browser, url, username, PLATFORM)
    add(page, url)
    page.goto(f"{url}{SECURITY}/new")
    page.get_by_role("button", name="Use a passkey").click()  # whoever has one proves it first
    page.get_by_role("button", name="Make a passkey").click()

    page.get_by_text("There is a passkey for this account already").wait_for()
    assert len(platform.credentials()) == 1
    page.context.close()


def test_without_javascript_the_login_is_as_before_and_the_page_says_what_is_missing(site: Running) -> None:
    visit(site, "joan", without_javascript)


def without_javascript(browser: Browser, url: str, username: str) -> None:
    page = browser.new_page(java_script_enabled=False)
    log_in(page, url, username)
    page.wait_for_url(url + "/account")
    page.goto(f"{url}{SECURITY}/new")
    assert page.get_by_text("Your browser cannot make a passkey here.").is_visible()
    assert not page.get_by_role("button", name="Make a passkey").is_visible()
    page.context.close()


def test_a_passkey_that_is_removed_leaves_the_device(site: Running) -> None:
    visit(site, "mary", removed)


def removed(browser: Browser, url: str, username: str) -> None:
    page, platform = arrived(browser, url, username, PLATFORM)
    add(page, url)
    page.get_by_role("link", name="I have kept them").click()
    page.get_by_role("list").get_by_role("link").last.click()
    page.get_by_role("button", name="Use a passkey").click()
    page.get_by_label("Name").fill("My telephone")
    page.get_by_role("button", name="Rename").click()
    page.get_by_role("link", name="My telephone").click()
    page.get_by_role("button", name="Remove").click()
    page.get_by_text("You have none yet.").wait_for()

    page.wait_for_function("performance.now() > 0")
    assert platform.credentials() == []
    page.context.close()


# A browser whose password manager agrees to every upgrade; Chromium asks one that tests do not have.
AGREEABLE = """
    PublicKeyCredential.getClientCapabilities = async () => ({ conditionalCreate: true });
    const create = navigator.credentials.create.bind(navigator.credentials);
    navigator.credentials.create = ({ mediation, ...options }) => {
      sessionStorage.setItem("mediation", mediation);
      return create(options);
    };
"""
REFUSING = AGREEABLE.replace("return create(options);", 'throw new DOMException("", "NotAllowedError");')


def test_a_login_by_password_is_upgraded_without_a_question(site: Running) -> None:
    visit(site, "radia", upgraded)


def upgraded(browser: Browser, url: str, username: str) -> None:
    page, platform = arrived(browser, url, username, PLATFORM, AGREEABLE)

    assert page.evaluate("sessionStorage.getItem('mediation')") == "conditional"
    assert len(platform.credentials()) == 1
    log_out(page, url)
    page.wait_for_url(url + "/account")  # by the passkey, which the field of the username offered
    page.context.close()


def test_a_password_manager_that_does_not_answer_stops_nobody(site: Running) -> None:
    visit(site, "frances", unanswered)


def unanswered(browser: Browser, url: str, username: str) -> None:
    page = browser.new_page()
    device(page, PLATFORM, "")  # Chromium asks nobody then, and waits

    log_in(page, url, username)

    page.wait_for_url(url + "/account")
    page.context.close()


def test_a_password_manager_that_does_not_agree_stops_nobody(site: Running) -> None:
    visit(site, "barbara", not_upgraded)


def not_upgraded(browser: Browser, url: str, username: str) -> None:
    page, platform = arrived(browser, url, username, PLATFORM, REFUSING)

    assert page.evaluate("sessionStorage.getItem('mediation')") == "conditional"
    assert platform.credentials() == []
    page.get_by_role("link", name="Log in without a password next time").click()
    page.get_by_role("button", name="Do not ask me again").click()
    page.get_by_role("heading", name="Welcome").wait_for()
    assert not page.get_by_role("link", name="Log in without a password next time").is_visible()
    page.context.close()
