"""Forms about an application count for the application that they showed: where it was changed meanwhile, people are asked again."""

from typing import Any

import pytest
from attrs import evolve
from twisted.internet.defer import Deferred, gatherResults

from iam.records.actor import SERVER
from iam.records.client import Client
from tests.harness import REDIRECT_URI, App, Server
from tests.pages.conftest import Visitor, kept, logged_in
from tests.pages.form import form_of

OTHER = "https://client.example/other"


async def found(server: Server, app: App) -> Client:
    client = await server.store.clients.read(app.client_id)
    assert client is not None
    return client


async def changed(server: Server, app: App, **members: Any) -> None:
    """Somebody else, an administrator or the client itself, changes the application."""
    old = await found(server, app)
    server.clock.advance(1)
    await server.registration.update(app.client_id, await server.registration.judge(evolve(old, **members)), SERVER)


async def test_a_change_of_what_was_changed_meanwhile_is_asked_again_with_what_is_there_now_and_what_was_typed(
    server: Server,
) -> None:
    alice = await logged_in(server)
    app = await alice.register(name="Shop")
    form = await alice.form(f"/applications/{app.client_id}/edit")
    await changed(server, app, name="Store", redirect_uris=(OTHER,), scopes=("read",))

    asked = await alice.send(form, name="Bazaar")
    between = await found(server, app)
    saved = await alice.send(form_of(asked.text))
    after = await found(server, app)

    assert asked.status == 409
    assert "was changed since you opened this page" in asked.text
    assert "<bdi>Store</bdi>" in asked.text
    assert OTHER in asked.text
    assert form_of(asked.text).value("name") == "Bazaar"
    assert (between.name, between.redirect_uris) == ("Store", (OTHER,))
    assert (saved.status, after.name, after.redirect_uris) == (303, "Bazaar", (REDIRECT_URI,))


async def test_what_an_application_lost_meanwhile_is_not_given_back_by_an_old_form(server: Server) -> None:
    alice = await logged_in(server, superuser=True)
    app = await alice.register(scopes=["read", "write"])
    form = await alice.form(f"/applications/{app.client_id}/edit")
    await changed(server, app, scopes=("read",))

    reply = await alice.send(form)

    assert reply.status == 409
    assert (await found(server, app)).scopes == ("read",)


async def test_two_tabs_that_change_an_application_one_after_the_other_do_not_undo_each_other(server: Server) -> None:
    alice = await logged_in(server)
    app = await alice.register()
    first, second = [await alice.form(f"/applications/{app.client_id}/edit") for _ in range(2)]

    replies = [await alice.send(first, name="One"), await alice.send(second, redirect_uris=OTHER)]

    client = await found(server, app)
    assert [reply.status for reply in replies] == [303, 409]
    assert (client.name, client.redirect_uris) == ("One", (REDIRECT_URI,))


async def test_of_two_changes_at_once_one_is_asked_again(server: Server) -> None:
    alice = await logged_in(server)
    app = await alice.register()
    forms = [await alice.form(f"/applications/{app.client_id}/edit") for _ in range(2)]

    work = [alice.send(form, name=name) for form, name in zip(forms, ("One", "Two"), strict=True)]
    replies = await gatherResults([Deferred.fromCoroutine(each) for each in work])

    assert sorted(reply.status for reply in replies) == [303, 409]


async def test_who_saves_what_is_so_already_is_not_asked(server: Server) -> None:
    alice = await logged_in(server)
    app = await alice.register()
    form = await alice.form(f"/applications/{app.client_id}/edit")
    await alice.send(form, name="One")

    assert (await alice.send(form, name="One")).status == 303


@pytest.mark.parametrize("what", ["delete", "secret", "disable"])
async def test_a_deletion_a_new_secret_and_a_disabling_are_asked_again_where_the_application_was_changed_meanwhile(
    server: Server, admin: Any, what: str
) -> None:
    alice = await logged_in(server)
    app = await alice.register()
    form = await alice.form(f"/applications/{app.client_id}/{what}")
    await changed(server, app, name="Store")
    before = kept(admin)

    asked = await alice.send(form)
    between = kept(admin)
    done = await alice.send(form_of(asked.text))

    assert asked.status == 409
    assert "was changed since you opened this page" in asked.text or "were changed since" in asked.text
    assert between == before
    assert done.status == 303
    assert kept(admin) != before


async def test_a_new_secret_is_asked_again_where_there_is_another_one_meanwhile(server: Server) -> None:
    alice = await logged_in(server)
    app = await alice.register()
    first, second = [await alice.form(f"/applications/{app.client_id}/secret") for _ in range(2)]

    replies = [await alice.send(first), await alice.send(second)]
    again = form_of(replies[1].text)

    assert [reply.status for reply in replies] == [303, 409]
    assert again.value("client_secret") == second.value("client_secret")
    assert (await alice.send(again)).status == 303


async def test_a_wrong_value_in_a_form_of_before_is_told_with_what_is_there_now(server: Server) -> None:
    alice = await logged_in(server)
    app = await alice.register()
    form = await alice.form(f"/applications/{app.client_id}/edit")
    await changed(server, app, name="Store")

    reply = await alice.send(form, redirect_uris="http://evil.example/")

    assert reply.status == 400
    assert "<bdi>Store</bdi>" in reply.text


async def test_the_form_of_another_application_changes_none(server: Server) -> None:
    alice: Visitor = await logged_in(server)
    one, other = await alice.register(), await alice.register(name="Other")
    form = await alice.form(f"/applications/{one.client_id}/edit")
    form.action = f"/applications/{other.client_id}/edit"

    reply = await alice.send(form, name="Stolen")

    assert reply.status == 403
    assert (await found(server, other)).name == "Other"
