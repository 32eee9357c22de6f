"""A consent knows its resources: what was allowed for one is allowed nowhere else (RFC 8707 §3)."""

from typing import Any
from urllib.parse import urlencode, urlsplit

import pytest
from attrs import evolve

from iam.authorization.errors import ACCESS_DENIED, AuthorizationError
from iam.http.parameters import parse
from iam.records.actor import SERVER
from tests.flows.test_resources import API, PHOTOS, both, register
from tests.harness import CHALLENGE, REDIRECT_URI, App, Person, Server
from tests.pages.conftest import Visitor, asking, visitor_of
from tests.pages.form import form_of


async def silent(server: Server, app: App, person: Person, **parameters: str) -> str:
    """What a request is answered that allows no page: the error, or nothing."""
    openid = {"scope": "openid read", **parameters}
    reply = await server.authorize(app, person, prompt="none", **openid)
    return reply.sent_back.get("error", "")


async def client(server: Server) -> App:
    """A client that proves itself, and may ask who somebody is."""
    await both(server)
    return await server.app(scopes=("openid", "offline_access", "read", "write"))


async def changed(server: Server, uri: str, **changes: Any) -> None:
    found = await server.store.resources.find(uri)
    assert found is not None
    assert await server.store.resources.update(evolve(found, **changes), server.now(), SERVER)


async def test_the_page_names_each_resource_with_what_is_allowed_there(server: Server) -> None:
    app, person = await client(server), await server.person()
    query = asking(app, scope="openid read write", resource=API) + "&" + urlencode({"resource": PHOTOS})

    page = (await visitor_of(server, person).get(query)).text

    asked = page.partition('<ul class="scopes">')[2].partition("<details>")[0]
    before, at_both, at_photos = asked.split('<legend class="place">')
    assert ("Know who you are" in before, "Read your data" in before) == (True, False)
    assert at_both.startswith(f"At <bdi>{API}</bdi> and at <bdi>{PHOTOS}</bdi><")
    assert ("Read your data" in at_both, "Change your data" in at_both) == (True, False)
    assert at_photos.startswith(f"At <bdi>{PHOTOS}</bdi><")
    assert ("Read your data" in at_photos, "Change your data" in at_photos) == (False, True)


async def test_what_was_allowed_without_a_resource_is_allowed_for_none(server: Server) -> None:
    app, person = await client(server), await server.person()
    await server.code(app, person, scope="openid read")

    assert await silent(server, app, person) == ""
    assert await silent(server, app, person, resource=API) == "consent_required"


async def test_what_was_allowed_for_one_resource_is_allowed_for_no_other(server: Server) -> None:
    app, person = await client(server), await server.person()
    await server.code(app, person, scope="openid read", resource=API)

    assert await silent(server, app, person, resource=API) == ""
    assert await silent(server, app, person, resource=PHOTOS) == "consent_required"


async def test_what_was_allowed_for_a_resource_is_not_allowed_without_one(server: Server) -> None:
    """A token for no resource in particular is good at any that takes it."""
    app, person = await client(server), await server.person()
    await server.code(app, person, scope="openid read", resource=API)
    before = [await silent(server, app, person, scope=scope) for scope in ("openid", "openid read")]
    await server.code(app, person, scope="openid read")

    assert before == ["", "consent_required"]
    assert [await silent(server, app, person), await silent(server, app, person, resource=API)] == ["", ""]


async def test_a_scope_that_was_allowed_elsewhere_is_asked_for_where_it_was_not(server: Server) -> None:
    app, person = await client(server), await server.person()
    await server.code(app, person, scope="openid write", resource=PHOTOS)
    await server.code(app, person, scope="openid read")

    assert await silent(server, app, person, scope="openid write", resource=PHOTOS) == ""
    assert await silent(server, app, person, scope="openid read", resource=PHOTOS) == "consent_required"


async def test_who_a_person_is_never_covers_a_resource(server: Server) -> None:
    app, person = await client(server), await server.person()
    await server.code(app, person, scope="openid offline_access")

    assert await silent(server, app, person, scope="openid offline_access read", resource=API) == "consent_required"
    assert await silent(server, app, person, scope="openid offline_access", resource=API) == "invalid_scope"


