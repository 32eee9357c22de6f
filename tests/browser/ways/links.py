"""From an address to an account, from a forgotten password to a new one.

The mail is read from the directory into which a server without a mail server writes it.
"""

import re
from collections.abc import Iterator
from email import message_from_bytes, policy
from pathlib import Path

from tests.browser.conftest import Running
from tests.browser.ways.visit import Visit
from tests.waiting import wait_until

FIRST, SECOND = "seven wet otters sing 42", "nine dry badgers hum 17"
PAGES = {
    "login with links": "/login",
    "sign-up": "/signup",
    "sign-up refused": "/signup",
    "look into your mail": "/signup",
    "new account": "/signup/account",
    "new account refused": "/signup/account",
    "link used": "/signup/account",
    "forgotten password": "/reset",
    "nobody named": "/reset",
    "look for a link": "/reset",
    "new password": "/reset/password",
    "new password refused": "/reset/password",
    "password set": "/login",
    "link unknown": "/reset/password",
    "to verify": "/account/verification",
    "verification sent": "/account/verification",
    "confirm the address": "/verification",
    "address confirmed": "/verification",
    "invitation": "/invitation",
    "invitation refused": "/invitation",
}


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


def way(visit: Visit, name: str) -> Iterator[str]:
    for part in (sign_up, reset, verify, accept):
        yield from part(visit, name)


def sign_up(visit: Visit, name: str) -> Iterator[str]:
    address = f"{name}@example.org"
    visit.to("/login")
    yield "login with links"
    visit.follow("Make an account", "Make an account")
    yield "sign-up"
    visit.page.get_by_label("E-mail address").fill("")  # what else is wrong, browsers refuse themselves
    visit.press("Send the link")
    visit.said("Give an e-mail address such as")
    yield "sign-up refused"
    visit.page.get_by_label("E-mail address").fill(address)
    visit.press("Send the link", "Look into your mail")
    yield "look into your mail"
    link = link_in_mail(visit.site, "sign_up", address)
    visit.page.goto(link)
    visit.heading("Make an account")
    yield "new account"
    visit.fill(Username="two words", Password="short", Password__once_more="shirt")
    visit.press("Make the account")
    visit.said("Nothing is saved yet")
    yield "new account refused"
    visit.fill(Username=name, Name="Ada Lovelace", Password=FIRST, Password__once_more=FIRST)
    visit.press("Make the account")
    visit.page.wait_for_url(visit.site.url + "/account")
    visit.page.goto(link)
    visit.heading("This link was used already")
    yield "link used"


def reset(visit: Visit, name: str) -> Iterator[str]:
    visit.page.context.clear_cookies()
    visit.to("/login")
    visit.follow("Forgotten password?", "Forgotten password")
    yield "forgotten password"
    visit.press("Send the link")
    visit.said("Give your username or your e-mail address.")
    yield "nobody named"
    visit.page.get_by_label("Username or e-mail address").fill(name)
    visit.press("Send the link", "Look into your mail")
    yield "look for a link"
    visit.page.goto(link_in_mail(visit.site, "reset", f"{name}@example.org"))
    visit.heading("Choose a new password")
    yield "new password"
    visit.fill(New_password="short", New_password__once_more="shirt")
    visit.press("Set the password")
    visit.said("Nothing is saved yet")
    yield "new password refused"
    visit.fill(New_password=SECOND, New_password__once_more=SECOND)
    visit.press("Set the password")
    visit.said("Your password is changed.")
    yield "password set"
    visit.log_in(name, password=SECOND)
    visit.to("/reset/password?link=iam_rp_cut_off")
    visit.heading("We do not know this link")
    yield "link unknown"


def verify(visit: Visit, name: str) -> Iterator[str]:
    visit.command("user", "update", name, "--email-unverified")
    visit.to("/account/verification")
    yield "to verify"
    visit.press("Send the link")
    visit.said("A mail is on its way")
    yield "verification sent"
    visit.page.goto(link_in_mail(visit.site, "verify", f"{name}@example.org"))
    visit.heading("Confirm your e-mail address")
    yield "confirm the address"
    visit.press("Confirm the address", "Your e-mail address is confirmed")
    yield "address confirmed"


def accept(visit: Visit, name: str) -> Iterator[str]:
    visit.page.context.clear_cookies()
    visit.page.goto(visit.command("user", "invite", f"{name}s-guest").splitlines()[-1])
    visit.heading("Welcome to localhost")
    yield "invitation"
    visit.fill(Password="short", Password__once_more="shirt")
    visit.press("Set the password")
    visit.said("Nothing is saved yet")
    yield "invitation refused"
    visit.fill(Password=FIRST, Password__once_more=FIRST)
    visit.press("Set the password")
    visit.said("Your password is set.")
    visit.log_in(f"{name}s-guest", password=FIRST)
