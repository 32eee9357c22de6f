"""The forms of the administration: every kind of value is asked for, what is wrong is said beside it, and what is typed is kept."""

from collections import Counter
from typing import Any

import pytest
from twisted.internet.defer import Deferred, gatherResults

from iam.administration import groups
from iam.records.actor import SERVER
from iam.records.role import Role
from iam.store.roles import Holder
from tests.harness import Server
from tests.pages.administered import NIGHTLY, world
from tests.pages.conftest import Visitor, visitor_of
from tests.pages.form import Form, form_of

KEYS = '{"keys": [{"kty": "OKP", "crv": "Ed25519", "x": "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}]}'


async def administrator(server: Server) -> Visitor:
    return visitor_of(server, await server.person(superuser=True))


def form_in(page: str) -> Form:
    """The form that changes something; the other one searches."""
    return form_of(page[page.index('<form method="post"') :])


async def opened(visitor: Visitor, path: str) -> Form:
    reply = await visitor.get(path)
    assert reply.status == 200, reply.text
    return form_in(reply.text)


async def test_what_is_emptied_gets_its_default_back_and_the_rest_stays(server: Server) -> None:
    visitor, app = await administrator(server), await server.app(grant_types=("authorization_code", "refresh_token"))
    path = f"/admin/applications/{app.client_id}/update"

    set_ = await visitor.send(
        await opened(visitor, path),
        logo_uri="https://shop.example/logo.png",
        contacts="a@shop.example\nb@shop.example",
        default_max_age="60",
        jwks=KEYS,
        require_pkce="y",
        grant_types=["authorization_code"],
        subject_type="pairwise",
    )
    full = await server.store.clients.read(app.client_id)
    form = await opened(visitor, path)
    emptied = await visitor.send(form, logo_uri="", contacts="", default_max_age="", jwks="", require_pkce=None)
    bare = await server.store.clients.read(app.client_id)

    assert (set_.status, emptied.status) == (303, 303)
    assert full
    assert bare
    assert (full.logo_uri, full.contacts) == ("https://shop.example/logo.png", ("a@shop.example", "b@shop.example"))
    assert (full.default_max_age, full.require_pkce, full.grant_types) == (60, True, ("authorization_code",))
    assert full.jwks
    assert form.value("contacts") == "a@shop.example\nb@shop.example"
    assert (bare.logo_uri, bare.contacts, bare.default_max_age, bare.jwks) == (None, (), None, None)
    assert (bare.require_pkce, bare.subject_type, bare.name) == (False, "pairwise", full.name)


@pytest.mark.parametrize(
    ("path", "typed", "sentence"),
    [
        ("/admin/application/create", {"default_max_age": "soon"}, "Write a number"),
        ("/admin/application/create", {"jwks": "{"}, "Write a JSON object"),
        ("/admin/application/create", {"client_name": ""}, 'id="client_name-error"'),
        ("/admin/resource/create", {"lifetime": "1h"}, "Write a number"),
        ("/admin/registration-token/create", {"expires_at": "tomorrow"}, "Write a moment"),
        ("/admin/role/grant", {"role": "support", "person": "nobody"}, "There is no person nobody."),
        ("/admin/group/create", {"name": ""}, 'id="name-error"'),
    ],
)
async def test_what_is_wrong_is_said_beside_its_field_and_what_was_typed_is_kept(
    server: Server, path: str, typed: dict[str, str], sentence: str
) -> None:
    visitor = await administrator(server)
    first = {"description": "Kept"} if "group" in path else {}

    reply = await visitor.send(await opened(visitor, path), **first, **typed)

    assert reply.status == 400
    assert sentence in reply.text
    form = form_in(reply.text)
    assert {name: form.value(name) for name in typed} == typed
    assert "description" not in first or form.value("description") == "Kept"


async def test_scopes_are_ticked_in_any_order(server: Server) -> None:
    visitor, app = await administrator(server), await server.app(scopes=("write", "read"))
    path = f"/admin/applications/{app.client_id}/update"
    changes = "select count(*) from audit_events where kind = 'client.changed'"

    form = await opened(visitor, path)
    same = await visitor.send(form)
    before = await server.store.database.query(changes)
    other = await visitor.send(await opened(visitor, path), scope=["write", "iam:people:read"])
    client = await server.store.clients.read(app.client_id)

    assert sorted(form.values("scope")) == ["read", "write"]
    assert (same.status, other.status, before) == (303, 303, [(0,)])
    assert client
    assert sorted(client.scopes) == ["iam:people:read", "write"]


async def test_of_two_administrators_the_second_looks_again(server: Server) -> None:
    one, other = await administrator(server), await administrator(server)
    found = await world(server)
    path = f"/admin/groups/{found['groups']['group']}/update"
    forms = [await opened(each, path) for each in (one, other)]
    server.clock.advance(1)

    first = await one.send(forms[0], name="writers")
    second = await other.send(forms[1], name="painters")
    third = await other.send(form_in(second.text))

    assert (first.status, second.status, third.status) == (303, 409, 303)
    assert form_in(second.text).value("name") == "painters"


