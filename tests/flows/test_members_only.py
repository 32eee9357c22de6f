"""Applications and scopes for the members of some groups alone: who is none is told so, or gets the rest."""

from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

import pytest
from attrs import frozen

from iam.administration import client_restrictions, groups, personal_tokens, restrictions
from iam.administration.personal_tokens import Wish
from iam.records.actor import SERVER
from iam.records.invalid import Invalid
from tests.harness import REDIRECT_URI, App, Person, Server

SCOPE = ("openid", "read", "write")


@frozen
class World:
    """An application, somebody in the group `editors`, and somebody in another one."""

    server: Server
    app: App
    alice: Person
    bob: Person

    @property
    def on(self) -> Any:
        return self.server.application.administration


async def make(server: Server) -> World:
    """The application, alice in the group editors, and bob in another one."""
    alice, bob = await server.person("alice"), await server.person("bob")
    on = server.application.administration
    for group, member in {"editors": alice, "readers": bob}.items():
        await groups.create(on, group, "", SERVER)
        await groups.add(on, group, member.username, SERVER)
    return World(server, await server.app(scopes=SCOPE), alice, bob)


def way_back(page: str) -> str:
    """Where the page's button leads."""
    return page.partition('<a class="button" href="')[2].partition('"')[0].replace("&amp;", "&")


async def test_an_application_is_for_the_members_of_its_groups(server: Server) -> None:
    world = await make(server)
    await client_restrictions.restrict_client(world.on, world.app.client_id, ["editors"], SERVER)

    inside = await server.authorize(world.app, world.alice)
    outside = await server.authorize(world.app, world.bob)

    assert "code" in inside.sent_back
    assert outside.status == 403
    assert "only for members of certain groups" in outside.text
    assert "editors" not in outside.text
    assert "bob" in outside.text
    assert parse_qs(urlsplit(way_back(outside.text)).query)["error"] == ["access_denied"]


async def test_where_no_page_may_be_shown_the_client_is_told(server: Server) -> None:
    world = await make(server)
    await client_restrictions.restrict_client(world.on, world.app.client_id, ["editors"], SERVER)

    reply = await server.authorize(world.app, world.bob, scope="openid", prompt="none")

    assert reply.sent_back["error"] == "access_denied"


async def test_any_of_the_groups_will_do_and_everybody_may_come_again(server: Server) -> None:
    world = await make(server)
    await client_restrictions.restrict_client(world.on, world.app.client_id, ["editors", "readers"], SERVER)
    both = [await server.authorize(world.app, person) for person in (world.alice, world.bob)]
    await client_restrictions.restrict_client(world.on, world.app.client_id, ["editors"], SERVER)
    one = await server.authorize(world.app, world.bob)
    await client_restrictions.restrict_client(world.on, world.app.client_id, [], SERVER)
    all_ = await server.authorize(world.app, world.bob)

    assert ["code" in reply.sent_back for reply in both] == [True, True]
    assert one.status == 403
    assert "code" in all_.sent_back


async def test_who_leaves_while_the_page_is_open_is_told_when_they_agree(server: Server) -> None:
    world = await make(server)
    await client_restrictions.restrict_client(world.on, world.app.client_id, ["editors"], SERVER)
    code = await server.code(world.app, world.alice)

    await groups.remove(world.on, "editors", "alice", SERVER)

    assert (await server.redeem(world.app, code)).json["error"] == "invalid_grant"
    assert (await server.authorize(world.app, world.alice)).status == 403


async def test_what_ended_with_a_membership_does_not_come_again_with_it(server: Server) -> None:
    world = await make(server)
    await client_restrictions.restrict_client(world.on, world.app.client_id, ["editors"], SERVER)
    tokens = await server.tokens(world.app, world.alice)

    await groups.remove(world.on, "editors", "alice", SERVER)
    await groups.add(world.on, "editors", "alice", SERVER)

    assert (await server.refresh(world.app, tokens["refresh_token"])).json["error"] == "invalid_grant"
    assert "code" in (await server.authorize(world.app, world.alice)).sent_back


async def test_who_is_in_another_of_the_groups_keeps_what_they_have(server: Server) -> None:
    world = await make(server)
    await groups.add(world.on, "readers", "alice", SERVER)
    await client_restrictions.restrict_client(world.on, world.app.client_id, ["editors", "readers"], SERVER)
    await restrictions.restrict_scope(world.on, "write", ["editors", "readers"], SERVER)
    tokens = await server.tokens(world.app, world.alice, scope="read write")

    await groups.remove(world.on, "editors", "alice", SERVER)

    assert (await server.refresh(world.app, tokens["refresh_token"])).status == 200


