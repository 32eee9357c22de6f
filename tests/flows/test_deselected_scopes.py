"""What a person deselects on the consent page is not granted, not remembered, and asked again (docs/decisions/consent.md)."""

import json
from typing import Any
from urllib.parse import parse_qsl, urlencode

import pytest

from iam.secrets.minted import Kind
from tests.flows.test_resources import API, PHOTOS, both
from tests.harness import App, Reply, Server
from tests.pages.conftest import Visitor, asking, visitor_of
from tests.pages.form import Form, form_of

OPENID = ("openid", "profile", "email", "offline_access", "read", "write")


async def opened(server: Server, **parameters: Any) -> tuple[Visitor, App, Form]:
    """Somebody before the consent page of an application that may ask for everything."""
    person = visitor_of(server, await server.person())
    app = await server.app(scopes=OPENID)
    return person, app, await person.form(asking(app, **parameters))


def boxes(form: Form) -> dict[str, str]:
    """The names of the ticked boxes, by their scopes."""
    return {scope: name for name, scope in form.fields if name.startswith("allow-")}


async def allow_without(person: Visitor, form: Form, *scopes: str) -> Reply:
    """Allow all but these."""
    found = boxes(form)
    return await person.send(form, decision="allow", **{found[scope]: None for scope in scopes})


async def given(server: Server, app: App, reply: Reply) -> dict[str, Any]:
    """What the client gets for the code."""
    return dict((await server.redeem(app, reply.sent_back["code"])).json)


async def test_the_answer_the_token_and_its_introspection_have_only_what_stayed_selected(server: Server) -> None:
    person, app, form = await opened(server, scope="openid email read write")

    tokens = await given(server, app, await allow_without(person, form, "email", "write"))

    assert tokens["scope"] == "openid read"
    assert (await server.introspect(app, tokens["access_token"]))["scope"] == "openid read"
    refreshed = (await server.refresh(app, tokens["refresh_token"])).json
    assert refreshed["scope"] == "openid read"
    refused = await server.refresh(app, refreshed["refresh_token"], scope="openid email")
    assert refused.json["error"] == "invalid_scope"


async def test_openid_has_no_box_since_nobody_is_logged_in_without_it(server: Server) -> None:
    person, app, form = await opened(server, scope="openid email")

    tokens = await given(server, app, await allow_without(person, form, "email"))

    assert list(boxes(form)) == ["email"]
    assert tokens["scope"] == "openid"
    assert "id_token" in tokens


async def test_what_was_deselected_is_asked_again_and_what_was_allowed_is_not(server: Server) -> None:
    person, app, form = await opened(server, scope="read write")
    await allow_without(person, form, "write")

    allowed = await person.get(asking(app, scope="read"))
    again = await person.form(asking(app, scope="read write"))
    silent = await person.get(asking(app, scope="openid read write", prompt="none"))

    assert "code" in allowed.sent_back
    assert set(boxes(again)) == {"read", "write"}
    assert silent.sent_back["error"] == "consent_required"


async def test_the_next_time_more_may_be_allowed(server: Server) -> None:
    person, app, form = await opened(server, scope="read write")
    await allow_without(person, form, "write")

    await allow_without(person, await person.form(asking(app, scope="read write")))

    assert "code" in (await person.get(asking(app, scope="read write"))).sent_back


@pytest.mark.parametrize("scope", ["openid offline_access", "read offline_access"])
async def test_without_offline_access_there_is_no_refresh_token(server: Server, scope: str) -> None:
    person, app, form = await opened(server, scope=scope)

    reply = await allow_without(person, form, "offline_access")
    tokens = await given(server, app, reply)

    assert reply.sent_back["code"].startswith(Kind.ONLINE_CODE.prefix)
    assert tokens["scope"] == scope.split(maxsplit=1)[0]
    assert "refresh_token" not in tokens


async def test_with_offline_access_there_is_one(server: Server) -> None:
    person, app, form = await opened(server, scope="openid offline_access")

    tokens = await given(server, app, await allow_without(person, form))

    assert "refresh_token" in tokens


async def test_a_code_without_a_refresh_token_cannot_be_made_one_with_it(server: Server) -> None:
    person, app, form = await opened(server, scope="openid offline_access")
    code = (await allow_without(person, form, "offline_access")).sent_back["code"]

    reply = await server.redeem(app, code.replace(Kind.ONLINE_CODE.prefix, Kind.AUTHORIZATION_CODE.prefix))

    assert reply.json["error"] == "invalid_grant"


async def test_a_claim_asked_for_by_name_goes_with_its_scope(server: Server, admin: Any) -> None:
    claims = json.dumps({"userinfo": {"email": None, "name": None}, "id_token": {"email": None}})
    person, app, form = await opened(server, scope="openid profile", claims=claims)

    tokens = await given(server, app, await allow_without(person, form, "email"))

    assert set(boxes(form)) == {"profile", "email"}
    assert tokens["scope"] == "openid profile"
    admin.execute("select openid -> 'claims' from grants where user_id is not null")
    assert admin.fetchone() == ({"userinfo": {"name": None}},)
    admin.execute("select scopes from consents")
    assert admin.fetchone() == (["openid", "profile"],)


