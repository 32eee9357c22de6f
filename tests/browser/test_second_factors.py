"""Second factors in a real browser: added, asked for, recovered from; with scripts and without."""

import json
import subprocess
from typing import Any

from playwright.sync_api import Browser

from tests.browser.conftest import BIN, Running, make_account
from tests.browser.eyes import Eyes, looked
from tests.browser.ways import factors, links
from tests.browser.ways.factors import SHOP, new_app
from tests.browser.ways.visit import Visit
from tests.chromium import in_browser


def walk(browser: Browser, site: Running, username: str, kept: dict[str, Any]) -> Eyes:
    eyes = Eyes()
    page = eyes.page(browser, permissions=["clipboard-read", "clipboard-write"])
    page.context.route(SHOP + "**", lambda route: route.fulfill(body="<!doctype html><title>Shop</title>"))
    for name in factors.way(Visit(page, site), username, kept):
        eyes.look(page, name)
    return eyes


def client(site: Running) -> str:
    """An application without a secret."""
    options = ["--name", "Shop", "--redirect-uri", SHOP, "--auth-method", "none", "--scope", "openid", "--json"]
    command = [BIN / "iam", "client", "create", *options, *site.options]
    return str(json.loads(subprocess.run(command, capture_output=True, check=True, timeout=60).stdout)["client_id"])


def test_a_person_adds_an_app_and_logs_in_by_it_and_by_a_recovery_code(site: Running) -> None:
    make_account(site, "factors")
    kept: dict[str, Any] = {"client": client(site)}

    eyes = in_browser(walk, site, "factors", kept)

    assert kept["copied"].split() == kept["codes"]
    assert len(set(kept["codes"])) == 10
    assert "code=" in kept["answer"]
    looked(eyes, factors.PAGES)


def without_script(browser: Browser, site: Running, username: str) -> list[str]:
    visit = Visit(browser.new_page(java_script_enabled=False), site)
    visit.to("/login")
    visit.log_in(username)
    visit.to("/account/security/app")
    app = new_app(visit)
    visit.fill(Code_that_the_app_shows=app.next())
    visit.press("Use this app", "Keep your recovery codes")
    return [button.inner_text() for button in visit.page.get_by_role("button").all()]


def test_without_javascript_an_app_is_added_and_no_button_is_there_that_does_nothing(site: Running) -> None:
    make_account(site, "plain")

    assert in_browser(without_script, site, "plain") == []


def keep_a_passkey(browser: Browser, site: Running, username: str) -> Eyes:
    eyes = Eyes()
    page = eyes.page(browser)
    for name in factors.passkeys(Visit(page, site), username):
        eyes.look(page, name)
    return eyes


def test_a_person_looks_after_a_passkey(site: Running) -> None:
    make_account(site, "holder")

    looked(in_browser(keep_a_passkey, site, "holder"), factors.PASSKEYS)


def begin_with_an_app(browser: Browser, site: Running, name: str) -> None:
    page = browser.new_page()
    visit = Visit(page, site)
    for _ in links.sign_up(visit, name):
        pass
    visit.to("/account/security/app")
    app = new_app(visit)
    visit.fill(Code_that_the_app_shows=app.next())
    visit.press("Use this app", "Keep your recovery codes")
    page.context.clear_cookies()
    visit.to("/account/details")
    visit.log_in(name, to="/login/factor/totp?**", password=links.FIRST)
    visit.to("/account/details")
    assert page.url.startswith(site.url + "/login?")  # the password alone lets nobody in
    visit.log_in(name, to="/login/factor/totp?**", password=links.FIRST)
    visit.fill(Code=app.next())
    visit.press("Go on", "Your details")


def test_somebody_signs_up_adds_an_app_and_logs_in_by_it(site: Running) -> None:
    in_browser(begin_with_an_app, site, "newcomer")