async def test_a_scope_is_left_out_for_who_is_in_none_of_its_groups(server: Server) -> None:
    world = await make(server)
    await restrictions.restrict_scope(world.on, "write", ["editors"], SERVER)

    inside = await server.tokens(world.app, world.alice, scope="openid read write")
    outside = await server.tokens(world.app, world.bob, scope="openid read write")

    assert inside["scope"] == "openid read write"
    assert outside["scope"] == "openid read"


async def test_the_consent_page_does_not_ask_about_it(server: Server) -> None:
    world = await make(server)
    await restrictions.restrict_scope(world.on, "write", ["editors"], SERVER)
    asked = {"client_id": world.app.client_id, "scope": "openid read write", "redirect_uri": REDIRECT_URI}
    query = "/authorize?" + urlencode({"response_type": "code", **asked})

    pages = [await server.get(query, headers=person.headers) for person in (world.alice, world.bob)]

    assert ["Change your data" in page.text for page in pages] == [True, False]


async def test_of_a_request_for_nothing_else_nothing_is_left(server: Server) -> None:
    world = await make(server)
    await restrictions.restrict_scope(world.on, "write", ["editors"], SERVER)

    reply = await server.authorize(world.app, world.bob, scope="write")

    assert reply.sent_back["error"] == "invalid_scope"


async def test_a_personal_token_is_not_given_it(server: Server) -> None:
    world = await make(server)
    await restrictions.restrict_scope(world.on, "write", ["editors"], SERVER)
    alice, bob = [await server.store.users.by_id(person.user_id) for person in (world.alice, world.bob)]
    assert alice
    assert bob

    made = await personal_tokens.create_for_person(world.on, alice, Wish("t", ["write"]), SERVER)
    with pytest.raises(Invalid, match="write"):
        await personal_tokens.create_for_person(world.on, bob, Wish("t", ["write"]), SERVER)

    assert made.token.scope == "write"


async def test_a_group_stays_as_long_as_something_is_for_its_members_alone(server: Server) -> None:
    world = await make(server)
    await client_restrictions.restrict_client(world.on, world.app.client_id, ["editors"], SERVER)
    await restrictions.restrict_scope(world.on, "write", ["editors"], SERVER)
    group = await groups.find(world.on, "editors")

    with pytest.raises(Invalid, match=f"{world.app.client_id} write"):
        await groups.delete(world.on, "editors", SERVER)
    with pytest.raises(Invalid, match="Applications or scopes are for members of this group alone"):
        await server.store.groups.delete(group.id, server.now(), SERVER)
    await client_restrictions.restrict_client(world.on, world.app.client_id, [], SERVER)
    await server.store.scopes.delete("write", server.now(), SERVER)

    await groups.delete(world.on, "editors", SERVER)


async def test_who_loses_something_is_counted_before(server: Server) -> None:
    world = await make(server)
    for person in (world.alice, world.bob):
        await server.tokens(world.app, person, scope="read write")

    client = await client_restrictions.count_losses_of_client(world.on, world.app.client_id, ["editors"])
    scope = await restrictions.count_losses_of_scope(world.on, "write", ["editors", "readers"])

    assert client
    assert client.sections[0].items == ["1 person"]
    assert scope is None


@pytest.mark.parametrize("name", ["openid", "offline_access"])
async def test_scopes_of_openid_connect_are_for_everybody(server: Server, name: str) -> None:
    world = await make(server)

    with pytest.raises(Invalid, match="for everybody"):
        await restrictions.restrict_scope(world.on, name, ["editors"], SERVER)


@pytest.mark.parametrize("more", [0, 1])
async def test_only_what_is_for_members_alone_costs_a_statement(server: Server, more: int) -> None:
    world = await make(server)
    await restrictions.restrict_scope(world.on, "write", ["editors"], SERVER)
    scope = "read write" if more else "read"
    query = f"/authorize?response_type=code&client_id={world.app.client_id}&scope={scope.replace(' ', '+')}"
    await server.get(query, headers=world.alice.headers)
    await server.quiet()
    before = server.store.database.statistics.statements

    await server.get(query, headers=world.alice.headers)

    # the session, what was allowed before, for the decision and for the page, and the groups
    assert server.store.database.statistics.statements - before == 3 + more