async def test_an_owner_without_a_role_manages_their_group_and_finds_no_other(server: Server) -> None:
    found = await world(server)
    owner, on = await server.person("carol"), server.application.administration
    await groups.add(on, "readers", "carol", SERVER, owner=True)
    other = await groups.create(on, "writers", "", SERVER)
    visitor = visitor_of(server, owner)
    path = f"/admin/groups/{found['groups']['group']}"

    account, page = (await visitor.get("/account")).text, (await visitor.get(path)).text
    added = await visitor.send(await opened(visitor, path + "/add"), person="bob", owner="n")
    statuses = [(await visitor.get(each)).status for each in (path + "/members", path + "/delete", "/admin/groups")]

    assert f'href="{path}"' in account
    assert f"/admin/groups/{other.id}" not in account
    assert path + "/add" in page
    assert path + "/delete" not in page
    assert '<a href="/account">Your account</a>' in page
    assert added.location == path + "?done"
    assert statuses == [200, 404, 404]
    assert (await visitor.get(f"/admin/groups/{other.id}")).status == 404
    assert (await visitor.get("/admin")).status == 404


async def test_who_only_looks_is_offered_nothing(server: Server) -> None:
    found = await world(server)
    auditor = await server.person()
    await server.store.roles.grant(Role.AUDITOR, None, Holder(user_id=auditor.user_id), server.now(), SERVER)
    visitor = visitor_of(server, auditor)
    named: dict[str, Any] = {noun: next(iter(names.values()), "") for noun, names in found.items()}
    places = ["people", "groups", "applications"]

    pages = [await visitor.get(f"/admin/{noun}/{named[noun]}") for noun in places]
    lists = [await visitor.get(f"/admin/{noun}") for noun in found]

    assert {reply.status for reply in [*pages, *lists]} == {200}
    assert [reply.text.count('class="button plain') for reply in pages] == [0] * len(places)
    assert not any("/revoke" in reply.text or "/create" in reply.text for reply in [*pages, *lists])


async def test_what_is_done_from_a_page_leads_back_to_it(server: Server) -> None:
    visitor, found = await administrator(server), await world(server)
    person = found["roles"]["person"]
    page = (await visitor.get(f"/admin/people/{person}")).text
    address = f"/admin/sessions/{found['sessions']['session']}/revoke"

    offered = page.partition(f'href="{address}')[2].partition('"')[0]
    reply = await visitor.send(await opened(visitor, address + offered.replace("&amp;", "&")))

    assert reply.location == f"/admin/people/{person}?done"


@pytest.mark.parametrize(
    "back", ["https%3A%2F%2Fevil.example", "%2F%2Fevil.example", "%2Fadmin%2F%2Fevil", "%2Faccount"]
)
async def test_nothing_leads_elsewhere(server: Server, back: str) -> None:
    visitor, found = await administrator(server), await world(server)
    path = f"/admin/sessions/{found['sessions']['session']}/revoke?back={back}"

    assert (await visitor.send(await opened(visitor, path))).location == "/admin/sessions?done"


@pytest.mark.parametrize("query", ["colour=red", "person=%FF", "group=x&group=y", "person=nobody"])
async def test_an_address_that_names_what_is_not_there_leads_nowhere(server: Server, query: str) -> None:
    assert (await (await administrator(server)).get("/admin/role/grant?" + query)).status == 404


async def test_a_token_is_looked_up_without_being_in_an_address_or_on_the_page(server: Server) -> None:
    found = await world(server)
    visitor = await administrator(server)

    reply = await visitor.send(await opened(visitor, "/admin/token/show"), text=NIGHTLY)

    assert reply.status == 200
    assert found["applications"]["application"] in reply.text
    assert NIGHTLY not in reply.text


async def test_what_ends_by_what_is_typed_is_shown_before_it_is_done(server: Server) -> None:
    visitor, found = await administrator(server), await world(server)
    path = f"/admin/applications/{found['applications']['application']}/restrict"

    first = await visitor.send(await opened(visitor, path), groups="readers")
    untouched = (await opened(visitor, path)).value("groups")
    second = await visitor.send(form_in(first.text))

    assert first.status == 200
    assert "Nothing is done yet" in first.text
    assert "1 person" in first.text
    assert untouched == ""
    assert second.status == 303
    assert (await opened(visitor, path)).value("groups") == "readers"


async def test_who_keeps_what_would_end_reads_that_it_stays(server: Server) -> None:
    visitor, _ = await administrator(server), await world(server)
    form = await opened(visitor, "/admin/people/bob/disable")

    asked = await visitor.send(form, keep_grants="y")
    done = await visitor.send(form_in(asked.text))

    assert asked.status == 200
    assert "Nothing is done yet" in asked.text
    assert done.status == 303


async def test_the_end_of_all_grants_is_shown_before(server: Server) -> None:
    visitor, _ = await administrator(server), await world(server)

    page = await visitor.get("/admin/grant/revoke-all")

    assert "Test application" in page.text.partition("caution")[2]


async def test_support_reads_nothing_of_what_is_not_theirs_to_end(server: Server) -> None:
    found = await world(server)
    helper = await server.person("helper")
    assert await server.store.roles.grant(Role.SUPPORT, None, Holder(user_id=helper.user_id), server.now(), SERVER)
    visitor = visitor_of(server, helper)
    form = await opened(visitor, "/admin/grant/withdraw")

    reply = await visitor.send(form, user="bob", client=found["grants"]["client"])

    assert reply.status == 403
    assert "Test application" not in reply.text


async def test_of_many_administrators_who_saw_the_same_one_changes_it(server: Server) -> None:
    found = await world(server)
    path = f"/admin/people/{found['people']['person']}/update"
    visitors = [await administrator(server) for _ in range(5)]
    forms = [await opened(visitor, path) for visitor in visitors]

    sent = [
        Deferred.fromCoroutine(visitor.send(form, name=f"Alice {number}"))
        for number, (visitor, form) in enumerate(zip(visitors, forms, strict=True))
    ]
    replies: list[Any] = await gatherResults(sent)

    assert Counter(reply.status for reply in replies) == {303: 1, 409: 4}
