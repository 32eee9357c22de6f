"""Whoever administers a server: groups, applications and all else that there is, with what can be done with each."""

from collections.abc import Iterator
from urllib.parse import quote

from tests.browser.conftest import PASSWORD, make_account
from tests.browser.ways.visit import CALLBACK, DESCRIPTION, HOST, NAME, OTHER, Visit

WHO, SOMEBODY, GROUP = "keeper", "k" + OTHER[1:], "g" + NAME
OTHER_KEEPER, SOMEBODY_ELSE = "other-keeper", "m" + OTHER[1:]
APPLICATION, SHOP = "/admin/applications/<application>", "A shop " + "with-a-very-long-name" * 4
RESOURCE, SCOPE = f"https://{HOST}/box", "box:" + "s" * 100
PAGES = {
    "groups": "/admin/groups",
    "no group found": "/admin/groups",
    "create group": "/admin/group/create",
    "group": "/admin/groups/<group>",
    "add member": "/admin/groups/<group>/add",
    "group with members": "/admin/groups/<group>",
    "members": "/admin/groups/<group>/members",
    "remove member": "/admin/groups/<group>/members/<person>/remove",
    "update group": "/admin/groups/<group>/update",
    "delete group": "/admin/groups/<group>/delete",
    "create application": "/admin/application/create",
    "create application refused": "/admin/application/create",
    "application made": "/admin/application/create",
    "application": APPLICATION,
    "applications": "/admin/applications",
    "update application": f"{APPLICATION}/update",
    "transfer application": f"{APPLICATION}/transfer",
    "rotate secret": f"{APPLICATION}/rotate-secret",
    "secret made": f"{APPLICATION}/rotate-secret",
    "restrict application": f"{APPLICATION}/restrict",
    "rotate registration token": f"{APPLICATION}/rotate-registration-token",
    "revoke registration token": f"{APPLICATION}/revoke-registration-token",
    "revoke grants": f"{APPLICATION}/revoke-grants",
    "disable application": f"{APPLICATION}/disable",
    "application disabled": APPLICATION,
    "enable application": f"{APPLICATION}/enable",
    "delete application": f"{APPLICATION}/delete",
}
REST = {
    "roles": "/admin/roles",
    "grant role": "/admin/role/grant",
    "revoke role": "/admin/role/revoke",
    "revoke all grants": "/admin/grant/revoke-all",
    "withdraw grants": "/admin/grant/withdraw",
    "revoke all tokens": "/admin/token/revoke-all",
    "show a token": "/admin/token/show",
    "token shown": "/admin/token/show",
    "revoke a text": "/admin/token/revoke-text",
    "prune": "/admin/event/prune",
    "create scope": "/admin/scope/create",
    "scope": "/admin/scopes/<scope>",
    "scopes": "/admin/scopes",
    "restrict scope": "/admin/scopes/<scope>/restrict",
    "delete scope": "/admin/scopes/<scope>/delete",
    "create resource": "/admin/resource/create",
    "add mcp": "/admin/resource/add-mcp",
    "resource": "/admin/resources/<resource>",
    "resources": "/admin/resources",
    "update resource": "/admin/resources/<resource>/update",
    "disable resource": "/admin/resources/<resource>/disable",
    "resource disabled": "/admin/resources/<resource>",
    "enable resource": "/admin/resources/<resource>/enable",
    "delete resource": "/admin/resources/<resource>/delete",
    "keys": "/admin/keys",
    "rotate key": "/admin/key/rotate",
    "retire key": "/admin/keys/<kid>/retire",
    "sessions": "/admin/sessions",
    "revoke session": "/admin/sessions/<session>/revoke",
    "no grant": "/admin/grants",
    "create token": "/admin/token/create",
    "token made": "/admin/token/create",
    "tokens": "/admin/tokens",
    "grants": "/admin/grants",
    "revoke grant": "/admin/grants/<grant>/revoke",
    "revoke token": "/admin/tokens/<token>/revoke",
    "create registration token": "/admin/registration-token/create",
    "registration token made": "/admin/registration-token/create",
    "registration tokens": "/admin/registration-tokens",
    "revoke registration token": "/admin/registration-tokens/<token>/revoke",
    "refusals": "/admin/refusals",
    "refusal": "/admin/refusals/<refusal>",
    "audit": "/admin/audit",
    "audit as a file": "/admin/audit/export",
}


