"""The way of an administrator who begins: set-up, applications, tokens for them, what is refused."""

import re
from collections.abc import Iterator

from tests.browser.conftest import PASSWORD, setup_of
from tests.browser.ways.visit import APPLICATION, CALLBACK, EMAIL, NAME, STALE, Visit

PAGES = {
    "home of nobody": "/",
    "login": "/login",
    "login refused": "/login",
    "login gone stale": "/login",
    "refusal for nobody": "/errors/<identifier>",
    "link of the setup unknown": "/setup",
    "setup": "/setup",
    "setup refused": "/setup",
    "no applications": "/applications",
    "register": "/applications/register",
    "register a service": "/applications/register",
    "register unfolded": "/applications/register",
    "register refused": "/applications/register",
    "application": "/applications/<client_id>",
    "edit": "/applications/<client_id>/edit",
    "edit refused": "/applications/<client_id>/edit",
    "secret": "/applications/<client_id>/secret",
    "delete": "/applications/<client_id>/delete",
    "disable": "/applications/<client_id>/disable",
    "disabled application": "/applications/<client_id>",
    "enable": "/applications/<client_id>/enable",
    "public application": "/applications/<client_id>",
    "applications": "/applications",
    "no tokens of an application": "/applications/<client_id>/tokens",
    "new token of an application": "/applications/<client_id>/tokens/new",
    "token of an application made": "/applications/<client_id>/tokens/new",
    "tokens of an application": "/applications/<client_id>/tokens",
    "token of an application to remove": "/applications/<client_id>/tokens/<token_id>/remove",
    "unknown client": "/authorize",
    "refusal": "/errors/<identifier>",
    "not found": "/nothing",
}


def way(visit: Visit) -> Iterator[str]:
    yield from of_nobody(visit)
    yield from setting_up(visit)
    yield from of_applications(visit)
    yield from of_tokens(visit)
    yield from refused(visit)


def of_nobody(visit: Visit) -> Iterator[str]:
    visit.to("/")
    yield "home of nobody"
    visit.to("/login")
    yield "login"
    visit.page.get_by_label("Username or e-mail address").fill("x" * 200)
    visit.press("Log in")
    visit.said("Wrong username or password")
    yield "login refused"
    visit.spoil()
    visit.press("Log in")
    visit.said(STALE)
    yield "login gone stale"
    visit.to("/errors/000000000000")
    yield "refusal for nobody"
    visit.to("/setup?token=iam_su_cut_off")
    yield "link of the setup unknown"


def setting_up(visit: Visit) -> Iterator[str]:
    visit.page.goto(setup_of(visit.site))
    yield "setup"
    visit.fill(Username="x" * 100)
    visit.press("Make the administrator")
    visit.said("Nothing is saved yet")
    yield "setup refused"
    visit.page.get_by_label("Username").fill("root")
    visit.page.get_by_label("E-mail address").fill(f"r{EMAIL[1:]}")
    visit.fill(Password=PASSWORD, Password__once_more=PASSWORD)
    visit.press("Make the administrator", "Your applications")
    yield "no applications"


def of_applications(visit: Visit) -> Iterator[str]:
    visit.command("user", "update", "root", "--name", NAME)
    visit.to("/applications/register")
    yield "register"
    visit.to("/applications/register?type=service")
    yield "register a service"
    visit.to("/applications/register")
    visit.page.get_by_text("OpenID Connect", exact=True).click()
    yield "register unfolded"
    for box in visit.page.get_by_role("checkbox").all():
        box.uncheck()
    visit.fill(Redirect_URIs="x" * 500)
    visit.press("Save")
    visit.said("Nothing is saved yet")
    yield "register refused"
    client = register(visit)
    yield "application"
    here = f"/applications/{client}"
    visit.to(f"{here}/edit")
    yield "edit"
    visit.fill(Name="")
    visit.press("Save")
    visit.said("Nothing is saved yet")
    yield "edit refused"
    for what in ("secret", "delete", "disable"):
        visit.to(f"{here}/{what}")
        yield what
    visit.press("Disable")
    visit.said("This application is disabled")
    yield "disabled application"
    visit.to(f"{here}/enable")
    yield "enable"
    visit.press("Enable", APPLICATION)
    register(visit, public=True)
    yield "public application"
    visit.to("/applications")
    yield "applications"


def register(visit: Visit, *, public: bool = False) -> str:
    visit.to("/applications/register")
    visit.fill(Name=APPLICATION, Redirect_URIs=CALLBACK)
    if public:
        visit.page.get_by_label("Public: It runs in a browser").check()
        visit.page.get_by_label("Client credentials").uncheck()
    visit.press("Save")
    visit.page.wait_for_url(re.compile(r"/applications/[0-9A-Za-z]{22}$"))
    return visit.page.url.rpartition("/")[2]


def of_tokens(visit: Visit) -> Iterator[str]:
    visit.to("/applications")
    visit.follow(APPLICATION, APPLICATION)
    if not visit.page.get_by_role("link", name="Tokens of its own").count():
        visit.to("/applications")
        visit.page.get_by_role("link", name=APPLICATION).last.click()
    visit.follow("Tokens of its own", "Service tokens")
    yield "no tokens of an application"
    visit.follow("Make a token", "A new token")
    yield "new token of an application"
    visit.fill(Name="backup-" * 20)
    visit.page.get_by_role("checkbox").first.check()
    visit.press("Make the token", "Take note of your new token")
    yield "token of an application made"
    visit.follow("I have noted it", "Service tokens")
    yield "tokens of an application"
    visit.follow("Remove backup", "Remove")
    yield "token of an application to remove"


def refused(visit: Visit) -> Iterator[str]:
    visit.to(f"/authorize?client_id={'c' * 100}")
    yield "unknown client"
    refusal = visit.page.get_by_role("link", name=re.compile("^[0-9A-Za-z]{12}$")).get_attribute("href") or ""
    while (reply := visit.page.goto(refusal)) is None or reply.status == 404:
        visit.page.wait_for_timeout(100)  # refusals are stored a moment later
    yield "refusal"
    visit.to("/nothing")
    yield "not found"
