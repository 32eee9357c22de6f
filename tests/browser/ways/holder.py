"""The way of somebody through the pages of their account: empty ones, and full ones with the longest names."""

from collections.abc import Iterator

from playwright.sync_api import Page

from tests.browser.conftest import PASSWORD, make_account
from tests.browser.ways.links import link_in_mail
from tests.browser.ways.visit import APPLICATION, DESCRIPTION, EMAIL, NAME, OTHER, USERNAME, Visit

NEW = "seven wet otters sing 42"
PAGES = {
    "account": "/account",
    "account of an owner": "/account",
    "group of an owner": "/admin/groups/<group>",
    "member to add": "/admin/groups/<group>/add",
    "group with a new member": "/admin/groups/<group>",
    "member to remove": "/admin/groups/<group>/members/<person>/remove",
    "no applications allowed": "/account/applications",
    "no passkeys": "/account/security/passkeys",
    "new passkey": "/account/security/passkeys/new",
    "offer of a passkey": "/account/security/passkeys/offer",
    "no tokens": "/account/tokens",
    "new token": "/account/tokens/new",
    "new token refused": "/account/tokens/new",
    "token made": "/account/tokens/new",
    "tokens": "/account/tokens",
    "token to remove": "/account/tokens/<token_id>/remove",
    "applications allowed": "/account/applications",
    "application to remove": "/account/applications/<client_id>/remove",
    "applications to remove": "/account/applications/remove",
    "one login": "/account/sessions",
    "logins": "/account/sessions",
    "logins to end": "/account/sessions/end",
    "details": "/account/details",
    "details refused": "/account/details",
    "details saved": "/account/details",
    "password": "/account/password",
    "password refused": "/account/password",
    "password changed": "/account/password/changed",
    "activity": "/account/activity",
    "data": "/account/data",
    "data to download": "/account/data/export",
    "account to delete": "/account/data/delete",
    "account to be deleted": "/account",
    "data of an account to be deleted": "/account/data",
    "account to keep": "/account/data/keep",
    "e-mail address": "/account/email",
    "e-mail address refused": "/account/email",
    "link mailed": "/account/email",
    "e-mail address to change": "/email",
    "e-mail address changed": "/email",
    "e-mail address to bring back": "/email/undo",
    "e-mail address back": "/email/undo",
}


def way(visit: Visit) -> Iterator[str]:
    person = ["--username", USERNAME, "--name", NAME, "--email", EMAIL, "--password-stdin"]
    visit.command("user", "create", *person, typed=PASSWORD)
    visit.to("/login")
    visit.log_in(USERNAME)
    yield from beginning(visit)
    yield from of_tokens(visit)
    yield from of_others(visit)
    yield from of_details(visit)
    yield from of_data(visit)
    yield from of_addresses(visit)


def beginning(visit: Visit) -> Iterator[str]:
    visit.to("/account")
    yield "account"
    yield from of_groups(visit)
    for path, name in (
        ("applications", "no applications allowed"),
        ("sessions", "one login"),
        ("security/passkeys", "no passkeys"),
        ("security/passkeys/new", "new passkey"),
        ("security/passkeys/offer", "offer of a passkey"),
    ):
        visit.to(f"/account/{path}")
        yield name


def of_groups(visit: Visit) -> Iterator[str]:
    """What somebody without a role does with the members of a group that they own."""
    group, member = "o" + NAME, "o" + OTHER[1:]
    make_account(visit.site, member)
    visit.command("group", "create", group, "--description", DESCRIPTION)
    visit.command("group", "add", group, USERNAME, "--owner")
    visit.to("/account")
    yield "account of an owner"
    visit.follow(group, group)
    yield "group of an owner"
    visit.follow("Add", "Add")
    yield "member to add"
    visit.fill(Person=member)
    visit.press("Add", group)
    visit.said(member)
    yield "group with a new member"
    visit.follow(f"Remove {member}", "Remove")
    yield "member to remove"
    visit.press("Remove", group)
    visit.follow("Your account", "Welcome")


