"""Clients that an administrator trusts: nobody is asked, but never about everything (docs/decisions/consent.md)."""

from typing import Any

import pytest

from iam.records.actor import COMMAND_LINE
from iam.records.client_metadata import change
from iam.records.invalid import Invalid
from tests.flows.test_deselected_scopes import boxes
from tests.harness import REDIRECT_URI, App, Server
from tests.pages.conftest import asking, logged_in, visitor_of
from tests.pages.form import form_of
from tests.registering import METADATA, registered

LOOPBACK = "http://127.0.0.1/back"
SCHEME = "org.example.app:/back"
SCOPES = ("openid", "email", "offline_access", "read", "write", "payroll", "iam:admin")

SILENT = [
    pytest.param({}, {}, id="confidential"),
    pytest.param({"auth_method": "none"}, {}, id="public at a host of its own"),
    pytest.param(
        {"auth_method": "none", "redirect_uris": (LOOPBACK,)}, {"redirect_uri": LOOPBACK}, id="on this machine"
    ),
    pytest.param(
        {"auth_method": "none", "redirect_uris": (LOOPBACK,)},
        {"redirect_uri": LOOPBACK.replace("/back", ":4711/back")},
        id="on another port of this machine",
    ),
    pytest.param({"auth_method": "none", "redirect_uris": (SCHEME,)}, {"redirect_uri": SCHEME}, id="by its scheme"),
]


async def trusted(server: Server, admin: Any, **metadata: Any) -> App:
    """A client that is trusted, beside scopes that nobody gets silently."""
    admin.execute(
        "insert into scopes (name, description, restricted, created_at)"
        " values ('payroll', 'See what you earn', true, '2026-01-01'), ('iam:admin', 'Administer', false, '2026-01-01')"
    )
    server.store.scopes.forget()
    grants = ("authorization_code", "refresh_token")
    return await server.app(**{"grant_types": grants, "scopes": SCOPES, "trusted": True, **metadata})


@pytest.mark.parametrize(("metadata", "parameters"), SILENT)
@pytest.mark.parametrize("prompt", [None, "none"])
async def test_nobody_is_asked(
    server: Server, admin: Any, metadata: dict[str, Any], parameters: dict[str, str], prompt: str | None
) -> None:
    person, app = await logged_in(server), await trusted(server, admin, **metadata)
    more = {"prompt": prompt} if prompt else {}

    reply = await person.get(asking(app, scope="openid email read", **parameters, **more))

    assert reply.status == 302
    assert "code" in reply.sent_back


async def test_it_gets_tokens_that_live(server: Server, admin: Any) -> None:
    person, app = await logged_in(server), await trusted(server, admin)

    code = (await person.get(asking(app, scope="openid read"))).sent_back["code"]
    tokens = (await server.redeem(app, code)).json

    assert tokens["scope"] == "openid read"
    assert (await server.introspect(app, tokens["access_token"]))["active"]
    assert (await server.refresh(app, tokens["refresh_token"])).status == 200


@pytest.mark.parametrize("scope", ["offline_access", "payroll", "iam:admin"])
async def test_some_scopes_are_never_had_silently(server: Server, admin: Any, scope: str) -> None:
    person, app = await logged_in(server), await trusted(server, admin)

    silent = await person.get(asking(app, scope=f"openid read {scope}", prompt="none"))
    page = await person.get(asking(app, scope=f"openid read {scope}"))

    assert silent.sent_back["error"] == "consent_required"
    assert list(boxes(form_of(page.text))) == [scope]
    assert "An administrator of localhost has decided this." in page.text


async def test_what_is_not_had_silently_can_be_deselected(server: Server, admin: Any) -> None:
    person, app = await logged_in(server), await trusted(server, admin)
    form = await person.form(asking(app, scope="openid read payroll"))

    reply = await person.send(form, decision="allow", **{boxes(form)["payroll"]: None})

    assert (await server.redeem(app, reply.sent_back["code"])).json["scope"] == "openid read"


async def test_prompt_consent_asks_and_no_is_no(server: Server, admin: Any) -> None:
    person, app = await logged_in(server), await trusted(server, admin)

    form = await person.form(asking(app, scope="openid read", prompt="consent"))
    reply = await person.send(form, decision="deny")

    assert boxes(form) == {}
    assert reply.sent_back["error"] == "access_denied"


async def test_nobody_is_logged_in_silently_who_is_not(server: Server, admin: Any) -> None:
    app = await trusted(server, admin)

    reply = await server.get(asking(app, scope="openid", prompt="none"))

    assert reply.sent_back["error"] == "login_required"


async def test_the_log_tells_it_from_what_somebody_allowed(server: Server, admin: Any) -> None:
    person, app = await logged_in(server), await trusted(server, admin)

    await person.get(asking(app, scope="openid read"))
    await person.get(asking(app, scope="openid read"))

    admin.execute("select kind, detail ->> 'scope' from audit_events where kind like 'consent.%'")
    assert admin.fetchall() == [("consent.presumed", "openid read")]


