"""Whoever administers a server: what needs attention, and a person who cannot log in and is helped."""

from collections.abc import Iterator
from urllib.parse import urlsplit

from tests.browser.conftest import PASSWORD, make_account
from tests.browser.ways.visit import EMAIL, NAME, OTHER, STALE, Visit

OFFERED = ("Update", "Reset password", "Let them try again", "Revoke grants", "End sessions")
WHO, HELPED = "warden", "a" + OTHER[1:]
PAGES = {
    "administration": "/admin",
    "people": "/admin/people",
    "nobody found": "/admin/people",
    "several chosen": "/admin/chosen/<noun>/<verb>",
    "person": "/admin/people/<person>",
    "person disabled": "/admin/people/<person>",
    "create": "/admin/person/create",
    "create refused": "/admin/person/create",
    "invite": "/admin/person/invite",
    "link made": "/admin/person/invite",
    "update": "/admin/people/<person>/update",
    "update gone stale": "/admin/people/<person>/update",
    "disable": "/admin/people/<person>/disable",
    "enable": "/admin/people/<person>/enable",
    "reset password": "/admin/people/<person>/reset-password",
    "reset factors": "/admin/people/<person>/reset-factors",
    "set password": "/admin/people/<person>/set-password",
    "revoke grants": "/admin/people/<person>/revoke-grants",
    "let them try again": "/admin/people/<person>/unthrottle",
    "end sessions": "/admin/people/<person>/end-sessions",
    "delete": "/admin/people/<person>/delete",
    "deleted": "/admin/people",
}


def way(visit: Visit) -> Iterator[str]:
    visit.command("createsuperuser", "--username", WHO, "--email", f"w{EMAIL[1:]}", "--password-stdin", typed=PASSWORD)
    make_account(visit.site, HELPED)
    visit.command("user", "update", HELPED, "--name", NAME)
    visit.to("/login")
    visit.log_in(WHO)
    visit.follow("Administration", "Administration")
    yield "administration"
    yield from finding(visit)
    yield from making(visit)
    yield from helping(visit)
    yield from deleting(visit)


def finding(visit: Visit) -> Iterator[str]:
    visit.page.get_by_role("link", name="People", exact=True).click()
    visit.heading("People")
    yield "people"
    visit.follow("Choose all of this page")
    visit.press("Disable", "Disable: People")
    visit.said("Chosen: ")
    yield "several chosen"
    visit.follow("Cancel", "People")
    visit.page.get_by_role("textbox").fill("z" * 200)
    visit.page.keyboard.press("Enter")
    visit.said("Nothing here fits")
    yield "nobody found"


def making(visit: Visit) -> Iterator[str]:
    visit.to("/admin/person/create")
    yield "create"
    visit.fill(Username="x" * 100, Claims="x" * 500)
    visit.press("Create person")
    visit.said("Nothing is saved yet")
    yield "create refused"
    visit.to("/admin/person/invite")
    yield "invite"
    visit.fill(Username="b" + OTHER[1:])
    visit.page.get_by_label("E-mail address").fill(f"b{EMAIL[1:]}")
    visit.press("Invite person", "A link for")
    yield "link made"


def helping(visit: Visit) -> Iterator[str]:
    """Somebody cannot log in: their page says why, and leads to what helps."""
    find(visit, HELPED)
    yield "person"
    visit.follow("Disable", "Disable")
    yield "disable"
    visit.press("Disable", HELPED)
    visit.said("Their account is disabled")
    yield "person disabled"
    visit.follow("Enable", "Enable")
    yield "enable"
    visit.press("Enable", HELPED)
    visit.said("Nothing here keeps them from it")
    for name in (*OFFERED, "Reset factors"):
        visit.follow(name, name)
        yield name.lower()
        if name == "Update":
            visit.spoil()
            visit.press("Update")
            visit.said(STALE)
            yield "update gone stale"
        visit.follow("Back" if name == "Reset factors" else "Cancel", HELPED)


def deleting(visit: Visit) -> Iterator[str]:
    visit.to(urlsplit(visit.page.url).path + "/set-password")
    yield "set password"
    visit.follow("Cancel", HELPED)
    visit.follow("Delete", "Delete")
    yield "delete"
    visit.press("Delete", "People")
    visit.said("It is done")
    yield "deleted"


def find(visit: Visit, username: str) -> None:
    visit.to("/admin/people")
    visit.page.get_by_role("textbox").fill(username[:10].upper())
    visit.page.keyboard.press("Enter")
    visit.follow(username, username)
