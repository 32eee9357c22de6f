"""Every page that a person meets is legible and usable: on three screens, in light and dark, by keyboard alone, and light.

What is looked for stands in tests/browser/eyes.py, where the ways lead in tests/browser/ways/.
"""

from collections.abc import Callable, Iterator

from playwright.sync_api import Browser

from tests.browser.conftest import Running
from tests.browser.eyes import Eyes, looked
from tests.browser.ways import administrator, factors, guest, holder, keeper, links, newcomer, postmaster
from tests.browser.ways.visit import Visit
from tests.chromium import in_browser
from tests.http.walk import every_route

Way = Callable[[Visit], Iterator[str]]

LEADING = {"/static/<name>", "/login/factor", "/.well-known/change-password"}  # they show nothing: people are led on
ALSO = "/o/"  # below which pages have second names


def walk(browser: Browser, site: Running, way: Way) -> Eyes:
    eyes = Eyes()
    visit = Visit(eyes.page(browser, permissions=["clipboard-read", "clipboard-write"]), site)
    for name in way(visit):
        eyes.look(visit.page, name)
    return eyes


def test_no_page_is_forgotten() -> None:
    pages = {route.path for route in every_route() if route.page and "GET" in route.methods}
    own = {path for path in pages if not path.startswith(ALSO)}

    ways = (
        administrator.PAGES,
        keeper.PAGES,
        keeper.REST,
        postmaster.PAGES,
        newcomer.PAGES,
        guest.PAGES,
        holder.PAGES,
        links.PAGES,
        factors.PAGES,
        factors.PASSKEYS,
    )
    assert own - {route for way in ways for route in way.values()} == LEADING


def test_the_pages_of_an_administrator_and_their_applications(fresh: Running) -> None:
    looked(in_browser(walk, fresh, newcomer.way), newcomer.PAGES)


def test_the_pages_of_somebody_whom_applications_send_here(fresh: Running) -> None:
    looked(in_browser(walk, fresh, guest.way), guest.PAGES)


def test_the_pages_of_who_looks_after_mail_and_settings(site: Running) -> None:
    looked(in_browser(walk, site, postmaster.way), postmaster.PAGES)


def test_the_pages_of_an_account(site: Running) -> None:
    looked(in_browser(walk, site, holder.way), holder.PAGES)


def test_the_pages_of_the_administration(site: Running) -> None:
    looked(in_browser(walk, site, administrator.way), administrator.PAGES)


def test_the_pages_of_groups_and_of_all_applications(site: Running) -> None:
    looked(in_browser(walk, site, keeper.way), keeper.PAGES)


def test_the_pages_of_what_stands_behind_people_and_applications(site: Running) -> None:
    looked(in_browser(walk, site, keeper.way_to_the_rest), keeper.REST)
