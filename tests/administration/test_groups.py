"""Groups as they are administered, and roles that are given to people and to groups."""

import pytest

from iam.administration import groups, people, roles
from iam.administration.administration import Administration
from iam.administration.groups import ADMINISTRATORS_ONLY, NOT_ONESELF, GroupChange
from iam.administration.people import ProfileChange
from iam.administration.roles import Place
from iam.records import actor
from iam.records.actor import SERVER, By
from iam.records.invalid import Invalid
from iam.store.administrators import LastAdministrator
from tests.harness import Person, Server


def by(person: Person) -> By:
    return actor.person(person.user_id, "192.0.2.7")


async def usernames(on: Administration, group: str) -> list[tuple[str, bool]]:
    return [(member.username, member.owner) for member in await groups.list_members(on, group)]


async def test_a_group_is_found_by_name_in_any_case_and_by_id(on: Administration) -> None:
    created = await groups.create(on, " Editors ", " Who write ", SERVER)

    assert (created.name, created.description, created.members) == ("Editors", "Who write", 0)
    assert await groups.find(on, "EDITORS") == await groups.find(on, str(created.id)) == created
    with pytest.raises(Invalid, match="There is a group editors already"):
        await groups.create(on, "editors", "", SERVER)


@pytest.mark.parametrize("name", ["", "  ", "x" * 201, "two\nlines", "nul\0"])
async def test_a_name_is_one_line_that_can_be_seen(on: Administration, name: str) -> None:
    with pytest.raises(Invalid) as refused:
        await groups.create(on, name, "x" * 1001, SERVER)

    assert set(refused.value.complaints) == {"name", "description"}


async def test_a_group_is_changed_unless_its_name_is_taken(on: Administration) -> None:
    await groups.create(on, "editors", "Who write", SERVER)
    await groups.create(on, "readers", "", SERVER)

    changed = await groups.update(on, "editors", GroupChange(name="Writers"), SERVER)
    with pytest.raises(Invalid, match="There is a group readers already"):
        await groups.update(on, "writers", GroupChange(name="readers"), SERVER)

    assert (changed.name, changed.description) == ("Writers", "Who write")
    assert await groups.update(on, "writers", GroupChange(name="writers"), SERVER)


async def test_members_come_stay_manage_and_go(on: Administration, server: Server) -> None:
    await groups.create(on, "editors", "", SERVER)
    alice, bob = await server.person("alice"), await server.person("bob")

    await groups.add(on, "editors", alice.username, SERVER, owner=True)
    await groups.add(on, "editors", alice.username, SERVER)
    await groups.add(on, "editors", str(bob.user_id), SERVER)
    then = await usernames(on, "editors")
    await groups.add(on, "editors", "alice", SERVER, owner=False)
    await groups.remove(on, "editors", "bob", SERVER)

    assert then == [("alice", True), ("bob", False)]
    assert await usernames(on, "editors") == [("alice", False)]
    with pytest.raises(Invalid, match="bob is no member of the group editors"):
        await groups.remove(on, "editors", "bob", SERVER)


@pytest.mark.parametrize("group", ["nothing", "00000000-0000-0000-0000-000000000000", "nul\0"])
async def test_a_group_that_is_not_there_is_said(on: Administration, group: str) -> None:
    with pytest.raises(Invalid, match="There is no group"):
        await groups.add(on, group, "alice", SERVER)
    with pytest.raises(Invalid, match="There is no person"):
        await people.find(on, group)


async def test_who_loses_by_a_deletion_is_told_before(on: Administration, server: Server) -> None:
    await groups.create(on, "editors", "", SERVER)
    await groups.add(on, "editors", (await server.person("alice")).username, SERVER)
    await roles.grant(on, "support", Place(group="editors"), SERVER)

    deleting = await groups.count_losses(on, "editors")
    leaving = await groups.count_losses_of_removing(on, "editors", "alice")

    assert deleting.for_good
    assert deleting.sections[0].items == ["1 member: alice", "1 role: support"]
    assert leaving
    assert leaving.sections[0].items == ["1 role: support"]


