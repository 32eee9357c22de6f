"""What a person allows is what the consent page showed: whatever changes while it is open, they are asked again."""

import json
from collections.abc import Awaitable, Callable
from html import unescape
from typing import Any
from urllib.parse import urlsplit

import pytest

from iam.http.parameters import parse
from iam.records.actor import SERVER
from iam.records.client_metadata import Metadata
from tests.harness import App, Reply, Server
from tests.pages.conftest import Visitor, asking, kept, logged_in
from tests.pages.form import form_of
from tests.registering import METADATA, registered

CHANGED = "has changed since you opened this page"
Change = Callable[[Server, App], Awaitable[None]]


async def metadata(server: Server, app: App, **changes: Any) -> None:
    """The client is registered with something else."""
    client = await server.store.clients.read(app.client_id)
    assert client is not None
    names = [field for field in Metadata.__annotations__ if field not in changes]
    told = Metadata(**{name: getattr(client, name) for name in names}, **changes)
    assert await server.store.clients.update(app.client_id, told, server.now(), by=SERVER)


async def renamed(server: Server, app: App) -> None:
    await metadata(server, app, name="Your bank")


async def widened(server: Server, app: App) -> None:
    await metadata(server, app, scopes=("openid", "read", "write", "profile", "email", "phone"))


async def narrowed(server: Server, app: App) -> None:
    await metadata(server, app, scopes=("openid", "read"))


async def led_elsewhere(server: Server, app: App) -> None:
    client = await server.store.clients.read(app.client_id)
    assert client is not None
    await metadata(server, app, redirect_uris=(*client.redirect_uris, "https://evil.example/"))


async def proving_nothing(server: Server, app: App) -> None:
    await metadata(server, app, auth_method="none")


async def linked(server: Server, app: App) -> None:
    client = await server.store.clients.read(app.client_id)
    assert client is not None
    await metadata(server, app, client_uri="https://evil.example/")


async def described(server: Server, app: App) -> None:
    assert await server.store.scopes.delete("read", server.now(), by=SERVER)
    assert await server.store.scopes.create("read", "Empty your account", server.now(), by=SERVER)
    await metadata(server, app, scopes=("openid", "read"))


async def asked_again(person: Visitor, server: Server, app: App, address: str, change: Change) -> Reply:
    """What the person is told who allows a page that the change has overtaken."""
    form = await person.form(address)
    await change(server, app)
    return await person.send(form, decision="allow")


@pytest.mark.parametrize(
    "change",
    [renamed, widened, narrowed, led_elsewhere, proving_nothing, linked, described],
    ids=lambda change: change.__name__,
)
@pytest.mark.parametrize("scope", ["openid read", "read", ""])
async def test_a_person_is_asked_again_when_the_page_would_say_something_else(
    server: Server, admin: Any, change: Change, scope: str
) -> None:
    app, person = await server.app(scopes=("openid", "read", "write")), await logged_in(server)
    form = await person.form(asking(app, scope=scope))
    await change(server, app)
    before = kept(admin)

    reply = await person.send(form, decision="allow")

    assert (reply.status, reply.location) == (200, "")
    assert CHANGED in reply.text
    assert kept(admin) == before


async def test_a_page_that_nothing_has_overtaken_is_answered(server: Server) -> None:
    app, person = await server.app(scopes=("openid", "read")), await logged_in(server)
    form = await person.form(asking(app, scope="openid read"))
    await metadata(server, app)
    await renamed(server, await server.app())

    reply = await person.send(form, decision="allow")

    assert "code" in reply.sent_back


@pytest.mark.parametrize(
    ("ticked", "granted"), [pytest.param(None, "read", id="as it is"), pytest.param("write", "read write", id="ticked")]
)
async def test_what_is_new_on_a_page_that_comes_again_is_not_selected(
    server: Server, ticked: str | None, granted: str
) -> None:
    app, person = await server.app(scopes=("read",)), await logged_in(server)
    again = await asked_again(person, server, app, asking(app, scope=""), widened)

    reply = await person.send(form_of(again.text), decision="allow", **{"allow-1": ticked})
    tokens = (await server.redeem(app, reply.sent_back["code"])).json

    assert "Change your data" in again.text
    assert tokens["scope"] == granted


async def test_a_no_is_a_no_whatever_has_changed(server: Server) -> None:
    app, person = await server.app(), await logged_in(server)
    form = await person.form(asking(app))
    await renamed(server, app)

    reply = await person.send(form, decision="deny")

    assert reply.sent_back["error"] == "access_denied"


async def test_a_scope_that_is_a_default_meanwhile_is_not_granted_unseen(server: Server) -> None:
    app, person = await server.app(scopes=("openid", "read")), await logged_in(server)
    form = await person.form(asking(app, scope=""))
    await metadata(server, app, scopes=("openid", "read", "write"))

    reply = await person.send(form, decision="allow")

    assert CHANGED in reply.text
    assert "Change your data" in reply.text


async def test_claims_that_may_be_asked_for_meanwhile_are_not_told_unseen(server: Server) -> None:
    client, person = await registered(server, scope="openid"), await logged_in(server, email="ada@example.org")
    claims = json.dumps({"userinfo": {"email": None, "name": None, "phone_number": None}})
    form = await person.form(asking(client.app, scope="openid", claims=claims))
    assert (await client.update(scope="openid profile email phone")).status == 200

    again = await person.send(form, decision="allow")
    reply = await person.send(form_of(again.text), decision="allow")
    tokens = (await server.redeem(client.app, reply.sent_back["code"])).json
    told = await server.get("/userinfo", headers={"Authorization": f"Bearer {tokens['access_token']}"})

    assert CHANGED in again.text
    assert "Read your e-mail address" in unescape(again.text)
    assert told.json["email"] == "ada@example.org"


async def test_a_client_that_takes_another_name_meanwhile_is_not_allowed_under_it(server: Server, admin: Any) -> None:
    client, person = await registered(server), await logged_in(server)
    form = await person.form(asking(client.app, scope="openid"))
    assert (await client.update({**METADATA, "client_name": "Your bank"})).status == 200

    reply = await person.send(form, decision="allow")

    assert CHANGED in reply.text
    admin.execute("select count(*) from consents")
    assert admin.fetchone() == (0,)


async def test_the_form_of_one_page_does_not_go_with_what_another_showed(server: Server) -> None:
    app, person = await server.app(scopes=("read",)), await logged_in(server)
    first = await person.form(asking(app, scope=""))
    await widened(server, app)
    second = await person.form(asking(app, scope=""))

    replies = [await person.send(form, decision="allow") for form in (first, second)]

    assert [reply.status for reply in replies] == [200, 303]


async def test_what_changes_between_the_answer_and_the_code_changes_nothing_in_the_grant(
    server: Server, admin: Any
) -> None:
    app, person = await server.app(scopes=("openid", "read")), await server.person()
    sessions = server.application.sessions
    claims = json.dumps({"userinfo": {"email": None}})
    asked = parse(urlsplit(asking(app, scope="openid read", claims=claims)).query.encode())
    authorization = await server.protocol.authorization(asked)
    await widened(server, app)

    await server.protocol.allow(authorization, (await sessions.find(person.cookie)).session)

    admin.execute("select scope, openid -> 'claims' from grants where user_id is not null")
    assert admin.fetchall() == [("openid read", None)]
    admin.execute("select scopes from consents")
    assert admin.fetchall() == [(["openid", "read"],)]