async def test_a_resource_is_covered_however_it_is_written(server: Server) -> None:
    app, person = await client(server), await server.person()
    await server.code(app, person, scope="openid read", resource=API)

    assert await silent(server, app, person, resource=API.upper().replace("HTTPS", "https") + ":443/") == ""


async def test_resources_come_together_in_one_consent(server: Server, admin: Any) -> None:
    app, person = await client(server), await server.person()
    await server.code(app, person, scope="openid read", resource=API)
    await server.code(app, person, scope="openid read", resource=PHOTOS)
    await server.code(app, person, scope="openid write", resource=PHOTOS)

    assert [await silent(server, app, person, resource=uri) for uri in (API, PHOTOS)] == ["", ""]
    admin.execute("select resources from consents")
    assert admin.fetchall() == [({"": ["openid"], API: ["read"], PHOTOS: ["read", "write"]},)]
    admin.execute(
        "select detail ->> 'scope', detail -> 'resources' from audit_events where kind = 'consent.given' order by n"
    )
    assert admin.fetchall() == [
        ("openid read", {API: ["read"]}),
        ("openid read", {PHOTOS: ["read"]}),
        ("openid write", {PHOTOS: ["write"]}),
    ]


@pytest.mark.parametrize("asked", [{"scope": ""}, {"scope": "openid read write"}], ids=str)
async def test_a_resource_that_is_given_more_scopes_while_the_page_is_open_is_asked_about_again(
    server: Server, admin: Any, asked: dict[str, str]
) -> None:
    app, person = await client(server), await server.person()
    visitor = visitor_of(server, person)
    form = await visitor.form(asking(app, resource=API, **asked))
    await changed(server, API, scopes=frozenset({"read", "write"}))

    again = await visitor.send(form, decision="allow")
    reply = await visitor.send(form_of(again.text), decision="allow")

    assert "has changed since you opened this page" in again.text
    assert "Change your data" in again.text
    assert "code" in reply.sent_back


async def test_a_resource_that_is_given_more_scopes_later_has_no_more_of_them_from_what_was_allowed(
    server: Server,
) -> None:
    app, person = await client(server), await server.person()
    query = [
        ("response_type", "code"),
        ("client_id", app.client_id),
        ("redirect_uri", REDIRECT_URI),
        ("code_challenge", CHALLENGE),
        ("code_challenge_method", "S256"),
        ("resource", API),
        ("resource", PHOTOS),
        ("scope", "read write"),
    ]
    visitor = visitor_of(server, person)
    reply = await visitor.send(await visitor.form("/authorize?" + urlencode(query)), decision="allow")
    await changed(server, API, scopes=frozenset({"read", "write"}))

    tokens = (await server.redeem(app, reply.sent_back["code"], resource=API)).json
    fresh = (await server.refresh(app, tokens["refresh_token"], resource=API)).json
    other = (await server.refresh(app, fresh["refresh_token"], resource=PHOTOS)).json

    assert [each["scope"] for each in (tokens, fresh, other)] == ["read", "read", "read write"]


async def test_a_consent_that_is_left_fewer_resources_ends_what_was_granted_for_them(
    server: Server, admin: Any
) -> None:
    app, person = await client(server), await server.person()
    kept = await server.tokens(app, person, scope="openid read", resource=API)
    gone = await server.tokens(app, person, scope="openid read", resource=PHOTOS)
    admin.execute("update consents set resources = resources - %s", (PHOTOS,))

    told = [(await server.introspect(app, each["access_token"]))["active"] for each in (kept, gone)]
    replies = [await server.refresh(app, each["refresh_token"]) for each in (kept, gone)]

    assert told == [True, False]
    assert [reply.status for reply in replies] == [200, 400]


