"""A service with a name, a logo, links and an ugly colour: legible in light and dark, and no heavier than it may be."""

from collections.abc import Iterator
from typing import Any

import pytest
from attrs import frozen
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, Response

from tests import processes
from tests.browser.conftest import PASSWORD, Running, make_account, setup_of
from tests.browser.test_accessibility import RULES
from tests.chromium import in_browser
from tests.databases import make_database

UGLY = "#ffe000"
LOGO = '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 3 1"><rect width="3" height="1" fill="#b0009a"/></svg>'
LINKS = ("Help", "Privacy", "Terms of use")
SCHEMES = ("light", "dark")
WIDTHS = (320, 390, 1280)
PAGES = ("home", "login", "login refused", "setup refused", "account", "applications", "register")
REQUESTS, BYTES = 5, 40_000  # of a page without a logo


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
    """What was seen of a page."""

    violations: list[str]
    title: str
    links: list[str]
    logo: tuple[int, int]
    wider: bool


def look(page: Page) -> Look:
    found = Axe().run(page, options=RULES).response["violations"]
    size = page.locator(".brand img").bounding_box() or {"width": 0, "height": 0}
    return Look(
        [f"{each['id']}: {node['html']}" for each in found for node in each["nodes"]],
        page.title(),
        page.locator("footer a").all_inner_texts(),
        (round(size["width"]), round(size["height"])),
        page.evaluate("document.documentElement.scrollWidth > innerWidth"),
    )


def look_round(browser: Browser, url: str, setup: str) -> dict[tuple[str, str, int], Look]:
    found = {}
    for scheme in SCHEMES:
        page = browser.new_context(color_scheme=scheme).new_page()
        for name in way(page, url, setup):
            for width in WIDTHS:
                page.set_viewport_size({"width": width, "height": 800})
                found[name, scheme, width] = look(page)
    return found


@pytest.fixture(scope="module")
def looks(branded: Running) -> dict[tuple[str, str, int], Look]:
    make_account(branded, "grace")
    return in_browser(look_round, branded.url, setup_of(branded))


@pytest.mark.parametrize("scheme", SCHEMES)
@pytest.mark.parametrize("name", PAGES)
def test_every_page_is_legible_and_says_whose_it_is(
    looks: dict[tuple[str, str, int], Look], name: str, scheme: str
) -> None:
    found = [looks[name, scheme, width] for width in WIDTHS]

    assert [each.violations for each in found] == [[], [], []]
    assert {each.title.rpartition(" · ")[2] for each in found} == {"Acme Works"}
    assert {tuple(each.links) for each in found} == {LINKS}
    assert {each.logo for each in found} == {(96, 32)}
    assert not any(each.wider for each in found)


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
