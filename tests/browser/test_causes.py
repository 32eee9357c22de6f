"""Causes why a login fails: somebody who has never seen the pages finds each in them, and mends it, by five clicks at most.

They begin at /admin, with the name of who cannot log in or with the id on the page that these saw. Typing is no click; to
press a button or to follow a link is one. The same login fails before and succeeds after.
"""

import json
import re
import subprocess
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlencode

import pytest
import requests
from attrs import define, field, frozen
from playwright.sync_api import Browser, Page

from tests import processes
from tests.browser.conftest import BIN, PASSWORD, Running, make_account
from tests.browser.ways.factors import new_app
from tests.browser.ways.visit import Visit
from tests.chromium import in_browser
from tests.databases import make_database
from tests.harness import CHALLENGE, VERIFIER

MOST = 5  # clicks
PATIENCE = 15_000  # milliseconds
GUESSES = 3  # wrong passwords of one account at once
ADDRESS = "http://127.0.0.1/back"  # at whatever port
NEW = "nine dry badgers hum 17"
API = "https://photos.example/api"


@pytest.fixture(scope="module")
def guarded(cluster: Any, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """A server with an administrator, which limits wrong passwords."""
    options = ("--database", make_database(cluster), "--data-dir", str(tmp_path_factory.mktemp("causes")))
    root = ["--username", "root", "--email", "root@example.org", "--password-stdin"]
    subprocess.run([BIN / "iam", "createsuperuser", *root, *options], input=PASSWORD.encode(), check=True, timeout=60)
    limits = [f"--limit={name}={GUESSES}" for name in ("login-account", "login-account-network")]
    process = processes.start(*options, *limits, limited=True)
    yield Running(process.url, options)
    assert process.stop() == 0


@define
class Administrator:
    """Somebody at /admin, whose clicks are counted."""

    visit: Visit
    clicks: int = 0

    def follow(self, name: str, heading: str | None = None) -> None:
        self.clicks += 1
        self.visit.follow(name, heading)

    def press(self, name: str, heading: str | None = None) -> None:
        self.clicks += 1
        self.visit.press(name, heading)

    def find(self, section: str, field: str, text: str) -> None:
        """Search in a list by this filter, and open the first that is found."""
        self.clicks += 1
        self.visit.page.get_by_role("navigation", name="Administration").get_by_role("link", name=section).click()
        self.visit.fill(**{field: text})
        self.press("Search", section)
        self.clicks += 1
        self.visit.page.locator("ul.rows a").first.click()

    def person(self, name: str) -> None:
        self.find("People", "Begins_with", name)
        self.visit.heading("Why can they not log in?")

    def refusal(self, identifier: str) -> None:
        self.find("Refusals", "ID", identifier)

    def reads(self, words: str | re.Pattern[str]) -> None:
        """The page names the cause."""
        self.visit.page.get_by_text(words).first.wait_for()

    def type(self, label: str, text: str) -> None:
        """Type into a field, behind what stands there."""
        place = self.visit.page.get_by_label(label, exact=True)
        place.fill(f"{place.input_value()}\n{text}".strip() if place.evaluate("e => e.rows") else text)


class Counter(BaseHTTPRequestHandler):
    """Says welcome to who comes back to the shop with a code for somebody whose address is confirmed, or says sorry."""

    def do_GET(self) -> None:
        path, _, query = self.path.partition("?")
        told = {name: values[0] for name, values in parse_qs(query).items()}
        words = self.judge(path, told["code"]) if "code" in told else f"Sorry: {told}"
        self.send_response(200)
        self.send_header("Content-Type", "text/html; charset=utf-8")
        self.end_headers()
        self.wfile.write(f"<!doctype html><title>shop</title><p>{words}".encode())

    def judge(self, path: str, code: str) -> str:
        site, client_id = self.server.asked  # type: ignore[attr-defined]
        form = {"client_id": client_id, "code": code, "redirect_uri": at(self.server, path), "code_verifier": VERIFIER}
        tokens = requests.post(f"{site}/token", {**form, "grant_type": "authorization_code"}, timeout=10).json()
        headers = {"Authorization": f"Bearer {tokens['access_token']}"}
        known = requests.get(f"{site}/userinfo", headers=headers, timeout=10)
        if known.status_code == 200 and not known.json().get("email_verified", True):
            return "Sorry: your e-mail address is not confirmed."
        return "Welcome to the shop."

    def log_message(self, *_: object) -> None:
        """Quiet."""


def at(server: Any, path: str) -> str:
    return f"http://127.0.0.1:{server.server_port}{path}"


@pytest.fixture
def counter() -> Iterator[ThreadingHTTPServer]:
    """Where a shop listens."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), Counter)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield server
    server.shutdown()
    thread.join()
    server.server_close()


@frozen
class Shop:
    """An application that logs people in here, if it gets what it asks for."""

    site: Running
    client_id: str
    callback: str
    scope: str = "openid email"
    more: dict[str, str] = field(factory=dict)

    @property
    def login(self) -> str:
        """Where it sends people."""
        told = {"response_type": "code", "client_id": self.client_id, "redirect_uri": self.callback, **self.more}
        told |= {"scope": self.scope, "code_challenge": CHALLENGE, "code_challenge_method": "S256"}
        return f"{self.site.url}/authorize?{urlencode(told)}"


@define
class Attempt:
    """One person's login in a browser that nobody knows, at an application or at the server itself."""

    browser: Browser
    site: Running
    username: str
    shop: Shop | None = None
    password: str = PASSWORD
    seen: str = ""

    def made(self) -> bool:
        """Whether the person gets in; `seen` is what they read in the end."""
        context = self.browser.new_context(java_script_enabled=False)
        context.set_default_timeout(PATIENCE)
        page = context.new_page()
        shop = self.shop
        page.goto(shop.login if shop else self.site.url + "/login")
        if page.get_by_role("heading", name="Log in").count():
            page.get_by_label("Username or e-mail address").fill(self.username)
            page.get_by_label("Password", exact=True).fill(self.password)
            page.get_by_role("button", name="Log in", exact=True).click()
        self.seen = page.locator("body").inner_text() + page.content()
        context.close()
        return "Welcome" in self.seen

    @property
    def identifier(self) -> str:
        """The id on the page that the person saw."""
        return self.seen.partition("/errors/")[2][:12]


def command(site: Running, *words: str) -> str:
    line = [BIN / "iam", *words, *site.options]
    return subprocess.run(line, check=True, capture_output=True, timeout=60, text=True).stdout


def client(site: Running, *options: str) -> str:
    """The id of an application of which nobody is asked what it may do."""
    told = ["--name", "Photo Shop", "--redirect-uri", ADDRESS, "--auth-method", "none", "--trusted"]
    return str(json.loads(command(site, "client", "create", *told, *options, "--json"))["client_id"])


@frozen
class Begin:
    """Where a login is to be made, and by whom."""

    browser: Browser
    site: Running
    name: str
    counter: Any

    def here(self, **more: Any) -> Attempt:
        """A login at the server itself."""
        return Attempt(self.browser, self.site, self.name, **more)

    def shopping(self, *options: str, path: str = "/back", scope: str = "openid", **more: str) -> Attempt:
        """A login at an application."""
        client_id = client(self.site, "--scope", "openid email", *options)
        self.counter.asked = (self.site.url, client_id)
        return self.here(shop=Shop(self.site, client_id, at(self.counter, path), scope, more))


def wrong_password(begin: Begin) -> Attempt:
    return begin.here(password="what was it again")


def give_another_password(administrator: Administrator, attempt: Attempt) -> None:
    administrator.person(attempt.username)
    administrator.reads("A wrong password came for their account")
    administrator.reads(re.compile(r"from (::1|127\.0\.0\.1)"))
    administrator.follow("Give them a link to a new password", "Reset password")
    administrator.press("Reset password", "A link for")
    page = attempt.browser.new_page()
    page.goto(administrator.visit.page.locator("output#link").inner_text())
    page.get_by_label("New password", exact=True).fill(NEW)
    page.get_by_label("New password, once more").fill(NEW)
    page.get_by_role("button", name="Set the password").click()
    attempt.password = NEW


def throttled(begin: Begin) -> Attempt:
    wrong = begin.here(password="what was it again")
    assert [wrong.made() for _ in range(GUESSES)] == [False] * GUESSES
    return begin.here()


def let_them_try_again(administrator: Administrator, attempt: Attempt) -> None:
    assert "There were too many attempts to log in" in attempt.seen
    administrator.person(attempt.username)
    administrator.reads("Too many wrong passwords or codes came")
    administrator.follow("Let them try again at once", "Let them try again")
    administrator.press("Let them try again", attempt.username)


def disabled(begin: Begin) -> Attempt:
    command(begin.site, "user", "disable", begin.name)
    return begin.here()


def enable(administrator: Administrator, attempt: Attempt) -> None:
    administrator.person(attempt.username)
    administrator.reads("Their account is disabled")
    administrator.reads("command line")
    administrator.follow("Enable their account", "Enable")
    administrator.press("Enable", attempt.username)


def unverified(begin: Begin) -> Attempt:
    return begin.shopping(scope="openid email")


def confirm_the_address(administrator: Administrator, attempt: Attempt) -> None:
    assert "your e-mail address is not confirmed" in attempt.seen
    administrator.person(attempt.username)
    administrator.reads("Their e-mail address is not confirmed")
    administrator.follow("Confirm their address", "Update")
    administrator.press("Update", attempt.username)


def without_factor(begin: Begin) -> Attempt:
    visit = Visit(begin.browser.new_page(java_script_enabled=False), begin.site)
    visit.to("/login")
    visit.log_in(begin.name)
    visit.to("/account/security/app")
    visit.fill(Code_that_the_app_shows=new_app(visit).next())
    visit.press("Use this app", "Keep your recovery codes")
    return begin.here()


def remove_their_factors(administrator: Administrator, attempt: Attempt) -> None:
    assert "Code of your authenticator app" in attempt.seen
    administrator.person(attempt.username)
    administrator.reads("they are asked for a second factor")
    administrator.follow("Remove their second factors", "Reset factors")
    administrator.press("Reset factors", attempt.username)


def wanted_factor(begin: Begin) -> Attempt:
    return begin.shopping("--acr", "2")


def want_no_factor(administrator: Administrator, attempt: Attempt) -> None:
    assert "A second factor is needed" in attempt.seen
    administrator.person(attempt.username)
    administrator.reads("The application wants a second factor, and the person has none")
    administrator.follow("Change the application", "Update")
    administrator.visit.page.get_by_label("Least proof of who they are", exact=True).select_option("1")
    administrator.press("Update")


def application_disabled(begin: Begin) -> Attempt:
    attempt = begin.shopping()
    assert attempt.shop
    command(begin.site, "client", "disable", attempt.shop.client_id, "--yes")
    return attempt


def enable_the_application(administrator: Administrator, attempt: Attempt) -> None:
    administrator.refusal(attempt.identifier)
    administrator.reads("The application is disabled")
    administrator.follow("Enable the application", "Enable")
    administrator.press("Enable")


def redirect_uri(begin: Begin) -> Attempt:
    return begin.shopping(path="/elsewhere")


def register_the_address(administrator: Administrator, attempt: Attempt) -> None:
    administrator.refusal(attempt.identifier)
    administrator.reads("The redirect URI is not registered")
    administrator.follow("Change the application", "Update")
    assert attempt.shop
    administrator.type("Redirect URIs", attempt.shop.callback)
    administrator.press("Update")


def scope(begin: Begin) -> Attempt:
    return begin.shopping(scope="write")


def give_the_scope(administrator: Administrator, attempt: Attempt) -> None:
    assert "invalid_scope" in attempt.seen
    administrator.refusal(attempt.identifier)
    administrator.reads("The application may not ask for these scopes")
    administrator.follow("Change the application", "Update")
    administrator.visit.tick("write")
    administrator.press("Update")


def resource(begin: Begin) -> Attempt:
    command(begin.site, "resource", "create", API, "--clients", "named", "--scope", "write")
    return begin.shopping("--scope", "write", scope="write", resource=API)


def allow_the_application(administrator: Administrator, attempt: Attempt) -> None:
    assert "invalid_target" in attempt.seen
    assert attempt.shop
    administrator.refusal(attempt.identifier)
    administrator.reads("The application may not ask for this resource")
    administrator.follow(f"Change who may ask for {API}", "Update")
    administrator.type("Allowed clients", attempt.shop.client_id)
    administrator.press("Update")


def not_in_the_group(begin: Begin) -> Attempt:
    attempt = begin.shopping()
    assert attempt.shop
    command(begin.site, "group", "create", "photographers")
    command(begin.site, "client", "restrict", attempt.shop.client_id, "--group", "photographers")
    return attempt


def add_to_the_group(administrator: Administrator, attempt: Attempt) -> None:
    administrator.person(attempt.username)
    administrator.reads("The person is in none of the groups that the application is for")
    administrator.follow("Add to the group photographers", "Add")
    administrator.press("Add")


CAUSES: dict[str, tuple[Callable[[Begin], Attempt], Callable[[Administrator, Attempt], None]]] = {
    "wrong password": (wrong_password, give_another_password),
    "throttled": (throttled, let_them_try_again),
    "account disabled": (disabled, enable),
    "address unverified": (unverified, confirm_the_address),
    "factor missing": (without_factor, remove_their_factors),
    "factor wanted": (wanted_factor, want_no_factor),
    "application disabled": (application_disabled, enable_the_application),
    "redirect URI": (redirect_uri, register_the_address),
    "scope": (scope, give_the_scope),
    "resource not allowed": (resource, allow_the_application),
    "not in the group": (not_in_the_group, add_to_the_group),
}


def walk(browser: Browser, site: Running, cause: str, name: str, counter: Any) -> int:
    """How many clicks it takes from /admin until the login that failed succeeds."""
    begin, mend = CAUSES[cause]
    attempt = begin(Begin(browser, site, name, counter))
    assert not attempt.made()
    administrator = at_admin(browser.new_page(), site)
    mend(administrator, attempt)
    administrator.visit.page.wait_for_load_state()
    assert attempt.made(), attempt.seen
    return administrator.clicks


def at_admin(page: Page, site: Running) -> Administrator:
    page.set_default_timeout(PATIENCE)
    visit = Visit(page, site)
    visit.to("/login")
    visit.log_in("root")
    visit.to("/admin")
    return Administrator(visit)


@pytest.mark.parametrize("cause", CAUSES)
def test_a_cause_is_found_and_mended_by_five_clicks_at_most(guarded: Running, cause: str, counter: Any) -> None:
    name = cause.replace(" ", "-").lower()
    make_account(guarded, name)

    assert in_browser(walk, guarded, cause, name, counter) <= MOST