async def distrust(server: Server, app: App) -> None:
    """The administrator changes their mind."""
    client = await server.store.clients.read(app.client_id)
    assert client
    await server.registration.update(app.client_id, change(client, {"trusted": False}), COMMAND_LINE)
    server.store.clients.forget()


async def test_people_are_asked_when_the_trust_has_ended(server: Server, admin: Any) -> None:
    person, app = await logged_in(server), await trusted(server, admin)
    code = (await person.get(asking(app, scope="openid read"))).sent_back["code"]
    tokens = (await server.redeem(app, code)).json

    await distrust(server, app)
    asked = await person.get(asking(app, scope="openid read"))
    silent = await person.get(asking(app, scope="openid read", prompt="none"))

    assert set(boxes(form_of(asked.text))) == {"read"}
    assert silent.sent_back["error"] == "consent_required"
    assert (await server.introspect(app, tokens["access_token"]))["active"]


async def test_what_somebody_allows_then_is_remembered_and_nothing_else(server: Server, admin: Any) -> None:
    person, app = await logged_in(server), await trusted(server, admin)
    await person.get(asking(app, scope="openid read write"))
    await distrust(server, app)

    await person.send(await person.form(asking(app, scope="openid read")), decision="allow")

    assert "code" in (await person.get(asking(app, scope="openid read"))).sent_back
    assert set(boxes(await person.form(asking(app, scope="openid read write")))) == {"read", "write"}
    admin.execute("select unasked from consents")
    assert admin.fetchone() == ({"": ["write"]},)


async def test_what_was_allowed_before_stays_allowed_after_the_trust(server: Server, admin: Any) -> None:
    person, app = await logged_in(server), await trusted(server, admin, trusted=False)
    await person.send(await person.form(asking(app, scope="openid read")), decision="allow")
    client = await server.store.clients.read(app.client_id)
    assert client
    await server.registration.update(app.client_id, change(client, {"trusted": True}), COMMAND_LINE)
    server.store.clients.forget()
    await person.get(asking(app, scope="openid read write"))

    await distrust(server, app)

    assert "code" in (await person.get(asking(app, scope="openid read"))).sent_back
    assert set(boxes(await person.form(asking(app, scope="openid read write")))) == {"read", "write"}


@pytest.mark.parametrize(
    "field",
    [{"redirect_uris": "https://evil.example/cb"}, {"scopes": ["read"]}, {"grant_types": ["authorization_code"]}],
)
async def test_its_owner_cannot_send_people_elsewhere(server: Server, field: dict[str, Any]) -> None:
    owner = visitor_of(server, await server.person())
    app = await owner.register()
    client = await server.store.clients.read(app.client_id)
    assert client
    await server.registration.update(app.client_id, change(client, {"trusted": True}), COMMAND_LINE)
    form = await owner.form(f"/applications/{app.client_id}/edit")

    refused = await owner.send(form, **field)
    renamed = await owner.send(form, name="Another name")

    assert refused.status == 400
    assert "only administrators change this" in refused.text
    assert renamed.status == 303
    after = await server.store.clients.read(app.client_id)
    assert after
    assert (after.redirect_uris, after.trusted, after.name) == ((REDIRECT_URI,), True, "Another name")


async def test_an_administrator_who_owns_it_can(server: Server) -> None:
    owner = visitor_of(server, await server.person(superuser=True))
    app = await owner.register()
    client = await server.store.clients.read(app.client_id)
    assert client
    await server.registration.update(app.client_id, change(client, {"trusted": True}), COMMAND_LINE)

    reply = await owner.send(
        await owner.form(f"/applications/{app.client_id}/edit"), redirect_uris="https://other.example/cb"
    )

    assert reply.status == 303


async def test_a_client_that_registered_itself_cannot_either_nor_trust_itself(server: Server) -> None:
    client = await registered(server, trusted=True)
    before = await server.store.clients.read(client.app.client_id)
    assert before
    assert not before.trusted
    await server.registration.update(before.id, change(before, {"trusted": True}), COMMAND_LINE)

    reply = await client.update({**METADATA, "redirect_uris": ["https://evil.example/cb"]})

    assert reply.status == 400
    after = await server.store.clients.read(before.id)
    assert after
    assert (after.redirect_uris, after.trusted) == (before.redirect_uris, True)


async def test_the_rule_names_each_member_once(server: Server) -> None:
    app = await server.app(trusted=True)
    client = await server.store.clients.read(app.client_id)
    assert client
    stranger = server.application.registrants.stranger()

    with pytest.raises(Invalid) as raised:
        await server.registration.judge(change(client, {"redirect_uris": ("x",)}), before=client, registrant=stranger)

    assert list(raised.value.complaints) == ["redirect_uris"]
