"""What the applications of people may ask for, by the policy of the server: on creation and on every change."""

from collections import Counter
from typing import Any

import pytest
from twisted.internet.defer import Deferred, gatherResults

from iam.records.actor import SERVER
from iam.records.client_metadata import Metadata
from iam.secrets import minted
from tests.harness import REDIRECT_URI, Person, Reply, Server
from tests.pages.conftest import Visitor, logged_in, visitor_of
from tests.pages.form import form_of

FORM = "/applications/register"
OPENID = ["openid", "profile", "email", "address", "phone", "offline_access"]


@pytest.fixture
def server(server: Server, admin: Any) -> Server:
    """The server, with a scope that nobody gets unasked and one that only administrators give."""
    admin.execute("insert into scopes (name, description) values ('photos', 'Look at your photos')")
    admin.execute("insert into scopes (name, description, restricted) values ('payroll', 'Pay everybody', true)")
    return server


async def send(visitor: Visitor, path: str, **changes: Any) -> Reply:
    """What becomes of a form that is filled in with whatever a program likes to send."""
    told = {"name": "Shop", "redirect_uris": REDIRECT_URI, "grant_types": ["authorization_code"], "scopes": ["read"]}
    return await visitor.send(await visitor.form(path), **{**told, **changes})


async def owned(
    server: Server, person: Person, *, grant_types: tuple[str, ...] = ("authorization_code",), scopes: tuple[str, ...]
) -> str:
    """The id of an application of this person, to which an administrator has given whatever there is."""
    client_id = minted.identifier().hex
    await server.store.clients.create(
        client_id,
        Metadata("Shop", "client_secret_basic", grant_types, (REDIRECT_URI,), scopes),
        owner_id=person.user_id,
        grant_id=minted.identifier(),
        secret=None,
        now=server.now(),
        by=SERVER,
    )
    return client_id


MATRIX = [
    # who, settings, scopes, grant, allowed
    (False, {}, ["read"], "authorization_code", True),
    (False, {}, [*OPENID, "read", "write"], "authorization_code", True),
    (False, {}, ["read", "photos"], "authorization_code", False),
    (False, {}, ["payroll"], "authorization_code", False),
    (False, {}, ["unknown"], "authorization_code", False),
    (False, {}, ["read"], "client_credentials", False),
    (False, {"application_scope": ("photos",)}, ["photos"], "authorization_code", True),
    (False, {"application_scope": ("photos",)}, ["read"], "authorization_code", False),
    (False, {"application_scope": ("payroll",)}, ["payroll"], "authorization_code", False),
    (False, {"application_grant": ("client_credentials",)}, ["read"], "client_credentials", True),
    (False, {"application_grant": ("client_credentials",)}, ["photos"], "client_credentials", False),
    (False, {"application_grant": ("client_credentials",)}, ["read"], "authorization_code", False),
    (True, {}, ["payroll", "photos", "read"], "authorization_code", True),
    (True, {}, ["payroll"], "client_credentials", True),
    (True, {"application_scope": (), "application_grant": ()}, ["payroll"], "client_credentials", True),
    (True, {"applications": "administrators"}, ["payroll"], "client_credentials", True),
    (True, {}, ["unknown"], "authorization_code", False),
    (True, {}, ["read"], "implicit", False),
]


@pytest.mark.parametrize(("superuser", "settings", "scopes", "grant", "allowed"), MATRIX)
async def test_an_application_is_made_with_what_its_person_may_have(
    server: Server, configured: Any, superuser: bool, settings: Any, scopes: list[str], grant: str, allowed: bool
) -> None:
    person = await server.person(superuser=superuser)

    reply = await send(visitor_of(configured(**settings), person), FORM, grant_types=[grant], scopes=scopes)

    assert reply.status == (303 if allowed else 400)
    assert len(await server.store.clients.owned_by(person.user_id)) == int(allowed)


@pytest.mark.parametrize(("superuser", "settings", "scopes", "grant", "allowed"), MATRIX)
async def test_an_application_is_changed_to_what_its_person_may_have(
    server: Server, configured: Any, superuser: bool, settings: Any, scopes: list[str], grant: str, allowed: bool
) -> None:
    person = await server.person(superuser=superuser)
    other = "authorization_code" if grant == "client_credentials" else "client_credentials"
    client_id = await owned(server, person, grant_types=(other,), scopes=("phone",))
    visitor = visitor_of(configured(**settings), person)

    reply = await send(visitor, f"/applications/{client_id}/edit", grant_types=[grant], scopes=scopes)
    client = await server.store.clients.read(client_id)

    assert client is not None
    assert reply.status == (303 if allowed else 400)
    assert client.scopes == (tuple(scopes) if allowed else ("phone",))
    assert client.grant_types == ((grant,) if allowed else (other,))


