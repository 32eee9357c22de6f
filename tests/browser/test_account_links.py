"""From an address to an account, from a forgotten password to a new one: in a real browser, with and without scripts.

The mail is read from the directory into which a server without a mail server writes it.
"""

import os
import re
import subprocess
from collections.abc import Callable, Iterator
from email import message_from_bytes, policy
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page

from tests.browser.conftest import BIN, Running
from tests.browser.test_second_factors import Findings
from tests.chromium import in_browser
from tests.waiting import wait_until

FIRST, SECOND = "seven wet otters sing 42", "nine dry badgers hum 17"
NARROW = 320
PICTURES = os.environ.get("IAM_PICTURES")  # a directory, for who wants to look at the pages
PAGES = [
    "login",
    "sign-up",
    "sign-up refused",
    "look into your mail",
    "new account",
    "new account refused",
    "link used",
    "forgotten password",
    "nobody named",
    "look for a link",
    "new password",
    "new password refused",
    "password changed",
    "link unknown",
    "to verify",
    "verification sent",
    "confirm the address",
    "address confirmed",
    "invitation",
    "invitation refused",
]

Look = Callable[[Page, str], None]


def letters(site: Running, kind: str, address: str) -> list[str]:
    """The links in the mail of this kind to this address, the oldest first."""
    found = []
    for path in sorted((Path(site.options[3]) / "mail").glob(f"*-{kind}-*.eml")):
        message = message_from_bytes(path.read_bytes(), policy=policy.default)
        text = message.get_body(("plain",))
        if text is not None and address in str(message["To"]):
            found += re.findall(r"^http\S+\?link=\S+", text.get_content(), re.MULTILINE)
    return found


def link_in_mail(site: Running, kind: str, address: str) -> str:
    wait_until(lambda: bool(letters(site, kind, address)))
    return letters(site, kind, address)[-1]


def command(site: Running, *words: str) -> str:
    ran = subprocess.run([BIN / "iam", *words, *site.options], check=True, capture_output=True, timeout=60)
    return ran.stdout.decode().splitlines()[-1]


def fill(page: Page, button: str, **texts: str) -> None:
    for label, text in texts.items():
        page.get_by_label(label.replace("__", ", ").replace("_", " "), exact=True).fill(text)
    page.get_by_role("button", name=button, exact=True).click()


def heading(page: Page, text: str) -> None:
    page.get_by_role("heading", name=text, exact=True).wait_for()


def sign_up(page: Page, site: Running, name: str) -> Iterator[str]:
    address = f"{name}@example.org"
    page.goto(site.url + "/login")
    yield "login"
    page.get_by_role("link", name="Make an account").click()
    heading(page, "Make an account")
    yield "sign-up"
    page.get_by_label("E-mail address").fill("")  # what else is wrong, browsers refuse themselves
    page.get_by_role("button", name="Send the link").click()
    page.get_by_text("Give an e-mail address such as").wait_for()
    yield "sign-up refused"
    page.get_by_label("E-mail address").fill(address)
    page.get_by_role("button", name="Send the link").click()
    heading(page, "Look into your mail")
    yield "look into your mail"
    link = link_in_mail(site, "sign_up", address)
    page.goto(link)
    heading(page, "Make an account")
    yield "new account"
    fill(page, "Make the account", Username="two words", Password="short", Password__once_more="shirt")
    page.get_by_text("Nothing is saved yet").wait_for()
    yield "new account refused"
    typed = {"Username": name, "Name": "Ada Lovelace", "Password": FIRST}
    fill(page, "Make the account", **typed, Password__once_more=FIRST)
    page.wait_for_url(site.url + "/account")
    page.goto(link)
    heading(page, "This link was used already")
    yield "link used"


