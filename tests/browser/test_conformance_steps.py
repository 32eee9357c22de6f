"""The steps by which the conformance suite goes through our pages, done in a browser as the suite does them, without JavaScript."""

import json
import re
from collections.abc import Iterator
from fnmatch import fnmatchcase
from typing import Any, Final
from urllib.parse import urlencode, urlsplit

import pytest
from playwright.sync_api import Browser, Locator, Page

from tests.browser.conftest import PASSWORD, Running
from tests.browser.hops import hopping
from tests.browser.test_consent import register
from tests.chromium import in_browser
from tests.docs.conftest import ROOT
from tests.harness import CHALLENGE

PATH: Final = "/test/a/iam/callback"
STEPS: Final = (ROOT / "docs" / "examples" / "conformance.json").read_text()


def steps(site: Running) -> Any:
    """The example, about this server and its administrator."""
    text = STEPS.replace("https://login.example.org", site.url).replace("a password of your own", PASSWORD)
    return json.loads(text.replace('"buffy"', '"ada"').replace('"willow"', '"ada"'))


def found(page: Page, kind: str, target: str) -> Locator:
    """What a command is about."""
    selectors = {"name": f'[name="{target}"]', "id": f"#{target}", "css": target, "xpath": f"xpath={target}"}
    return page.locator(selectors[kind])


def do(page: Page, command: str, kind: str, target: str, *more: Any) -> None:
    """Do one command; one that is optional is left out where there is nothing that it is about."""
    place = found(page, kind, target)
    if more[-1:] == ("optional",) and not place.count():
        return
    if command == "wait":
        assert re.search(more[1] if len(more) > 1 else "", place.first.inner_text())
    elif command == "text":
        place.fill(more[0])
    else:
        place.first.click()


def perform(page: Page, entries: list[Any], address: str) -> str:
    """Go through the first entry for an address, and return where that ends."""
    page.goto(address)
    (entry, *_) = [each for each in entries if fnmatchcase(address, each["match"])]
    for task in entry["tasks"]:
        if fnmatchcase(page.url, task["match"]):
            for command in task.get("commands", []):
                do(page, *command)
        else:
            assert task.get("optional"), (task["task"], page.url)
    return page.url


def look(browser: Browser, entries: list[Any], addresses: list[str]) -> str:
    page = browser.new_page(java_script_enabled=False)
    return [perform(page, entries, address) for address in addresses][-1]


@pytest.fixture
def callback() -> Iterator[str]:
    """Where the suite listens."""
    with hopping() as hops:
        yield hops.first + PATH


def asking(site: Running, callback: str, **parameters: str) -> str:
    """An authorization request of a new client, which nobody has allowed anything yet."""
    client_id = register(site, "--redirect-uri", callback)
    told = {"response_type": "code", "client_id": client_id, "redirect_uri": callback, "scope": "read"}
    pkce = {"code_challenge": CHALLENGE, "code_challenge_method": "S256"}
    return f"{site.url}/authorize?{urlencode({**told, **pkce, **parameters})}"


@pytest.mark.parametrize(
    ("module", "parameters", "end"),
    [
        (None, {}, "code="),
        (None, {"response_mode": "form_post"}, ""),
        ("fapi2-security-profile-final-user-rejects-authentication", {}, "error=access_denied"),
    ],
    ids=["allowed", "allowed by a form", "denied"],
)
def test_the_suite_comes_back_from_our_pages(
    site: Running, callback: str, module: str | None, parameters: dict[str, str], end: str
) -> None:
    told = steps(site)
    entries = told["override"][module]["browser"] if module else told["browser"]

    url = in_browser(look, entries, [asking(site, callback, **parameters)])

    assert url.startswith(callback)
    assert end in urlsplit(url).query


def test_the_suite_sees_the_pages_that_a_person_looks_at(site: Running, callback: str) -> None:
    told = steps(site)
    wrong = asking(site, callback, redirect_uri=callback + "/of/another")

    for module, address in (
        ("oidcc-ensure-registered-redirect-uri", wrong),
        ("oidcc-registration-logo-uri", asking(site, callback)),
        ("oidcc-max-age-1", asking(site, callback)),
    ):
        in_browser(look, told["override"][module]["browser"], [address])


def test_the_suite_logs_out(site: Running, callback: str) -> None:
    entries = steps(site)["override"]["oidcc-rp-initiated-logout-no-params"]["browser"]

    url = in_browser(look, entries, [asking(site, callback), f"{site.url}/logout"])

    assert "logout" in url
