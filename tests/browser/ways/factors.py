"""The way of somebody who adds second factors, is asked for them, and recovers."""

import time
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlencode

import pyotp
from attrs import define, field

from tests.browser.authenticators import PLATFORM, device
from tests.browser.ways.visit import Visit
from tests.harness import CHALLENGE

SHOP = "https://shop.example/callback"
STEP = 30  # seconds
NOT_IN_THE_FIELD = "PublicKeyCredential.isConditionalMediationAvailable = null"  # else it would be chosen at once
PAGES = {
    "no factor": "/account/security",
    "new app": "/account/security/app",
    "new app refused": "/account/security/app",
    "codes": "/account/security/app",
    "one factor": "/account/security",
    "new codes?": "/account/security/codes",
    "remove?": "/account/security/app/remove",
    "code asked for": "/login/factor/totp",
    "code refused": "/login/factor/totp",
    "recovery code": "/login/factor/recovery",
    "recovery code refused": "/login/factor/recovery",
    "a browser not asked": "/account/security",
    "code asked for in a session": "/login/factor/totp",
    "factor needed": "/account/security/needed",
}
PASSKEYS = {
    "codes after a passkey": "/account/security/passkeys/new",
    "passkeys": "/account/security/passkeys",
    "passkey of the login": "/login/factor/passkey",
    "passkey of a session": "/login/factor/passkey",
    "passkey": "/account/security/passkeys/<passkey_id>",
    "passkey refused": "/account/security/passkeys/<passkey_id>",
    "passkey, use": "/account/security/passkeys/<passkey_id>/use",
    "passkey, remove": "/account/security/passkeys/<passkey_id>/remove",
    "factors": "/account/security",
}


@define
class App:
    """An authenticator app whose owner types a code of the step before the present one first, then newer ones."""

    codes: pyotp.TOTP
    steps: Iterator[int] = field(factory=lambda: iter((-1, 0, 1)))

    def next(self) -> str:
        return self.codes.at(int(time.time()) + next(self.steps) * STEP)


def new_app(visit: Visit) -> App:
    """The app of who scans what the page shows."""
    visit.page.get_by_text("Or type the key").click()
    return App(pyotp.TOTP(visit.page.locator("code.key").inner_text().replace(" ", "")))


def way(visit: Visit, username: str, kept: dict[str, Any]) -> Iterator[str]:
    visit.to("/login")
    visit.log_in(username)
    yield from adding(visit, kept)
    log_in(visit, username)
    visit.heading("Code of your authenticator app")
    yield "code asked for"
    visit.fill(Code="000000")
    visit.press("Go on")
    visit.said("This code is wrong")
    yield "code refused"
    visit.follow("Recovery code", "Recovery code")
    yield "recovery code"
    visit.fill(Code="abcd-abcd-abcd-abcd")
    visit.press("Go on")
    visit.said("This code is wrong")
    yield "recovery code refused"
    visit.fill(Code=kept["codes"][0])
    visit.press("Go on", "Welcome")
    log_in(visit, username)
    visit.page.get_by_label("Do not ask again").check()
    visit.fill(Code=kept["app"].next())
    visit.press("Go on", "Welcome")
    visit.to("/account/security")
    visit.heading("Browsers in which you are not asked")
    yield "a browser not asked"
    yield from stepping_up(visit, username, kept)
    visit.to("/account/security/needed?next=/account&acr=2")
    yield "factor needed"


def log_in(visit: Visit, username: str) -> None:
    """Log in with the password alone, in a browser that nobody knows."""
    visit.page.context.clear_cookies()
    visit.to("/login")
    visit.log_in(username, to="/login/factor/*")


def adding(visit: Visit, kept: dict[str, Any]) -> Iterator[str]:
    visit.to("/account/security")
    yield "no factor"
    visit.follow("Set up an app")
    visit.page.wait_for_url("**/app?**")
    yield "new app"
    app = new_app(visit)
    visit.fill(Code_that_the_app_shows="000000")
    visit.press("Use this app")
    visit.said("This is not the code")
    yield "new app refused"
    visit.fill(Code_that_the_app_shows=app.next())
    visit.press("Use this app", "Keep your recovery codes")
    yield "codes"
    visit.press("Copy")
    visit.page.get_by_role("button", name="Copied").wait_for()
    kept.update(
        app=app,
        codes=visit.page.locator("#codes code").all_inner_texts(),
        copied=visit.page.evaluate("navigator.clipboard.readText()"),
    )
    visit.follow("I have kept them")
    visit.to("/account/security")
    yield "one factor"
    visit.to("/account/security/codes")
    yield "new codes?"
    visit.to("/account/security/app/remove")
    yield "remove?"


def stepping_up(visit: Visit, username: str, kept: dict[str, Any]) -> Iterator[str]:
    """A session of the password alone, in a browser that is not asked, proves the app for an application that wants it."""
    visit.page.context.clear_cookies(name="iam")
    visit.to("/login")
    visit.log_in(username)
    visit.page.goto(asking(visit.site.url, kept["client"], acr_values="2"))
    visit.heading("Code of your authenticator app")
    yield "code asked for in a session"
    visit.fill(Code=kept["app"].next())
    visit.press("Go on", "Allow")
    visit.press("Allow")
    visit.page.wait_for_url(SHOP + "?**")
    kept["answer"] = visit.page.url


def asking(url: str, client_id: str, **parameters: str) -> str:
    query = {"response_type": "code", "client_id": client_id, "redirect_uri": SHOP, "scope": "openid"}
    challenge = {"code_challenge": CHALLENGE, "code_challenge_method": "S256"}
    return f"{url}/authorize?" + urlencode({**query, **challenge, **parameters})


def passkeys(visit: Visit, username: str) -> Iterator[str]:
    """The way of somebody whose device keeps a passkey."""
    device(visit.page, PLATFORM)
    visit.to("/login")
    visit.log_in(username)
    visit.to("/account/security/passkeys/new")
    visit.press("Make a passkey", "Keep your recovery codes")
    yield "codes after a passkey"
    visit.to("/account/security/passkeys")
    yield "passkeys"
    visit.to("/account/security")
    yield "factors"
    visit.page.add_init_script(NOT_IN_THE_FIELD)
    log_in(visit, username)
    yield "passkey of the login"
    visit.press("Use a passkey", "Welcome")
    visit.page.context.clear_cookies(name="iam-devices")
    visit.to("/account/security/passkeys")
    visit.page.get_by_role("list").get_by_role("link").last.click()
    yield "passkey"
    visit.fill(Name="x" * 200)
    visit.press("Rename")
    visit.page.locator("#name-error").wait_for()
    yield "passkey refused"
    here = visit.page.url
    for what in ("use", "remove"):
        visit.page.goto(f"{here}/{what}")
        yield f"passkey, {what}"
    visit.to("/login/factor?step=up&next=/account")
    yield "passkey of a session"