async def test_a_role_is_given_once_and_taken_once(on: Administration, server: Server) -> None:
    alice = await server.person("alice")

    await roles.grant(on, "auditor", Place("alice"), SERVER)
    with pytest.raises(Invalid, match="alice has the role auditor already"):
        await roles.grant(on, "auditor", Place("alice"), SERVER)
    then = await on.store.roles.of_person(alice.user_id)
    await roles.revoke(on, "auditor", Place("alice"), SERVER)
    with pytest.raises(Invalid, match="alice was not given the role auditor"):
        await roles.revoke(on, "auditor", Place("alice"), SERVER)

    assert (then, await on.store.roles.of_person(alice.user_id)) == (["auditor"], [])


async def test_roles_of_an_application_have_any_name_and_are_its_own(on: Administration, server: Server) -> None:
    app, alice = await server.app(), await server.person("alice")
    await groups.create(on, "editors", "", SERVER)
    await groups.add(on, "editors", "alice", SERVER)

    await roles.grant(on, "editor", Place("alice", client=app.client_id), SERVER)
    await roles.grant(on, "chief editor", Place(group="editors", client=app.client_id), SERVER)
    await roles.grant(on, "editor", Place(group="editors", client=app.client_id), SERVER)

    assert await on.store.roles.of_person(alice.user_id, app.client_id) == ["chief editor", "editor"]
    assert await on.store.roles.of_person(alice.user_id) == []
    assert len(await roles.list_given(on, Place(client=app.client_id))) == 3


@pytest.mark.parametrize("role", ["", "editor", "Administrator", "nul\0"])
async def test_roles_on_this_server_have_the_names_that_it_knows(on: Administration, server: Server, role: str) -> None:
    await server.person("alice")

    with pytest.raises(Invalid, match="Give one of the roles administrator, support, auditor, developer"):
        await roles.grant(on, role, Place("alice"), SERVER)


async def test_the_last_administrator_keeps_the_role_however_it_would_go(on: Administration, server: Server) -> None:
    await server.person("root", superuser=True)
    await groups.create(on, "staff", "", SERVER)
    await groups.add(on, "staff", "root", SERVER)
    await roles.grant(on, "administrator", Place(group="staff"), SERVER)
    await roles.revoke(on, "administrator", Place("root"), SERVER)

    for change in (
        roles.revoke(on, "administrator", Place(group="staff"), SERVER),
        groups.remove(on, "staff", "root", SERVER),
        groups.delete(on, "staff", SERVER),
        people.disable(on, "root", SERVER),
        people.delete(on, "root", SERVER),
    ):
        with pytest.raises(LastAdministrator):
            await change
    with pytest.raises(Invalid, match="root is an administrator by the group staff"):
        await people.update(on, "root", ProfileChange(superuser=False), SERVER)

    assert (await people.find(on, "root")).superuser


async def test_nobody_gives_roles_to_themselves(on: Administration, server: Server) -> None:
    root, alice = await server.person("root", superuser=True), await server.person("alice", superuser=True)
    app = await server.app()
    for group in ("mine", "theirs"):
        await groups.create(on, group, "", SERVER)
    await groups.add(on, "mine", "root", SERVER)
    await roles.grant(on, "auditor", Place(group="theirs"), SERVER)

    for change in (
        roles.grant(on, "auditor", Place("root"), by(root)),
        roles.grant(on, "editor", Place("root", client=app.client_id), by(root)),
        roles.grant(on, "auditor", Place(group="mine"), by(root)),
        groups.add(on, "theirs", "root", by(root)),
    ):
        with pytest.raises(Invalid, match=NOT_ONESELF):
            await change
    await roles.grant(on, "auditor", Place("root"), by(alice))

    assert await on.store.roles.of_person(root.user_id) == ["administrator", "auditor"]


async def test_who_manages_a_group_without_being_an_administrator_gives_nobody_its_roles_on_this_server(
    on: Administration, server: Server
) -> None:
    owner, bob = await server.person("owner"), await server.person("bob")
    app = await server.app()
    for group in ("staff", "editors"):
        await groups.create(on, group, "", SERVER)
        await groups.add(on, group, "owner", SERVER, owner=True)
    await roles.grant(on, "support", Place(group="staff"), SERVER)
    await roles.grant(on, "editor", Place(group="editors", client=app.client_id), SERVER)

    await groups.add(on, "editors", "bob", by(owner))
    for change in (groups.add(on, "staff", "bob", by(owner)), groups.remove(on, "staff", "owner", by(owner))):
        with pytest.raises(Invalid, match=ADMINISTRATORS_ONLY):
            await change

    assert await on.store.roles.of_person(bob.user_id, app.client_id) == ["editor"]
    assert await on.store.roles.of_person(bob.user_id) == []
