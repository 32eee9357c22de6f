"""People as they are administered."""

import pytest

from iam.administration import clients, people
from iam.administration.administration import Administration
from iam.administration.client_changes import propose
from iam.administration.people import ProfileChange
from iam.records.actor import SERVER
from iam.records.invalid import Invalid
from iam.store.administrators import LastAdministrator
from tests.harness import Server

PASSWORD = "seven wet otters sing"


async def test_a_person_is_found_by_name_however_it_is_written_and_by_id(on: Administration) -> None:
    alice = await people.create(on, username="alice", by=SERVER)

    assert await people.find(on, "ALICE") == await people.find(on, str(alice.id)) == alice
    with pytest.raises(Invalid, match=r"There is no person bob\."):
        await people.find(on, "bob")


async def test_nobody_is_taken_for_another_whose_id_they_are_called(on: Administration) -> None:
    alice = await people.create(on, username="alice", by=SERVER)
    mallory = await people.create(on, username=str(alice.id), by=SERVER)

    disabled = await people.disable(on, str(alice.id), SERVER)

    assert mallory.username == str(alice.id)
    assert (disabled.id, disabled.username) == (alice.id, "alice")
    assert (await people.find(on, str(mallory.id))).disabled_at is None


async def test_all_complaints_about_a_new_account_come_at_once(on: Administration) -> None:
    with pytest.raises(Invalid) as refused:
        await people.create(on, username="a@b", email="nowhere", claims={"sub": "me"}, password="short", by=SERVER)

    assert set(refused.value.complaints) == {"username", "email", "claims", "password"}
    assert await on.store.users.all() == []


async def test_what_is_not_named_stays_and_a_new_address_counts_as_unverified(on: Administration) -> None:
    told = {"email": "alice@example.org", "email_verified": True, "claims": {"team": "red", "floor": 2}}
    await people.create(on, username="alice", name="Alice", by=SERVER, **told)

    claims = await people.update(on, "alice", ProfileChange(claims={"team": "blue"}, removed_claims=["floor"]), SERVER)
    moved = await people.update(on, "alice", ProfileChange(email="alice@example.com"), SERVER)
    known = await people.update(on, "alice", ProfileChange(email="a@example.com", email_verified=True), SERVER)

    assert (claims.name, claims.email_verified, claims.claims) == ("Alice", True, {"team": "blue"})
    assert (moved.email, moved.email_verified, moved.name) == ("alice@example.com", False, "Alice")
    assert (known.email, known.email_verified) == ("a@example.com", True)


async def test_the_last_administrator_stays_before_anybody_is_asked_and_afterwards(on: Administration) -> None:
    await people.create_administrator(on, username="root", email="root@example.org", password=PASSWORD, by=SERVER)

    for losses in (people.count_losses_of_disabling, people.count_losses_of_deleting):
        with pytest.raises(LastAdministrator):
            await losses(on, "root")
    for action in (people.disable, people.delete):
        with pytest.raises(LastAdministrator):
            await action(on, "root", SERVER)
    with pytest.raises(LastAdministrator):
        await people.update(on, "root", ProfileChange(superuser=False), SERVER)
    assert (await people.find(on, "root")).disabled_at is None


async def test_what_ends_with_a_person_is_counted_before(on: Administration, server: Server) -> None:
    app, person = await server.app(), await server.person()
    await server.tokens(app, person)
    await clients.create(on, propose("Hers", people=False), SERVER, owner=person.username)

    disabling = await people.count_losses_of_disabling(on, person.username)
    keeping = await people.count_losses_of_disabling(on, person.username, keep_grants=True)
    deleting = await people.count_losses_of_deleting(on, person.username)

    assert disabling.sections[0].items == ["1 session", "1 grant: Test application"]
    assert keeping.sections[0].items == ["1 session"]
    assert (disabling.for_good, deleting.for_good) == (False, True)
    assert deleting.sections[1].items == ["1 application: Hers"]


async def test_a_person_without_anything_loses_nothing(on: Administration) -> None:
    await people.create(on, username="alice", by=SERVER)

    losses = await people.count_losses_of_deleting(on, "alice")

    assert [section.items for section in losses.sections] == [["nothing that is in use"]]
