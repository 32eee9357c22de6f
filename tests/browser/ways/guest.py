"""The way of somebody whom applications send here: consent, several accounts, and out."""

from collections.abc import Iterator

from tests.browser.conftest import PASSWORD
from tests.browser.ways.visit import DESCRIPTION, DEVICE, EMAIL, NAME, OTHER, SCOPE, STALE, USERNAME, Visit

PAGES = {
    "consent": "/authorize",
    "consent to nothing": "/authorize/consent",
    "consent gone stale": "/authorize/consent",
    "consent of a public client": "/authorize",
    "consent of a stranger": "/authorize",
    "answer by a form": "/authorize",
    "continue to a stranger": "/authorize",
    "code of a device": "/device",
    "code of a device refused": "/device",
    "code of a device gone": "/device/consent",
    "device that asks": "/device/consent",
    "device that is for nothing": "/device/consent",
    "device gone stale": "/device/consent",
    "device denied": "/device/consent",
    "device connected": "/device/consent",
    "login for a client": "/login",
    "login for a stranger": "/login",
    "logout": "/logout",
    "logout gone stale": "/logout",
    "still logged in": "/logout",
    "logout for a client": "/logout",
    "logout refused": "/logout",
    "logged out for a stranger": "/logout",
    "login again": "/login",
    "login with another account": "/login",
    "accounts": "/accounts",
    "accounts after a logout": "/accounts",
    "logged out": "/logout",
}


def way(visit: Visit) -> Iterator[str]:
    person = ["--username", USERNAME, "--name", NAME, "--email", EMAIL, "--password-stdin"]
    visit.command("user", "create", *person, typed=PASSWORD)
    other = ["--username", OTHER, "--email", "other@example.org", "--password-stdin"]
    visit.command("user", "create", *other, typed=PASSWORD)
    visit.command("scope", "create", SCOPE, "--description", DESCRIPTION)
    yield from asked(visit)
    yield from devices(visit)
    yield from leaving(visit)


def asked(visit: Visit) -> Iterator[str]:
    client = visit.client("--scope", f"openid email read {SCOPE}")
    public = visit.client("--auth-method", "none", "--scope", "openid read")
    stranger = visit.stranger()
    yield from sent_here(visit, client, stranger)
    visit.to("/login")
    visit.log_in(USERNAME)
    visit.ask(client, f"openid email {SCOPE}")
    visit.heading("Allow")
    yield "consent"
    visit.ask(client, f"read {SCOPE}")
    visit.heading("Allow")
    for box in visit.page.get_by_role("checkbox").all():
        box.uncheck()
    visit.press("Allow")
    visit.said("you have selected nothing")
    yield "consent to nothing"
    visit.spoil()
    visit.press("Allow")
    visit.said(STALE)
    yield "consent gone stale"
    visit.ask(client, "openid read")
    visit.allow()
    visit.ask(public, "openid read")
    visit.heading("Allow")
    yield "consent of a public client"
    visit.allow()
    visit.ask(stranger, "openid")
    visit.heading("Allow")
    yield "consent of a stranger"
    visit.page.route("**/form_post.js*", lambda route: route.fulfill(body="", content_type="text/javascript"))
    visit.ask(client, "openid read", response_type="none", response_mode="form_post")
    visit.heading("Back to the application")
    yield "answer by a form"


def devices(visit: Visit) -> Iterator[str]:
    television = visit.client("--auth-method", "none", "--grant-type", DEVICE, "--scope", f"openid read {SCOPE}")
    visit.to("/device")
    yield "code of a device"
    visit.connect("BCDF-GHJK")
    visit.said("There is no such code")
    yield "code of a device refused"
    visit.to("/device/consent?user_code=BCDF-GHJK")
    yield "code of a device gone"
    visit.to(visit.device(television, f"read {SCOPE}"))
    visit.press("Go on", "Allow")
    yield "device that asks"
    for box in visit.page.get_by_role("checkbox").all():
        box.uncheck()
    visit.press("Allow")
    visit.said("you have selected nothing")
    yield "device that is for nothing"
    visit.spoil()
    visit.press("Allow")
    visit.said(STALE)
    yield "device gone stale"
    visit.press("Do not allow", "Nothing is allowed")
    yield "device denied"
    visit.to(visit.device(television, "openid read"))
    visit.press("Go on", "Allow")
    visit.press("Allow", "Your device is connected")
    yield "device connected"


def sent_here(visit: Visit, client: str, stranger: str) -> Iterator[str]:
    visit.ask(stranger, "payroll")
    visit.heading("Continue to")
    yield "continue to a stranger"
    visit.ask(client, "openid")
    visit.heading("Log in")
    yield "login for a client"
    visit.ask(stranger, "openid")
    visit.heading("Log in")
    yield "login for a stranger"


def leaving(visit: Visit) -> Iterator[str]:
    visit.to("/logout")
    yield "logout"
    visit.spoil()
    visit.press("Log out")
    visit.said(STALE)
    yield "logout gone stale"
    visit.press("Stay", "You are still logged in")
    yield "still logged in"
    visit.leave(visit.client("--scope", "openid"))
    yield "logout for a client"
    visit.to("/logout?client_id=nobody")
    yield "logout refused"
    visit.to(f"/login?login=again&login_hint={USERNAME}")
    yield "login again"
    visit.to("/login?account=new")
    yield "login with another account"
    visit.log_in(OTHER)
    visit.to("/accounts")
    yield "accounts"
    visit.page.get_by_role("button", name="Log out").first.click()
    visit.heading("You are logged out")
    yield "accounts after a logout"
    visit.page.get_by_role("button", name="Log out").first.click()
    visit.page.wait_for_url(visit.site.url + "/")
    visit.to("/logout")
    yield "logged out"
    visit.leave(visit.stranger())
    yield "logged out for a stranger"