def reset(page: Page, site: Running, name: str) -> Iterator[str]:
    page.context.clear_cookies()
    page.goto(site.url + "/login")
    page.get_by_role("link", name="Forgotten password?").click()
    heading(page, "Forgotten password")
    yield "forgotten password"
    fill(page, "Send the link")
    page.get_by_text("Give your username or your e-mail address.").wait_for()
    yield "nobody named"
    page.get_by_label("Username or e-mail address").fill(name)
    page.get_by_role("button", name="Send the link").click()
    heading(page, "Look into your mail")
    yield "look for a link"
    page.goto(link_in_mail(site, "reset", f"{name}@example.org"))
    heading(page, "Choose a new password")
    yield "new password"
    fill(page, "Set the password", New_password="short", New_password__once_more="shirt")
    page.get_by_text("Nothing is saved yet").wait_for()
    yield "new password refused"
    fill(page, "Set the password", New_password=SECOND, New_password__once_more=SECOND)
    page.get_by_text("Your password is changed.").wait_for()
    yield "password changed"
    page.get_by_label("Username or e-mail address").fill(name)
    fill(page, "Log in", Password=SECOND)
    page.wait_for_url(site.url + "/account")
    page.goto(site.url + "/reset/password?link=iam_rp_cut_off")
    heading(page, "We do not know this link")
    yield "link unknown"


def verify(page: Page, site: Running, name: str) -> Iterator[str]:
    command(site, "user", "update", name, "--email-unverified")
    page.goto(site.url + "/account/verification")
    yield "to verify"
    page.get_by_role("button", name="Send the link").click()
    page.get_by_text("A mail is on its way").wait_for()
    yield "verification sent"
    page.goto(link_in_mail(site, "verify", f"{name}@example.org"))
    heading(page, "Confirm your e-mail address")
    yield "confirm the address"
    page.get_by_role("button", name="Confirm the address").click()
    heading(page, "Your e-mail address is confirmed")
    yield "address confirmed"


def accept(page: Page, site: Running, name: str) -> Iterator[str]:
    page.context.clear_cookies()
    page.goto(command(site, "user", "invite", f"{name}s-guest"))
    heading(page, "Welcome to localhost")
    yield "invitation"
    fill(page, "Set the password", Password="short", Password__once_more="shirt")
    page.get_by_text("Nothing is saved yet").wait_for()
    yield "invitation refused"
    fill(page, "Set the password", Password=FIRST, Password__once_more=FIRST)
    page.get_by_text("Your password is set.").wait_for()
    page.get_by_label("Username or e-mail address").fill(f"{name}s-guest")
    fill(page, "Log in", Password=FIRST)
    page.wait_for_url(site.url + "/account")


def way(page: Page, site: Running, name: str) -> Iterator[str]:
    for part in (sign_up, reset, verify, accept):
        yield from part(page, site, name)


def walk(browser: Browser, site: Running, name: str, look: Look, scripted: bool) -> None:
    page = browser.new_context(java_script_enabled=scripted).new_page()
    page.set_viewport_size({"width": NARROW, "height": 800})
    page.emulate_media(color_scheme="dark")
    for step in way(page, site, name):
        look(page, step)


@pytest.fixture(scope="module")
def found(fresh: Running) -> Findings:
    findings = Findings()
    in_browser(walk, fresh, "ada", findings.look, True)
    return findings


def test_with_scripts_a_person_makes_an_account_and_finds_back_into_it(found: Findings) -> None:
    assert found.looked == PAGES


@pytest.mark.parametrize("name", PAGES)
def test_axe_finds_nothing_on_its_pages_and_they_fit_a_telephone(found: Findings, name: str) -> None:
    assert {place: problems for place, problems in found.problems.items() if place[0] == name and problems} == {}


def test_without_scripts_too_on_a_telephone_in_the_dark(fresh: Running) -> None:
    seen = []

    def look(page: Page, name: str) -> None:
        seen.append(name)
        if PICTURES:
            page.screenshot(path=f"{PICTURES}/{len(seen):02} {name}.png", full_page=True)

    in_browser(walk, fresh, "bob", look, False)

    assert seen == PAGES
