"""A service with a name, a logo, links and an ugly colour: legible in light and dark, and no heavier than it may be."""

from collections.abc import Iterator
from typing import Any

import pytest
from attrs import frozen
from playwright.sync_api import Browser, Page, Response

from tests import processes
from tests.browser.conftest import PASSWORD, UGLY, Running, make_account, setup_of
from tests.browser.eyes import BYTES, REQUESTS, Eyes, looked
from tests.chromium import in_browser
from tests.databases import make_database

LOGO = '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 3 1"><rect width="3" height="1" fill="#b0009a"/></svg>'
LINKS = ("Help", "Privacy", "Terms of use")
PAGES = {
    "home": "/",
    "login": "/login",
    "login refused": "/login",
    "setup refused": "/setup",
    "account": "/account",
    "applications": "/applications",
    "register": "/applications/register",
}


@pytest.fixture(scope="module")
def branded(cluster: Any, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    directory = tmp_path_factory.mktemp("branded")
    logo = directory / "logo.svg"
    logo.write_text(LOGO)
    options = ("--database", make_database(cluster), "--data-dir", str(directory))
    links = [f"--{name}-url=https://acme.example/{name}" for name in ("help", "privacy", "terms")]
    process = processes.start(*options, "--name", "Acme Works", "--accent", UGLY, "--logo", str(logo), *links)
    yield Running(process.url, options)
    assert process.stop() == 0


def way(page: Page, url: str, setup: str) -> Iterator[str]:
    page.goto(url)
    yield "home"
    page.goto(url + "/login")
    yield "login"
    page.get_by_role("button", name="Log in", exact=True).click()
    page.locator("#password-error").wait_for()
    yield "login refused"
    page.goto(setup)
    page.get_by_role("button", name="Make the administrator").click()
    page.get_by_role("alert").wait_for()
    yield "setup refused"
    page.goto(url + "/login")
    page.get_by_label("Username or e-mail address").fill("grace")
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Log in", exact=True).click()
    page.wait_for_url(url + "/account")
    yield "account"
    page.goto(url + "/applications")
    yield "applications"
    page.goto(url + "/applications/register")
    yield "register"


@frozen
class Look:
    """What of the brand was seen of a page."""

    title: str
    links: tuple[str, ...]
    logo: tuple[int, int]


def look(page: Page) -> Look:
    size = page.locator(".brand img").bounding_box() or {"width": 0, "height": 0}
    return Look(
        page.title().rpartition(" · ")[2],
        tuple(page.locator("footer a").all_inner_texts()),
        (round(size["width"]), round(size["height"])),
    )


def look_round(browser: Browser, url: str, setup: str) -> tuple[Eyes, dict[str, Look]]:
    eyes, found = Eyes(), {}
    page = eyes.page(browser)
    for name in way(page, url, setup):
        eyes.look(page, name)
        found[name] = look(page)
    return eyes, found


def test_every_page_is_legible_and_says_whose_it_is(branded: Running) -> None:
    make_account(branded, "grace")

    eyes, found = in_browser(look_round, branded.url, setup_of(branded))

    looked(eyes, PAGES)
    assert set(found.values()) == {Look("Acme Works", LINKS, (96, 32))}


@pytest.fixture(scope="module")
def accented(cluster: Any, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """A server with everything but a logo."""
    options = ("--database", make_database(cluster), "--data-dir", str(tmp_path_factory.mktemp("accented")))
    process = processes.start(*options, "--name", "Acme Works", "--accent", UGLY, "--help-url", "https://acme.example/")
    yield Running(process.url, options)
    assert process.stop() == 0


def weigh(browser: Browser, url: str, setup: str) -> dict[str, tuple[int, int]]:
    """Requests and bytes, heads and bodies, of each page to who has nothing of it yet."""
    found = {}
    for name, address in (("home", url), ("login", f"{url}/login"), ("setup", setup), ("sign-up", f"{url}/signup")):
        page = browser.new_context().new_page()
        answers: list[Response] = []
        page.on("response", lambda answer, kept=answers: kept.append(answer))
        page.goto(address, wait_until="networkidle")
        once = {answer.url: answer for answer in answers}  # the window's picture comes again, from the cache
        sizes = [answer.request.sizes() for answer in once.values()]
        found[name] = len(sizes), sum(each["responseBodySize"] + each["responseHeadersSize"] for each in sizes)
    return found


def test_a_page_takes_few_requests_and_bytes(accented: Running) -> None:
    weights = in_browser(weigh, accented.url, setup_of(accented))

    assert {name: weight for name, weight in weights.items() if weight[0] > REQUESTS or weight[1] > BYTES} == {}
    assert min(requests for requests, _ in weights.values()) >= 3
