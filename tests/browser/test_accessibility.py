"""Every page for everybody: by axe, by keyboard, on a narrow telephone, in the light and in the dark (WCAG 2.2 AA)."""

import re
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from attrs import define, field
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page

from tests.browser.conftest import PASSWORD, Running, make_account, setup_of
from tests.chromium import in_browser
from tests.harness import CHALLENGE

CALLBACK = "https://shop.example/a-long-way/back/to-the-shop?where=a-place-whose-address-does-not-fit-on-a-telephone"
RULES = {
    "runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"],
    "resultTypes": ["violations"],
}
NARROW = 320
OTHER = "somebody-else-with-a-name-that-is-as-long-as-names-may-be-at-all"
CONTROLS = "a[href], button, input:not([type=hidden]):not([tabindex='-1']), textarea, pre, summary"

# A group of radio buttons is one stop; each other control is one, in the order of the page, unless it is folded up.
STOPS = """selector => {
    const seen = new Set();
    return [...document.querySelectorAll(selector)].filter(control => {
        if (control.closest("details:not([open])") && control.localName !== "summary") return false;
        if (control.type !== "radio") return true;
        if (!control.checked) return false;
        return !seen.has(control.name) && seen.add(control.name);
    }).map(control => [...document.querySelectorAll("*")].indexOf(control));
}"""
FOCUSED = """() => {
    if (document.activeElement === document.body) return [null, true];
    const style = getComputedStyle(document.activeElement);
    const visible = style.outlineStyle !== "none" && parseFloat(style.outlineWidth) >= 2;
    return [[...document.querySelectorAll("*")].indexOf(document.activeElement), visible];
}"""
ACCOUNT = [
    "no applications allowed",
    "applications allowed",
    "application to remove",
    "applications to remove",
    "logins",
    "logins to end",
    "details",
    "details refused",
    "password",
    "password refused",
    "e-mail address",
    "link mailed",
    "activity",
    "data",
    "data to download",
    "account to delete",
    "no tokens",
    "new token",
    "new token refused",
    "token made",
    "tokens",
    "token to remove",
    "tokens of an application",
    "new token of an application",
]
PAGES = [
    "home",
    "login",
    "login refused",
    "setup",
    "setup refused",
    "no applications",
    "account",
    "register",
    "register unfolded",
    "register refused",
    "application",
    "edit",
    "secret",
    "delete",
    "disable",
    "disabled application",
    "enable",
    "public application",
    "applications",
    "consent",
    "consent of a public client",
    "back to the application",
    *ACCOUNT,
    "not found",
    "unknown client",
    "logout",
    "still logged in",
    "logout refused",
    "login again",
    "login with another account",
    "accounts",
    "accounts after a logout",
    "logged out",
    "refusal",
    "refusal for nobody",
]


@define
class Finding:
    """What was found on a page."""

    violations: dict[str, list[str]] = field(factory=dict)
    width: int = 0
    stops: list[int] = field(factory=list)
    walked: list[int] = field(factory=list)
    unseen: list[int] = field(factory=list)
    errors: list[str] = field(factory=list)


@pytest.fixture(scope="module")
def findings(fresh: Running) -> dict[str, Finding]:
    """Every page, looked at once."""
    make_account(fresh, OTHER)
    return in_browser(look_round, fresh.url, setup_of(fresh))


def look_round(browser: Browser, url: str, setup: str) -> dict[str, Finding]:
    page = browser.new_page()
    complaints: list[str] = []
    page.on("console", lambda message: complaints.append(message.text) if message.type == "error" else None)
    page.on("pageerror", lambda error: complaints.append(str(error)))
    found = {}
    for name in way(page, url, setup):
        found[name] = finding(page)
        found[name].errors = [text for text in complaints if "status of 40" not in text]
        complaints.clear()
    return found


def way(page: Page, url: str, setup: str) -> Iterator[str]:
    """Go from page to page, and say which one is open."""
    page.goto(url)
    yield "home"
    page.goto(url + "/login")
    yield "login"
    press(page, "Log in")
    yield "login refused"
    page.goto(url + "/errors/000000000000")
    yield "refusal for nobody"
    page.goto(setup)
    yield "setup"
    press(page, "Make the administrator")
    yield "setup refused"
    page.get_by_label("Username").fill("ada")
    page.get_by_label("E-mail address").fill("ada@example.org")
    page.get_by_label("Password", exact=True).fill(PASSWORD)
    page.get_by_label("Password, once more").fill(PASSWORD)
    press(page, "Make the administrator")
    page.wait_for_url(url + "/applications")
    yield "no applications"
    page.goto(url)
    yield "account"
    page.goto(url + "/account/applications")
    yield "no applications allowed"
    yield from applications(page, url)
    yield from own_account(page, url)
    page.goto(url + "/nothing")
    yield "not found"
    page.goto(url + "/authorize?client_id=nobody")
    yield "unknown client"
    refusal = page.get_by_role("link", name=re.compile("^[0-9A-Za-z]{12}$")).get_attribute("href") or ""
    while (reply := page.goto(refusal)) is None or reply.status == 404:
        page.wait_for_timeout(100)  # refusals are stored a moment later
    yield "refusal"
    page.goto(url + "/logout")
    yield "logout"
    yield from accounts(page, url)


