"""A newcomer's way in a real browser: log in, register an application, allow it, refuse it."""

import json
from urllib.parse import parse_qs, urlsplit

import requests
from playwright.sync_api import Browser, Page

from tests.browser.conftest import PASSWORD, Running
from tests.chromium import in_browser
from tests.harness import CHALLENGE, VERIFIER

CALLBACK = "http://127.0.0.1:9/callback"


def test_log_in_register_allow_and_refuse_without_javascript(site: Running) -> None:
    in_browser(journey, site.url)


def journey(browser: Browser, url: str) -> None:
    walk(browser.new_page(java_script_enabled=False), url)


def walk(page: Page, url: str) -> None:
    page.route(f"{CALLBACK}**", lambda route: route.fulfill(body="You are back."))
    log_in(page, url)
    client_id, secret = register(page, url)
    allow(page, url, client_id, secret)
    refuse(page, url, client_id)
    log_out(page, url)


def log_in(page: Page, url: str) -> None:
    page.goto(url + "/applications")
    assert page.url.startswith(url + "/login?next=")
    page.get_by_label("Username or e-mail address").fill("ada")
    page.get_by_label("Password").fill("wrong")
    page.get_by_role("button", name="Log in", exact=True).click()
    page.get_by_text("Wrong username or password").wait_for()
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Log in", exact=True).click()
    page.wait_for_url(url + "/applications")


def register(page: Page, url: str) -> tuple[str, str]:
    page.get_by_role("link", name="Register an application").click()
    client_id, secret = page.get_by_label("Client id").inner_text(), page.get_by_label("Client secret").inner_text()
    page.get_by_role("button", name="Save").click()
    page.get_by_text("Give the application a name").wait_for()
    assert page.get_by_label("Client secret").inner_text() == secret
    page.get_by_label("Name", exact=True).fill("Ada's shop")
    page.get_by_label("Redirect URIs", exact=True).fill(CALLBACK)
    page.get_by_role("button", name="Save").click()
    page.wait_for_url(f"{url}/applications/{client_id}")
    assert secret not in page.content()
    return client_id, secret


def authorize(url: str, client_id: str) -> str:
    return (
        f"{url}/authorize?response_type=code&client_id={client_id}&redirect_uri={CALLBACK}&state=s"
        f"&code_challenge={CHALLENGE}&code_challenge_method=S256"
    )


def pressed(page: Page, name: str) -> dict[str, str]:
    """What the client gets when this button is pressed."""
    page.get_by_role("button", name=name, exact=True).click()
    page.get_by_text("You are back.").wait_for()
    return {key: values[0] for key, values in parse_qs(urlsplit(page.url).query).items()}


def allow(page: Page, url: str, client_id: str, secret: str) -> None:
    page.goto(authorize(url, client_id).replace("&state=s", "&state=s&scope=read+write"))
    page.get_by_text("Ada's shop").first.wait_for()
    page.get_by_label("Read your data").wait_for()
    page.get_by_label("Change your data").uncheck()
    answer = pressed(page, "Allow")
    token = requests.post(
        url + "/token",
        {
            "grant_type": "authorization_code",
            "client_id": client_id,
            "client_secret": secret,
            "code": answer["code"],
            "code_verifier": VERIFIER,
            "redirect_uri": CALLBACK,
        },
        timeout=10,
    ).json()
    assert (token["expires_in"], token["token_type"], token["scope"]) == (36000, "Bearer", "read")
    resource = requests.get(url + "/resource", headers={"Authorization": f"Bearer {token['access_token']}"}, timeout=10)
    assert json.loads(resource.content)["username"] == "ada"


def refuse(page: Page, url: str, client_id: str) -> None:
    page.goto(authorize(url, client_id))
    answer = pressed(page, "Do not allow")
    assert answer["error"] == "access_denied"
    assert answer["iss"] == url


def log_out(page: Page, url: str) -> None:
    page.goto(url + "/logout")
    page.get_by_role("button", name="Log out").click()
    page.get_by_role("heading", name="You are logged out").wait_for()
    page.goto(url + "/applications")
    assert page.url.startswith(url + "/login")


def test_a_secret_is_shown_whole_and_copied_or_selected_at_once(site: Running) -> None:
    in_browser(copy, site.url)


def copy(browser: Browser, url: str) -> None:
    context = browser.new_context(viewport={"width": 320, "height": 700}, has_touch=True)
    context.grant_permissions(["clipboard-read", "clipboard-write"])
    page = context.new_page()
    page.goto(url + "/login")
    page.get_by_label("Username or e-mail address").fill("ada")
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Log in", exact=True).click()
    page.goto(url + "/applications/register?type=service")
    secret = page.get_by_label("Client secret")
    assert secret.evaluate("one => one.scrollWidth <= one.clientWidth && one.scrollHeight <= one.clientHeight")
    page.get_by_role("button", name="Copy Client secret").click()
    page.get_by_role("button", name="Copied", exact=True).wait_for()
    assert page.evaluate("navigator.clipboard.readText()") == secret.inner_text()
    secret.click()
    assert page.evaluate("getSelection().toString()").strip() == secret.inner_text()
    bare = browser.new_page(java_script_enabled=False, storage_state=context.storage_state())
    bare.goto(url + "/applications/register")
    assert bare.get_by_role("button", name="Copy").count() == 0