def way(visit: Visit) -> Iterator[str]:
    visit.command("createsuperuser", "--username", WHO, "--email", f"k@{HOST}", "--password-stdin", typed=PASSWORD)
    make_account(visit.site, SOMEBODY)
    visit.to("/login")
    visit.log_in(WHO)
    yield from groups(visit)
    yield from applications(visit)


def way_to_the_rest(visit: Visit) -> Iterator[str]:
    """The pages of what stands behind people, groups and applications."""
    email = f"m@{HOST}"
    visit.command("createsuperuser", "--username", OTHER_KEEPER, "--email", email, "--password-stdin", typed=PASSWORD)
    make_account(visit.site, SOMEBODY_ELSE)
    visit.to("/login")
    visit.log_in(OTHER_KEEPER)
    for part in (roles, scopes, resources, keys, sessions, tokens, registration_tokens, refusals):
        yield from part(visit)
    for name, path in REST.items():
        if name in (
            "audit",
            "audit as a file",
            "prune",
            "revoke all grants",
            "withdraw grants",
            "revoke all tokens",
            "revoke a text",
        ):
            visit.to(path)
            yield name


def groups(visit: Visit) -> Iterator[str]:
    visit.to("/admin/groups?search=" + "z" * 100)
    yield "no group found"
    visit.follow("Create group", "Create group")
    yield "create group"
    visit.fill(Name=GROUP, Description=DESCRIPTION)
    visit.press("Create group", GROUP)
    yield "group"
    visit.follow("Add", "Add")
    yield "add member"
    visit.fill(Person=SOMEBODY)
    visit.page.get_by_label("Yes").check()
    visit.press("Add", GROUP)
    yield "group with members"
    group = visit.page.url.partition("?")[0].removeprefix(visit.site.url)
    visit.to(group + "/members")
    yield "members"
    visit.follow("Remove", "Remove")
    yield "remove member"
    for name in ("Update", "Delete"):
        visit.to(group)
        visit.follow(name, name)
        yield f"{name.lower()} group"
    visit.to("/admin/groups")
    yield "groups"


def applications(visit: Visit) -> Iterator[str]:
    visit.to("/admin/applications")
    visit.follow("Create application", "Create application")
    yield "create application"
    visit.fill(Name=SHOP, Redirect_URIs=f"{CALLBACK}\nnonsense")
    visit.tick("openid", "read")
    visit.press("Create application")
    visit.said("Nothing is saved yet")
    yield "create application refused"
    visit.fill(Redirect_URIs=CALLBACK)
    visit.press("Create application", "Client secret")
    yield "application made"
    visit.follow("I have noted it", SHOP)
    yield "application"
    path = visit.page.url.removeprefix(visit.site.url)
    registration = ("Rotate registration token", "Revoke registration token")
    for name in (
        "Update",
        "Transfer",
        "Restrict",
        "Rotate secret",
        *registration,
        "Revoke grants",
        "Delete",
        "Disable",
    ):
        visit.to(path)
        visit.follow(name, name)
        yield name.lower() if " " in name else f"{name.lower()} application"
        if name == "Rotate secret":
            visit.press(name, "Client secret")
            yield "secret made"
    visit.press("Disable", SHOP)
    yield "application disabled"
    visit.follow("Enable", "Enable")
    yield "enable application"
    visit.press("Enable", SHOP)
    visit.to("/admin/applications")
    yield "applications"


def roles(visit: Visit) -> Iterator[str]:
    visit.to("/admin/roles")
    yield "roles"
    visit.follow("Grant role", "Grant role")
    yield "grant role"
    visit.fill(Role="support", Person=SOMEBODY_ELSE)
    visit.press("Grant role", "Roles")
    visit.follow("Revoke role support", "Revoke role")
    yield "revoke role"