async def test_what_an_administrator_has_given_is_kept_by_a_change_but_not_taken_back_once_given_up(
    server: Server,
) -> None:
    person = await server.person()
    given: dict[str, Any] = {
        "grant_types": ["authorization_code", "client_credentials"],
        "scopes": ["read", "photos", "payroll"],
    }
    client_id = await owned(server, person, grant_types=tuple(given["grant_types"]), scopes=tuple(given["scopes"]))
    visitor, path = visitor_of(server, person), f"/applications/{client_id}/edit"

    kept = await send(visitor, path, **given)
    given_up = await send(visitor, path)
    back = [await send(visitor, path, **{name: given[name]}) for name in given]

    assert [reply.status for reply in (kept, given_up, *back)] == [303, 303, 400, 400]


async def test_the_form_offers_what_its_person_may_have_and_no_more(server: Server) -> None:
    alice, administrator = await logged_in(server), await logged_in(server, superuser=True)

    page, everything = (await alice.get(FORM)).text, (await administrator.get(FORM)).text
    form = await alice.form(FORM)

    for value in ("photos", "payroll", "client_credentials"):
        assert f'value="{value}"' not in page
        assert f'value="{value}"' in everything
    assert set(form.values("scopes")) == {"openid", "profile", "email", "read", "write"}
    assert form.values("grant_types") == ["authorization_code", "refresh_token"]


async def test_the_form_of_an_application_offers_what_it_was_given_too(server: Server) -> None:
    person = await server.person()
    client_id = await owned(server, person, scopes=("read", "payroll"))

    form = await visitor_of(server, person).form(f"/applications/{client_id}/edit")

    assert form.values("scopes") == ["read", "payroll"]


@pytest.mark.parametrize(
    "path", ["", "/register", "/x", "/x/edit", "/x/delete", "/x/secret", "/x/disable", "/x/enable"]
)
async def test_where_applications_are_for_administrators_nobody_else_gets_there(configured: Any, path: str) -> None:
    server = configured(applications="administrators")
    alice, administrator = await logged_in(server), await logged_in(server, superuser=True)

    refused = await alice.get(f"/applications{path}")
    seen = await administrator.get(f"/applications{path}")

    assert refused.status == 403
    assert "Only administrators and developers register applications here." in refused.text
    assert seen.status == (404 if "x" in path else 200)


async def test_where_applications_are_for_administrators_no_form_of_somebody_else_counts(
    server: Server, configured: Any
) -> None:
    person = await server.person()
    form = await visitor_of(server, person).form(FORM)

    told = visitor_of(configured(applications="administrators"), person)
    reply = await told.send(form, name="Shop", redirect_uris=REDIRECT_URI)

    assert reply.status == 403
    assert await server.store.clients.owned_by(person.user_id) == []


async def test_a_person_has_at_most_so_many_applications_even_if_they_ask_for_all_at_once(
    server: Server, configured: Any
) -> None:
    few = configured(limit=("applications=3",))
    person, administrator = await server.person(), await server.person(superuser=True)
    visitor, form = visitor_of(few, person), {"name": "Shop", "redirect_uris": REDIRECT_URI}
    forms = [await visitor.form(FORM) for _ in range(8)]

    replies = await gatherResults([Deferred.fromCoroutine(visitor.send(each, **form)) for each in forms])
    refused = next(reply for reply in replies if reply.status == 403)
    others = [await visitor_of(few, administrator).register() for _ in range(4)]

    assert Counter(reply.status for reply in replies) == {303: 3, 403: 5}
    assert "You have 3 applications" in refused.text
    assert form_of(refused.text).value("name") == "Shop"
    assert len(await server.store.clients.owned_by(person.user_id)) == 3
    assert len(others) == len(await server.store.clients.owned_by(administrator.user_id))


async def test_an_application_saved_twice_is_one_even_where_there_may_be_no_other(
    server: Server, configured: Any
) -> None:
    person = await server.person()
    visitor = visitor_of(configured(limit=("applications=1",)), person)
    form = await visitor.form(FORM)

    replies = [await visitor.send(form, name="Shop", redirect_uris=REDIRECT_URI) for _ in range(2)]

    assert [reply.status for reply in replies] == [303, 303]