async def test_a_resource_that_is_made_anew_after_it_was_deleted_is_another_one(server: Server) -> None:
    app, person = await client(server), await server.person()
    gone = await server.tokens(app, person, scope="openid offline_access read", resource=API)
    kept = await server.tokens(app, person, scope="openid offline_access read", resource=PHOTOS)
    assert await server.store.resources.delete(f"{API}:443/", server.now(), SERVER)
    await register(server, API, scopes=("read",))

    told = [(await server.introspect(app, each["access_token"]))["active"] for each in (gone, kept)]
    replies = [await server.refresh(app, each["refresh_token"]) for each in (gone, kept)]

    assert told == [False, True]
    assert [reply.status for reply in replies] == [400, 200]
    assert await silent(server, app, person, resource=API) == "consent_required"
    assert await silent(server, app, person, resource=PHOTOS) == ""


async def test_a_scope_that_is_made_anew_after_it_was_deleted_is_asked_for_again(server: Server, admin: Any) -> None:
    assert await server.store.scopes.create("tune", "Tune your piano", server.now(), by=SERVER)
    await both(server)
    app, person = await server.app(scopes=("openid", "read", "tune")), await server.person()
    tokens = await server.tokens(app, person, scope="openid read tune")
    await server.code(app, person, scope="openid tune read", resource=PHOTOS)
    assert await server.store.scopes.delete("tune", server.now(), SERVER)
    server.store.clients.forget()
    kept = (await server.introspect(app, tokens["access_token"]))["scope"]
    assert await server.store.scopes.create("tune", "Sell your piano", server.now(), by=SERVER)
    admin.execute("update clients set scopes = scopes || '{tune}' where id = %s", (app.client_id,))
    server.store.clients.forget()

    without = [await silent(server, app, person, scope=scope) for scope in ("openid read", "openid read tune")]
    there = [await silent(server, app, person, scope=f"openid {scope}", resource=PHOTOS) for scope in ("read", "tune")]

    assert kept == "openid read"
    assert (without, there) == (["", "consent_required"], ["", "consent_required"])


async def test_a_consent_that_is_withdrawn_at_the_same_moment_is_not_given_again_unasked(
    server: Server, admin: Any
) -> None:
    app, person = await client(server), await server.person()
    await server.code(app, person, scope="openid read", resource=API)
    query = urlsplit(asking(app, scope="openid read", resource=API)).query
    sessions = server.application.sessions
    authorization = await server.protocol.authorization(parse(query.encode()))
    session = (await sessions.find(person.cookie)).session
    admin.execute("delete from consents")

    with pytest.raises(AuthorizationError) as refused:
        await server.protocol.allow(authorization, session, asked=False)  # since the consent covers it

    assert refused.value.error == ACCESS_DENIED
    admin.execute("select count(*) from consents")
    assert admin.fetchone() == (0,)


async def test_what_a_server_of_the_version_before_grants_lives(server: Server, admin: Any) -> None:
    """It writes a consent without a word about resources, and the grant after it."""
    app, person = await client(server), await server.person()
    tokens = await server.tokens(app, person, scope="openid read", resource=API)
    admin.execute("create temporary table consented as select user_id, client_id, scopes, granted_at from consents")
    admin.execute("delete from consents")
    admin.execute("insert into consents (user_id, client_id, scopes, granted_at) select * from consented")
    admin.execute("drop table consented")
    admin.execute("create temporary table old as select * from grants where user_id is not null")
    admin.execute("delete from grants where user_id is not null")
    admin.execute("insert into grants select * from old")
    admin.execute("drop table old")

    assert (await server.introspect(app, tokens["access_token"]))["active"]
    assert (await server.refresh(app, tokens["refresh_token"])).json["scope"] == "openid read"
    assert await silent(server, app, person, resource=API) == ""


async def test_a_visitor_is_asked_about_the_resource_by_its_registered_name(server: Server) -> None:
    await register(server, "https://Mixed.example")
    app, person = await server.app(), await server.person()

    page = (await Visitor(server, person.cookie).get(asking(app, resource="https://mixed.example/"))).text

    assert "At <bdi>https://Mixed.example</bdi>" in page
