"""An owner disables an application and enables it again, as the command does; what an administrator has disabled stays so."""

from typing import Any

from iam.records.actor import COMMAND_LINE
from tests.harness import App, Server
from tests.pages.conftest import Visitor, kept, logged_in
from tests.pages.form import form_of


def page_of(app: App, what: str = "") -> str:
    return f"/applications/{app.client_id}{what and '/' + what}"


async def switched(visitor: Visitor, app: App, what: str) -> Any:
    return await visitor.send(await visitor.form(page_of(app, what)))


async def by_command(server: Server, app: App, *, disabled: bool) -> None:
    await server.store.clients.set_disabled(app.client_id, server.now(), COMMAND_LINE, disabled=disabled)


async def enabled(server: Server, app: App) -> bool:
    client = await server.store.clients.read(app.client_id)
    assert client is not None
    return client.enabled


async def test_what_a_disabled_application_was_given_ends_as_by_the_command(server: Server) -> None:
    alice, person = await logged_in(server, superuser=True), await server.person()
    app = await alice.register(grant_types=["authorization_code", "refresh_token", "client_credentials"])
    other = await server.app(introspect_any=True)
    tokens, code = await server.tokens(app, person, scope="read"), await server.code(app, person, scope="read")
    own = (await server.token(app, grant_type="client_credentials")).json["access_token"]

    reply = await switched(alice, app, "disable")

    assert reply.location == page_of(app)
    for token in (own, tokens["access_token"]):
        assert await server.introspect(other, token) == {"active": False}
    assert (await server.refresh(app, tokens["refresh_token"])).json["error"] == "invalid_client"
    assert (await server.redeem(app, code)).json["error"] == "invalid_client"


async def test_an_enabled_application_takes_part_again_with_new_tokens_only(server: Server) -> None:
    alice = await logged_in(server, superuser=True)
    app, other = await alice.register(), await server.app(introspect_any=True)
    before = (await server.token(app, grant_type="client_credentials")).json["access_token"]
    await switched(alice, app, "disable")
    server.clock.advance(1)

    reply = await switched(alice, app, "enable")

    server.clock.advance(1)
    after = (await server.token(app, grant_type="client_credentials")).json["access_token"]
    assert reply.location == page_of(app)
    assert await server.introspect(other, before) == {"active": False}
    assert (await server.introspect(other, after))["active"]


async def test_the_events_are_those_of_the_command_with_the_person_as_who_did_it(server: Server) -> None:
    person = await server.person()
    alice = Visitor(server, person.cookie)
    app = await alice.register()

    for what in ("disable", "enable"):
        await switched(alice, app, what)

    events = [event for event in await server.store.audit.events(client=app.client_id) if "abled" in event.kind]
    assert [event.kind for event in events] == ["client.disabled", "client.enabled"]
    assert {event.actor for event in events} == {f"user {person.user_id}"}


async def test_the_page_offers_what_can_be_done(server: Server) -> None:
    alice = await logged_in(server)
    app = await alice.register()

    living = (await alice.get(page_of(app))).text
    await switched(alice, app, "disable")
    resting, listed = (await alice.get(page_of(app))).text, (await alice.get("/applications")).text

    assert (page_of(app, "disable") in living, page_of(app, "enable") in living) == (True, False)
    assert (page_of(app, "disable") in resting, page_of(app, "enable") in resting) == (False, True)
    assert "This application is disabled" in resting
    assert "Disabled ·" in listed


async def test_a_link_alone_neither_disables_nor_enables(server: Server, admin: Any) -> None:
    alice = await logged_in(server)
    app = await alice.register()
    before = kept(admin)
    await alice.get(page_of(app, "disable"))
    assert kept(admin) == before
    await switched(alice, app, "disable")
    before = kept(admin)

    await alice.get(page_of(app, "enable"))

    assert kept(admin) == before


async def test_an_owner_does_not_enable_what_an_administrator_has_disabled(server: Server) -> None:
    alice = await logged_in(server)
    app = await alice.register()
    await by_command(server, app, disabled=True)

    shown, asked = await alice.get(page_of(app)), await alice.get(page_of(app, "enable"))

    assert "An administrator has disabled this application" in shown.text
    assert page_of(app, "enable") not in shown.text
    assert asked.status == 403
    assert "only an administrator can enable it again" in asked.text


async def test_what_its_owner_has_disabled_is_the_administrators_once_they_disable_it_too(server: Server) -> None:
    alice = await logged_in(server)
    app = await alice.register()
    await switched(alice, app, "disable")
    form = await alice.form(page_of(app, "enable"))
    server.clock.advance(1)

    for _ in range(2):
        await by_command(server, app, disabled=True)

    assert (await alice.send(form)).status == 403
    assert not await enabled(server, app)
    events = await server.store.audit.events(client=app.client_id, kind="client.disabled")
    assert [event.actor.partition(" ")[0] for event in events] == ["user", "command"]


async def test_the_statement_itself_keeps_an_owner_from_undoing_an_administrator(server: Server) -> None:
    person = await server.person()
    app = await Visitor(server, person.cookie).register()
    await by_command(server, app, disabled=True)
    by = type(COMMAND_LINE)(f"user {person.user_id}")

    await server.store.clients.set_disabled(app.client_id, server.now(), by, disabled=False, own=True)

    assert not await enabled(server, app)


async def test_an_administrator_enables_their_own_whoever_has_disabled_it(server: Server) -> None:
    root = await logged_in(server, superuser=True)
    app = await root.register()
    await by_command(server, app, disabled=True)

    assert (await switched(root, app, "enable")).status == 303
    assert await enabled(server, app)


async def test_an_enabling_is_asked_again_where_the_application_was_changed_meanwhile(server: Server) -> None:
    alice = await logged_in(server)
    app = await alice.register()
    await switched(alice, app, "disable")
    form, edit = await alice.form(page_of(app, "enable")), await alice.form(page_of(app, "edit"))
    server.clock.advance(1)
    await alice.send(edit, name="Store")

    asked = await alice.send(form)
    resting = not await enabled(server, app)
    done = await alice.send(form_of(asked.text))

    assert (asked.status, resting, done.status) == (409, True, 303)
    assert await enabled(server, app)


async def test_sent_twice_it_is_done_once(server: Server) -> None:
    alice = await logged_in(server)
    app = await alice.register()
    form = await alice.form(page_of(app, "disable"))

    replies = [await alice.send(form), await alice.send(form), await alice.get(page_of(app, "disable"))]

    assert [reply.location for reply in replies] == [page_of(app)] * 3
    assert len(await server.store.audit.events(client=app.client_id, kind="client.disabled")) == 1
