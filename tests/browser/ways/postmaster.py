"""Whoever administers a server: the links that are still good, mail, and the settings in force."""

from collections.abc import Iterator

from tests.browser.conftest import PASSWORD
from tests.browser.ways.visit import HOST, OTHER, Visit

WHO, SOMEBODY = "postmaster", "n" + OTHER[1:]
PAGES = {
    "invitations": "/admin/invitations",
    "invitation": "/admin/invitations/<invitation>",
    "withdraw invitation": "/admin/invitations/<invitation>/withdraw",
    "no invitation": "/admin/invitations",
    "test mail": "/admin/mail/test",
    "mail": "/admin/mail",
    "a mail": "/admin/mail/<mail>",
    "retry mail": "/admin/mail/<mail>/retry",
    "discard mail": "/admin/mail/<mail>/discard",
    "no mail": "/admin/mail",
    "settings": "/admin/settings",
    "setting": "/admin/settings/<setting>",
}


def way(visit: Visit) -> Iterator[str]:
    visit.command("createsuperuser", "--username", WHO, "--email", f"p@{HOST}", "--password-stdin", typed=PASSWORD)
    visit.command("user", "invite", SOMEBODY, "--email", f"n@{HOST}")
    visit.to("/login")
    visit.log_in(WHO)
    yield from mail(visit)
    yield from invitations(visit)
    yield from settings(visit)


def mail(visit: Visit) -> Iterator[str]:
    visit.to("/admin/mail/test")
    yield "test mail"
    visit.to(f"/admin/mail?person={SOMEBODY}")
    yield "mail"
    visit.follow("The invitation", "The invitation")
    yield "a mail"
    path = visit.page.url.removeprefix(visit.site.url)
    for verb in ("retry", "discard"):
        visit.to(f"{path}/{verb}")
        yield f"{verb} mail"
    visit.to(f"/admin/mail?person={WHO}")
    yield "no mail"


def invitations(visit: Visit) -> Iterator[str]:
    visit.to("/admin/invitations")
    yield "invitations"
    visit.follow(SOMEBODY, SOMEBODY)
    yield "invitation"
    visit.follow("Withdraw", "Withdraw")
    yield "withdraw invitation"
    visit.press("Withdraw", "Invitations")
    yield "no invitation"


def settings(visit: Visit) -> Iterator[str]:
    visit.to("/admin/settings")
    yield "settings"
    visit.follow("application-grant", "application-grant")
    yield "setting"