def accounts(page: Page, url: str) -> Iterator[str]:
    press(page, "Stay")
    page.get_by_role("heading", name="You are still logged in").wait_for()
    yield "still logged in"
    page.goto(url + "/logout?client_id=nobody")
    yield "logout refused"
    page.goto(url + "/login?login=again&login_hint=ada")
    yield "login again"
    page.goto(url + "/login?account=new")
    yield "login with another account"
    page.get_by_label("Username or e-mail address").fill(OTHER)
    page.get_by_label("Password").fill(PASSWORD)
    press(page, "Log in")
    page.wait_for_url(url + "/account")  # by way of the offer of a passkey
    page.goto(url + "/accounts")
    yield "accounts"
    page.get_by_role("button", name="Log out").first.click()
    page.get_by_role("heading", name="You are logged out").wait_for()
    yield "accounts after a logout"
    page.get_by_role("button", name="Log out").click()
    page.wait_for_url(url + "/")
    page.goto(url + "/logout")
    yield "logged out"


def applications(page: Page, url: str) -> Iterator[str]:
    page.goto(url + "/applications/register")
    yield "register"
    page.get_by_text("OpenID Connect", exact=True).click()
    yield "register unfolded"
    for box in page.get_by_role("checkbox").all():
        box.uncheck()
    page.get_by_label("Redirect URIs", exact=True).fill("x" * 500)
    press(page, "Save")
    yield "register refused"
    client = register(page, url)
    yield "application"
    for what in ("edit", "secret", "delete", "disable"):
        page.goto(f"{url}/applications/{client}/{what}")
        yield what
    press(page, "Disable")
    yield "disabled application"
    page.goto(f"{url}/applications/{client}/enable")
    yield "enable"
    press(page, "Enable")
    public = register(page, url, public=True)
    yield "public application"
    page.goto(url + "/applications")
    yield "applications"
    asked = f"redirect_uri={CALLBACK.replace('?', '%3F')}&code_challenge={CHALLENGE}&code_challenge_method=S256"
    page.goto(f"{url}/authorize?response_type=code&client_id={client}&{asked}")
    yield "consent"
    allow(page)
    page.goto(f"{url}/authorize?response_type=code&client_id={public}&{asked}")
    yield "consent of a public client"
    allow(page)
    page.route("**/form_post.js*", lambda route: route.fulfill(body="", content_type="text/javascript"))
    page.goto(f"{url}/authorize?response_type=none&response_mode=form_post&client_id={client}&{asked}")
    yield "back to the application"


def allow(page: Page) -> None:
    """Allow what the page asks, and stay on it: the client is nowhere."""
    said = "new URLSearchParams(new FormData(document.querySelector('form'))).toString()"
    address, form = page.evaluate(f"[document.querySelector('form').action, {said}]")
    headers = {"Content-Type": "application/x-www-form-urlencoded"}
    reply = page.request.post(address, data=form + "&decision=allow", headers=headers, max_redirects=0)
    assert reply.status == 303


def own_account(page: Page, url: str) -> Iterator[str]:
    """The pages of the account of somebody who allowed two applications, and is logged in in two browsers."""
    page.goto(url + "/account/applications")
    yield "applications allowed"
    page.get_by_role("link", name="Remove A shop").first.click()
    yield "application to remove"
    page.goto(url + "/account/applications/remove")
    yield "applications to remove"
    elsewhere(page, url)
    page.goto(url + "/account/sessions")
    yield "logins"
    page.goto(url + "/account/sessions/end")
    yield "logins to end"
    yield from looking_after(page, url)
    yield from tokens(page, url)


def looking_after(page: Page, url: str) -> Iterator[str]:
    """The pages of details, password, address, activity and data."""
    page.goto(url + "/account/details")
    yield "details"
    page.get_by_label("Language").fill("German " + "x" * 500)
    press(page, "Save")
    yield "details refused"
    page.goto(url + "/account/password")
    yield "password"
    page.get_by_label("New password", exact=True).fill("short")
    press(page, "Change the password")
    yield "password refused"
    page.goto(url + "/account/email")
    yield "e-mail address"
    page.get_by_label("New e-mail address").fill(f"{'e' * 60}@{'d' * 60}.example")
    press(page, "Mail the link")
    page.get_by_text("Look into the mail of").wait_for()
    yield "link mailed"
    for path, name in (
        ("activity", "activity"),
        ("data", "data"),
        ("data/export", "data to download"),
        ("data/delete", "account to delete"),
    ):
        page.goto(f"{url}/account/{path}")
        yield name


