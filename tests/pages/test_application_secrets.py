"""The page for a new secret, and the pages of applications that sign."""

from typing import Any

import pytest

from iam.records.actor import SERVER
from iam.records.client_metadata import Metadata
from tests.assertions import make, public
from tests.harness import REDIRECT_URI, App, Server
from tests.pages.conftest import Visitor, logged_in


async def changed(server: Server, app: App, auth_method: str, **metadata: Any) -> None:
    """Let an application authenticate in another way."""
    client = await server.store.clients.read(app.client_id)
    assert client is not None
    await server.store.clients.update(
        app.client_id,
        Metadata(client.name, auth_method, client.grant_types, client.redirect_uris, client.scopes, **metadata),
        server.now(),
        by=SERVER,
    )


async def signing(server: Server, alice: Visitor, **metadata: Any) -> App:
    """Her application, which signs with a key of its own."""
    app = await alice.register()
    await changed(server, app, "private_key_jwt", **(metadata or {"jwks": public(make("ES256"))}))
    return app


async def status(server: Server, app: App, secret: str | None = None) -> int:
    reply = await server.token(App(app.client_id, secret or app.secret), grant_type="client_credentials")
    return reply.status


@pytest.mark.parametrize(("keep", "seconds"), [("3600", 3600), ("86400", 86400), ("604800", 604800)])
async def test_the_old_secret_may_stay_good_for_a_while(server: Server, keep: str, seconds: int) -> None:
    alice = await logged_in(server, superuser=True)
    app = await alice.register()
    form = await alice.form(f"/applications/{app.client_id}/secret")

    await alice.send(form, keep=keep)

    before = [await status(server, app), await status(server, app, form.value("client_secret"))]
    server.clock.advance(seconds + 1)
    after = [await status(server, app), await status(server, app, form.value("client_secret"))]
    assert (before, after) == ([200, 200], [401, 200])


async def test_unless_the_person_says_so_the_old_secret_stops_at_once(server: Server) -> None:
    alice = await logged_in(server, superuser=True)
    app = await alice.register()
    form = await alice.form(f"/applications/{app.client_id}/secret")

    await alice.send(form)

    assert form.value("keep") == "0"
    assert await status(server, app) == 401


@pytest.mark.parametrize("keep", ["1", "99999999", "x", "-1"])
async def test_another_time_is_refused_and_the_form_comes_back_with_its_secret(server: Server, keep: str) -> None:
    alice = await logged_in(server, superuser=True)
    app = await alice.register()
    form = await alice.form(f"/applications/{app.client_id}/secret")

    reply = await alice.send(form, keep=keep)

    assert (reply.status, await status(server, app)) == (400, 200)
    assert form.value("client_secret") in reply.text
    assert "Choose one of these." in reply.text


async def test_an_application_that_signs_is_shown_with_its_keys_and_without_a_secret(server: Server) -> None:
    alice = await logged_in(server, superuser=True)
    app = await signing(server, alice, jwks=public(make("ES256"), make("RS256")))

    page = (await alice.get(f"/applications/{app.client_id}")).text

    assert "private_key_jwt" in page
    assert "<code>ec</code> <code>rsa</code>" in page
    assert "signs with a key of its own" in page
    assert "/secret" not in page
    assert "$SECRET" not in page
    assert "client_assertion=$ASSERTION" in page


async def test_an_application_with_keys_at_an_address_shows_the_address(server: Server) -> None:
    alice = await logged_in(server, superuser=True)
    app = await signing(server, alice, jwks_uri="https://shop.example.org/jwks?<b>")

    page = (await alice.get(f"/applications/{app.client_id}")).text

    assert "https://shop.example.org/jwks?&lt;b&gt;" in page


async def test_an_application_that_signs_keeps_its_method_and_keys_when_it_is_changed(server: Server) -> None:
    alice = await logged_in(server, superuser=True)
    app = await signing(server, alice)
    before = await server.store.clients.read(app.client_id)

    reply = await alice.send(await alice.form(f"/applications/{app.client_id}/edit"), name="Another name")

    after = await server.store.clients.read(app.client_id)
    assert reply.location == f"/applications/{app.client_id}"
    assert before is not None
    assert after is not None
    assert after.name == "Another name"
    assert (after.auth_method, after.jwks) == (before.auth_method, before.jwks)


async def test_an_application_that_signs_with_a_key_has_no_page_for_a_new_secret(server: Server) -> None:
    alice = await logged_in(server, superuser=True)
    app = await alice.register()
    form = await alice.form(f"/applications/{app.client_id}/secret")
    await changed(server, app, "private_key_jwt", jwks=public(make("ES256")))

    replies = [await alice.get(f"/applications/{app.client_id}/secret"), await alice.send(form)]

    assert [reply.status for reply in replies] == [404, 404]


async def test_an_application_that_signs_with_its_secret_can_have_a_new_one(server: Server, admin: Any) -> None:
    alice = await logged_in(server, superuser=True)
    app = await alice.register(redirect_uris=REDIRECT_URI)
    await changed(server, app, "client_secret_jwt")

    await alice.send(await alice.form(f"/applications/{app.client_id}/secret"))

    admin.execute("select sealed is not null from client_secrets where client_id = %s", (app.client_id,))
    assert admin.fetchall() == [(True,)]
