"""What the pages of the administration say of why something is refused: to whom, in which words, and with what mends it."""

import re
from urllib.parse import quote

import pytest

from iam.administration import client_restrictions, groups, people, resources
from iam.administration import roles as given
from iam.administration.administration import Administration
from iam.administration.resources import Terms
from iam.administration.roles import Place
from iam.records.actor import SERVER
from iam.records.role import Role
from iam.store.roles import Holder
from tests.harness import App, Person, Server
from tests.pages.conftest import Visitor, asking, make_account, visitor_of

LINK = re.compile(r'href="([^"]*)"[^>]*>([^<]*)')
WRONG = "https://client.example/callbak"
API = "https://api.example"


async def somebody(server: Server, role: Role) -> Visitor:
    """Somebody with this role."""
    person = await server.person(superuser=role is Role.ADMINISTRATOR)
    if role is not Role.ADMINISTRATOR:
        await server.store.roles.grant(role, None, Holder(user_id=person.user_id), server.now(), SERVER)
    return visitor_of(server, person)


@pytest.fixture
def on(server: Server) -> Administration:
    return server.application.administration


def links(text: str) -> dict[str, str]:
    """Where the links lead, by what they say."""
    return {said.strip(): address.replace("&amp;", "&") for address, said in LINK.findall(text)}


async def latest(server: Server) -> str:
    await server.store.refusals.flush()
    rows = await server.store.database.query("select id from refusals order by at desc limit 1")
    return str(rows[0][0])


async def refused(server: Server, app: App, person: Person | None = None, **changes: str) -> str:
    """The id of a refusal."""
    visitor = visitor_of(server, person) if person else Visitor(server)
    await visitor.get(asking(app, **changes))
    return await latest(server)


async def test_a_refusal_is_found_by_its_id_and_leads_to_what_mends_it(server: Server) -> None:
    app = await server.app()
    identifier = await refused(server, app, redirect_uri=WRONG)
    await refused(server, await server.app(), redirect_uri=WRONG)
    visitor = await somebody(server, Role.ADMINISTRATOR)

    listed = (await visitor.get(f"/admin/refusals?id=https://login.example.org/errors/{identifier}")).text
    page = (await visitor.get(f"/admin/refusals/{identifier}")).text

    assert re.findall("/admin/refusals/([0-9A-Za-z]{12})", listed) == [identifier]
    assert "The redirect URI is not registered" in page
    assert "<mark>/callbak</mark>" in page
    assert links(page)["Change the application"] == f"/admin/applications/{app.client_id}/update#redirect_uris"


@pytest.mark.parametrize("role", [Role.SUPPORT, Role.AUDITOR])
async def test_who_may_not_mend_it_is_shown_no_link_to_it(server: Server, role: Role) -> None:
    identifier = await refused(server, await server.app(), redirect_uri=WRONG)

    page = (await (await somebody(server, role)).get(f"/admin/refusals/{identifier}")).text

    assert "The redirect URI is not registered" in page
    assert "Change the application" not in links(page)


async def test_an_application_says_why_it_is_refused_and_how_often(server: Server, on: Administration) -> None:
    app, alice = await server.app(), await server.person()
    for changes in ({"redirect_uri": WRONG}, {"scope": "nonsense"}, {"redirect_uri": WRONG}):
        await refused(server, app, alice, **changes)
    visitor = await somebody(server, Role.ADMINISTRATOR)

    page = (await visitor.get(f"/admin/applications/{app.client_id}")).text

    told = page.partition("Why is it refused?")[2].partition("Who uses it?")[0]
    assert [each in told for each in ("2 times", "once", "There is no such scope")] == [True] * 3
    assert told.index("The redirect URI is not registered") < told.index("There is no such scope")
    assert links(told)["Create the scope nonsense"] == "/admin/scope/create?name=nonsense"
    assert links(told)["All of its refusals"] == f"/admin/refusals?client={app.client_id}"


async def test_an_application_says_who_uses_it(server: Server) -> None:
    app = await server.app()
    for _ in range(2):
        await server.tokens(app, await server.person())
    visitor = await somebody(server, Role.AUDITOR)

    page = (await visitor.get(f"/admin/applications/{app.client_id}")).text

    told = page.partition("Who uses it?")[2]
    assert "<dt>People who allowed it something</dt><dd>2</dd>" in told
    assert links(told)["2"] == f"/admin/grants?client={app.client_id}"