def tokens(page: Page, url: str) -> Iterator[str]:
    """The pages of tokens that somebody makes for themselves, and those of an application."""
    page.goto(url + "/account/tokens")
    yield "no tokens"
    page.get_by_role("link", name="Make a token").click()
    yield "new token"
    press(page, "Make the token")
    yield "new token refused"
    page.get_by_label("Name", exact=True).fill("backup-" * 20)
    page.get_by_label("Read your data").check()
    page.get_by_label(url + "/resource").check()
    press(page, "Make the token")
    yield "token made"
    page.get_by_role("link", name="I have noted it").click()
    yield "tokens"
    page.get_by_role("link", name="Remove backup").click()
    yield "token to remove"
    page.goto(url + "/applications")
    page.get_by_role("link", name="A shop").first.click()
    page.get_by_role("link", name="Tokens of its own").click()
    yield "tokens of an application"
    page.get_by_role("link", name="Make a token").click()
    yield "new token of an application"


def elsewhere(page: Page, url: str) -> None:
    """Log ada in in another browser."""
    assert page.context.browser is not None
    other = page.context.browser.new_page()
    other.goto(url + "/login")
    other.get_by_label("Username or e-mail address").fill("ada")
    other.get_by_label("Password").fill(PASSWORD)
    press(other, "Log in")
    other.wait_for_url(url + "/account")
    other.context.close()


def press(page: Page, name: str) -> None:
    page.get_by_role("button", name=name, exact=True).click()


def register(page: Page, url: str, *, public: bool = False) -> str:
    page.goto(url + "/applications/register")
    page.get_by_label("Name", exact=True).fill("A shop " + "with-a-very-long-name" * 5)
    page.get_by_label("Redirect URIs", exact=True).fill(CALLBACK)
    if public:
        page.get_by_label("Public: It runs in a browser").check()
        page.get_by_label("Client credentials").uncheck()
    press(page, "Save")
    page.wait_for_url(re.compile(r"/applications/[0-9A-Za-z]{22}$"))
    return page.url.rpartition("/")[2]


def finding(page: Page) -> Finding:
    found = Finding()
    for scheme, width in (("light", 1280), ("dark", NARROW)):
        page.emulate_media(color_scheme=scheme)
        page.set_viewport_size({"width": width, "height": 800})
        found.violations[scheme] = violations(page)
    found.width = page.evaluate("document.documentElement.scrollWidth")
    found.stops = page.evaluate(STOPS, CONTROLS)
    while len(found.walked) < 2 * len(found.stops):
        page.keyboard.press("Tab")
        stop, visible = page.evaluate(FOCUSED)
        if stop in found.walked:
            break
        found.walked += [] if stop is None else [stop]
        found.unseen += [] if visible else [stop]
    return found


def violations(page: Page) -> list[str]:
    return [
        f"{one['id']}: {node['html']} {node['failureSummary']}"
        for one in Axe().run(page, options=RULES).response["violations"]
        for node in one["nodes"]
    ]


def guilty(findings: dict[str, Finding], of: Callable[[Finding], Any], good: Any) -> dict[str, Any]:
    """The pages of which this is not as it has to be, and how it is."""
    return {name: found for name, finding in findings.items() if (found := of(finding)) != good}


def test_axe_has_no_complaint_about_any_page(findings: dict[str, Finding]) -> None:
    assert guilty(findings, lambda finding: finding.violations, {"light": [], "dark": []}) == {}


def test_no_page_is_wider_than_a_narrow_telephone(findings: dict[str, Finding]) -> None:
    assert guilty(findings, lambda finding: finding.width, NARROW) == {}


def test_the_tab_key_reaches_every_control_in_order_and_shows_where_it_is(findings: dict[str, Finding]) -> None:
    assert guilty(findings, out_of_order, []) == {}
    assert guilty(findings, lambda finding: finding.unseen, []) == {}


def out_of_order(found: Finding) -> list[int]:
    """The controls as they were walked, where that is not their order."""
    first = found.walked.index(found.stops[0])  # some pages put the focus into a field at once
    walked = found.walked[first:] + found.walked[:first]
    return [] if walked == found.stops else walked


def test_the_browser_misses_nothing_on_any_page(findings: dict[str, Finding]) -> None:
    """No file that is not there, nothing that the policy forbids."""
    assert guilty(findings, lambda finding: finding.errors, []) == {}


def test_no_page_was_passed_over(findings: dict[str, Any]) -> None:
    assert sorted(findings) == sorted(PAGES)


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
    for _ in range(40):
        page.keyboard.press("Tab")
        focused = "document.activeElement"
        if page.evaluate(f"{focused}.name === {name!r} && {focused}.tagName !== 'A'"):
            return
    raise AssertionError(f"the tab key does not reach {name}")