def of_tokens(visit: Visit) -> Iterator[str]:
    visit.to("/account/tokens")
    yield "no tokens"
    visit.follow("Make a token", "A new access token")
    yield "new token"
    visit.press("Make the token")
    visit.said("Nothing is saved yet")
    yield "new token refused"
    visit.fill(Name="backup-" * 14)
    visit.page.get_by_label("Read your data").check()
    if visit.page.get_by_label(visit.site.url + "/resource").count():
        visit.page.get_by_label(visit.site.url + "/resource").check()
    visit.press("Make the token", "Take note of your new token")
    yield "token made"
    visit.follow("I have noted it", "Your access tokens")
    yield "tokens"
    visit.follow("Remove backup", "Remove")
    yield "token to remove"


def of_others(visit: Visit) -> Iterator[str]:
    """What the person allowed two applications, and where they are logged in."""
    for options in ((), ("--auth-method", "none")):
        visit.ask(
            visit.client("--scope", "openid profile email read write", *options), "openid profile email read write"
        )
        visit.allow()
    visit.to("/account/applications")
    yield "applications allowed"
    visit.follow(f"Remove {APPLICATION}", "Remove")
    yield "application to remove"
    visit.to("/account/applications/remove")
    yield "applications to remove"
    elsewhere(visit)
    visit.to("/account/sessions")
    yield "logins"
    visit.to("/account/sessions/end")
    yield "logins to end"


def elsewhere(visit: Visit) -> None:
    """Log the person in in another browser."""
    other = Visit(other_page(visit), visit.site)
    other.to("/login")
    other.log_in(USERNAME)
    other.page.context.close()


def other_page(visit: Visit) -> Page:
    assert visit.page.context.browser is not None
    return visit.page.context.browser.new_page()


def of_details(visit: Visit) -> Iterator[str]:
    visit.to("/account/details")
    yield "details"
    visit.page.get_by_label("Language").fill("German " + "x" * 500)
    visit.press("Save")
    visit.said("Nothing is saved yet")
    yield "details refused"
    visit.page.get_by_label("Language").fill("de")
    visit.press("Save")
    visit.page.get_by_role("status").wait_for()
    yield "details saved"
    visit.to("/account/password")
    yield "password"
    visit.page.get_by_label("New password", exact=True).fill("short")
    visit.press("Change the password")
    visit.said("Nothing is saved yet")
    yield "password refused"
    visit.fill(New_password=NEW, New_password__once_more=NEW)
    visit.press("Change the password", "Your password is changed")
    yield "password changed"
    visit.to("/account/activity")
    yield "activity"


def of_data(visit: Visit) -> Iterator[str]:
    for path, name in (("data", "data"), ("data/export", "data to download"), ("data/delete", "account to delete")):
        visit.to(f"/account/{path}")
        yield name
    visit.press("Delete my account", "Your account will be deleted")
    yield "data of an account to be deleted"
    visit.to("/account")
    yield "account to be deleted"
    visit.to("/account/data/keep")
    yield "account to keep"
    visit.press("Keep my account")


def of_addresses(visit: Visit) -> Iterator[str]:
    new = f"n{EMAIL[1:]}"
    visit.to("/account/email")
    yield "e-mail address"
    visit.press("Mail the link")
    visit.page.locator("#email-error").wait_for()
    yield "e-mail address refused"
    visit.page.get_by_label("New e-mail address").fill(new)
    visit.press("Mail the link")
    visit.said("Look into the mail of")
    yield "link mailed"
    visit.page.goto(link_in_mail(visit.site, "verify", new))
    yield "e-mail address to change"
    visit.press("Change the address", "Your e-mail address is changed")
    yield "e-mail address changed"
    visit.page.goto(link_in_mail(visit.site, "email_changed", EMAIL))
    yield "e-mail address to bring back"
    visit.press("Bring it back", "Your e-mail address is back")
    yield "e-mail address back"