async def test_the_page_names_the_claims_that_are_asked_for_by_name(server: Server) -> None:
    person = visitor_of(server, await server.person())
    app = await server.app(scopes=OPENID)

    page = (await person.get(asking(app, scope="openid", claims=json.dumps({"userinfo": {"email": None}})))).text

    assert "Read your e-mail address" in page
    assert "Asked for by name: <code>email</code>" in page


async def test_to_allow_nothing_is_said_on_the_page_and_does_nothing(server: Server, admin: Any) -> None:
    person, _, form = await opened(server, scope="read write")

    reply = await allow_without(person, form, "read", "write")

    assert reply.status == 400
    assert "Nothing is allowed yet: you have selected nothing that it may do." in reply.text
    assert boxes(form_of(reply.text)) == {}
    admin.execute("select (select count(*) from consents), (select count(*) from grants where user_id is not null)")
    assert admin.fetchone() == (0, 0)


async def test_boxes_stay_as_they_were_on_a_page_that_comes_again(server: Server) -> None:
    person, _, form = await opened(server, scope="read write")
    server.clock.advance(601)

    reply = await allow_without(person, form, "write")

    assert reply.status == 403
    assert set(boxes(form_of(reply.text))) == {"read"}


async def test_a_box_that_the_page_did_not_have_gives_nothing(server: Server) -> None:
    person, app, form = await opened(server, scope="read")

    tokens = await given(server, app, await person.send(form, decision="allow", **{"allow-1": "write"}))

    assert tokens["scope"] == "read"


async def test_of_more_scopes_than_a_form_may_have_fields_all_are_allowed_or_none(server: Server, admin: Any) -> None:
    names = [f"s{number}" for number in range(101)]
    admin.execute("insert into scopes (name, description, created_at) select unnest(%s), 'x', '2026-01-01'", (names,))
    server.store.scopes.forget()
    person, app = visitor_of(server, await server.person()), await server.app(scopes=tuple(names))

    form = await person.form(asking(app, scope=" ".join(names)))
    tokens = await given(server, app, await allow_without(person, form))

    assert boxes(form) == {}
    assert tokens["scope"].split() == names


async def test_what_is_deselected_later_is_taken_back_everywhere(server: Server, admin: Any) -> None:
    person, app, form = await opened(server, scope="openid read write")
    elsewhere = await given(server, app, await allow_without(person, form))
    narrower = await given(server, app, await person.get(asking(app, scope="read")))
    address = asking(app, scope="openid read write", prompt="consent")

    page = (await person.get(address)).text
    here = await given(server, app, await allow_without(person, form_of(page), "write"))

    assert "What you deselect now it loses on your other devices too." in page
    assert here["scope"] == "openid read"
    assert not (await server.introspect(app, elsewhere["access_token"]))["active"]
    assert (await server.introspect(app, narrower["access_token"]))["active"]
    admin.execute("select scopes, resources from consents")
    assert admin.fetchone() == (["openid", "read"], {"": ["openid", "read"]})
    admin.execute("select detail from audit_events where kind = 'consent.withdrawn'")
    assert admin.fetchall() == [({"scope": "write"},)]


async def test_what_was_taken_back_stays_ended_when_it_is_allowed_again(server: Server) -> None:
    person, app, form = await opened(server, scope="openid read write")
    before = await given(server, app, await allow_without(person, form))
    address = asking(app, scope="openid read write", prompt="consent")
    await allow_without(person, await person.form(address), "write")

    await allow_without(person, await person.form(address))

    assert not (await server.introspect(app, before["access_token"]))["active"]


async def test_the_developers_are_told_what_was_left_out(server: Server, admin: Any) -> None:
    person, app, form = await opened(server, scope="read write")

    await allow_without(person, form, "write")

    await server.store.refusals.flush()
    (refusal,) = await server.application.explanations.latest(app.client_id)
    assert (refusal.error, refusal.failed, refusal.got) == ("left_out", "consent", "left out by the person: write")


async def asked_for_both(server: Server, scope: str) -> tuple[Visitor, App, Form]:
    """Somebody who is asked about two resources, of which one knows read and the other read and write."""
    app, person = await both(server), visitor_of(server, await server.person())
    query = parse_qsl(asking(app, scope=scope).partition("?")[2])
    form = await person.form("/authorize?" + urlencode([*query, ("resource", API), ("resource", PHOTOS)]))
    return person, app, form


async def test_a_scope_of_two_resources_has_one_box(server: Server) -> None:
    _, _, form = await asked_for_both(server, "read write")

    assert sorted(scope for name, scope in form.fields if name.startswith("allow-")) == ["read", "write"]


async def test_a_resource_that_is_left_without_a_scope_is_not_granted(server: Server) -> None:
    person, app, form = await asked_for_both(server, "read write")
    code = (await allow_without(person, form, "read")).sent_back["code"]

    refused = (await server.redeem(app, code, resource=API)).json
    tokens = (await server.redeem(app, code)).json

    assert refused["error"] == "invalid_target"
    assert (await server.introspect(app, tokens["access_token"]))["aud"] == PHOTOS
    assert tokens["scope"] == "write"