@pytest.mark.parametrize(
    ("terms", "enabled", "said", "label", "place"),
    [
        (
            Terms(clients="named"),
            True,
            "The application may not ask for this resource",
            "Change who may ask for",
            "update",
        ),
        (Terms(), False, "There is no such resource", "Enable", "enable"),
        (None, True, "There is no such resource", "Register", ""),
    ],
    ids=["not for it", "disabled", "unknown"],
)
async def test_a_resource_is_mended_as_it_needs(
    server: Server, on: Administration, terms: Terms | None, enabled: bool, said: str, label: str, place: str
) -> None:
    if terms:
        await resources.create(on, API, terms, SERVER)
    if not enabled:
        await resources.disable(on, API, SERVER)
    identifier = await refused(server, await server.app(), resource=API)

    page = (await (await somebody(server, Role.ADMINISTRATOR)).get(f"/admin/refusals/{identifier}")).text

    assert said in page
    uri = quote(API, safe="")
    wanted = f"/admin/resources/{uri}/{place}" if place else f"/admin/resource/create?resource={uri}"
    assert links(page)[f"{label} {API}"].partition("#")[0] == wanted


async def test_who_is_in_no_group_of_an_application_is_added_from_their_page(
    server: Server, on: Administration
) -> None:
    app, alice = await server.app(), await server.person()
    await groups.create(on, "readers", "", SERVER)
    await client_restrictions.restrict_client(on, app.client_id, ["readers"], SERVER)
    await server.quiet()
    await refused(server, app, alice)
    visitor = await somebody(server, Role.ADMINISTRATOR)

    page = (await visitor.get(f"/admin/people/{alice.user_id}")).text

    assert "The person is in none of the groups that the application is for" in page
    assert links(page)["Add to the group readers"] == f"/admin/groups/readers/add?person={alice.user_id}"


async def test_a_person_s_page_says_what_they_can_do_where(server: Server, on: Administration) -> None:
    app, alice = await server.app(), await server.person()
    group = await groups.create(on, "readers", "", SERVER)
    await groups.add(on, "readers", alice.username, SERVER)
    await given.grant(on, "editor", Place(None, "readers", app.client_id), SERVER)
    await server.tokens(app, alice, scope="read")

    seen = {
        role: (await (await somebody(server, role)).get(f"/admin/people/{alice.user_id}")).text
        for role in (Role.AUDITOR, Role.SUPPORT)
    }

    for role, page in seen.items():
        told = page.partition("What can they do where?")[2].partition("</dl>")[0]
        assert [word in told for word in ("editor", "readers", "<code>read</code>", "Test application")] == [True] * 4
        assert f"/admin/groups/{group.id}" in told
        assert (f"/admin/applications/{app.client_id}" in told) is (role is Role.AUDITOR)


async def test_support_finds_the_way_to_let_somebody_in_and_auditors_none(server: Server, on: Administration) -> None:
    alice = await make_account(server, "alice", "alice@example.org")
    await people.disable(on, "alice", SERVER)

    pages = {
        role: (await (await somebody(server, role)).get(f"/admin/people/{alice}")).text
        for role in Role
        if role is not Role.DEVELOPER
    }

    shown = {role: links(page).get("Enable their account") for role, page in pages.items()}
    assert shown == {
        Role.ADMINISTRATOR: f"/admin/people/{alice}/enable",
        Role.SUPPORT: f"/admin/people/{alice}/enable",
        Role.AUDITOR: None,
    }
    assert all("Their account is disabled" in page for page in pages.values())
    assert [role for role, page in pages.items() if "Confirm their address" in page] == [Role.ADMINISTRATOR]


async def test_the_page_behind_an_error_uri_leads_who_administers_here(server: Server) -> None:
    owner = visitor_of(server, await server.person())
    app = await owner.register()
    identifier = await refused(server, app, redirect_uri=WRONG)

    support = (await (await somebody(server, Role.SUPPORT)).get(f"/errors/{identifier}")).text
    own = (await owner.get(f"/errors/{identifier}")).text

    assert links(support)["See it in the administration"] == f"/admin/refusals/{identifier}"
    assert "See it in the administration" not in links(own)