def scopes(visit: Visit) -> Iterator[str]:
    visit.to("/admin/scope/create")
    yield "create scope"
    visit.fill(Name=SCOPE, Description=DESCRIPTION, Claims="box\nlid")
    visit.press("Create scope", SCOPE)
    yield "scope"
    for name in ("Restrict", "Delete"):
        visit.to(f"/admin/scopes/{quote(SCOPE, safe='')}")
        visit.follow(name, name)
        yield f"{name.lower()} scope"
    visit.to("/admin/scopes")
    yield "scopes"


def resources(visit: Visit) -> Iterator[str]:
    visit.to("/admin/resource/create")
    yield "create resource"
    visit.fill(Resource=RESOURCE, Scopes=SCOPE)
    visit.press("Create resource", RESOURCE)
    yield "resource"
    visit.to("/admin/resource/add-mcp")
    yield "add mcp"
    path = f"/admin/resources/{quote(RESOURCE, safe='')}"
    for name in ("Update", "Delete", "Disable"):
        visit.to(path)
        visit.follow(name, name)
        yield f"{name.lower()} resource"
    visit.press("Disable", RESOURCE)
    yield "resource disabled"
    visit.follow("Enable", "Enable")
    yield "enable resource"
    visit.to("/admin/resources")
    yield "resources"


def keys(visit: Visit) -> Iterator[str]:
    visit.to("/admin/keys")
    yield "keys"
    visit.follow("Retire", "Retire")
    yield "retire key"
    visit.to("/admin/key/rotate")
    yield "rotate key"


def sessions(visit: Visit) -> Iterator[str]:
    visit.to("/admin/sessions")
    yield "sessions"
    revoke_first(visit)
    yield "revoke session"


def tokens(visit: Visit) -> Iterator[str]:
    visit.to(f"/admin/grants?user={SOMEBODY_ELSE}")
    yield "no grant"
    visit.to("/admin/token/create")
    yield "create token"
    visit.fill(Person=SOMEBODY_ELSE, Name="backup-" * 8)
    visit.tick("read")
    visit.press("Create token", "Token")
    yield "token made"
    text = visit.page.locator("output").inner_text()
    visit.to("/admin/token/show")
    yield "show a token"
    visit.fill(Text=text)
    visit.press("Look up a token")
    visit.said("Subject")
    yield "token shown"
    visit.follow("Back", "Access tokens")
    yield "tokens"
    revoke_first(visit)
    yield "revoke token"
    visit.to(f"/admin/grants?user={SOMEBODY_ELSE}")
    yield "grants"
    revoke_first(visit)
    yield "revoke grant"


def revoke_first(visit: Visit) -> None:
    """Ask to revoke what the first row is about."""
    visit.page.locator("ul.rows").get_by_role("link", name="Revoke").first.click()
    visit.heading("Revoke")


def registration_tokens(visit: Visit) -> Iterator[str]:
    visit.to("/admin/registration-token/create")
    yield "create registration token"
    visit.fill(Uses="3", Expires="2100-01-01 12:00")
    visit.press("Create registration token", "Initial access token")
    yield "registration token made"
    visit.follow("I have noted it", "Registration tokens")
    yield "registration tokens"
    revoke_first(visit)
    yield "revoke registration token"


def refusals(visit: Visit) -> Iterator[str]:
    client_id = visit.client()
    visit.to(f"/authorize?client_id={client_id}&redirect_uri=https%3A%2F%2Felsewhere.example%2F")
    refusal = visit.page.locator("a[href*='/errors/']").first.get_attribute("href") or ""
    path = "/admin/refusals/" + refusal.rpartition("/")[2]
    while (reply := visit.page.goto(visit.site.url + path)) is None or reply.status == 404:
        visit.page.wait_for_timeout(100)  # refusals are stored a moment later
    yield "refusal"
    visit.to("/admin/refusals")
    yield "refusals"
