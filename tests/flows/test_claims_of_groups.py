"""The claims groups and roles: by the scopes of these names, where a client is set so, at the cost of no request without them."""

from collections.abc import Callable
from typing import Any

import jwt
import pytest

from iam.administration import groups, roles
from iam.administration.roles import Place
from iam.records.actor import SERVER
from iam.records.client_metadata import BY_SCOPES
from tests.harness import App, Person, Server

API = "https://api.example"
SCOPE = "openid read groups roles"
TOLD = {"groups": ["Editors", "on-call"], "roles": ["editor", "reader"]}


def read(token: str) -> dict[str, Any]:
    claims: dict[str, Any] = jwt.decode(token, options={"verify_signature": False})
    return claims


def of_groups(document: Any) -> dict[str, Any]:
    return {name: document[name] for name in ("groups", "roles") if name in document}


async def derived(server: Server) -> None:
    """The scopes as the migration makes them."""
    for name in ("groups", "roles"):
        await server.store.scopes.create(name, "Know", server.now(), (name,), by=SERVER, derived=True)


async def member(server: Server, app: App) -> Person:
    """Somebody in two groups, with a role of their own in the application, and one by a group; and what is noted of them."""
    person = await server.person(claims={"groups": ["noted"], "roles": ["noted"]})
    on, client = server.application.administration, app.client_id
    for name in ("on-call", "Editors"):
        await groups.create(on, name, "", SERVER)
        await groups.add(on, name, person.username, SERVER)
    await roles.grant(on, "reader", Place(person.username, client=client), SERVER)
    await roles.grant(on, "editor", Place(group="editors", client=client), SERVER)
    await roles.grant(on, "auditor", Place(person.username), SERVER)
    await roles.grant(on, "editor", Place(person.username, client=(await server.app()).client_id), SERVER)
    return person


async def user_info(server: Server, token: str) -> Any:
    return (await server.get("/userinfo", headers={"Authorization": f"Bearer {token}"})).json


async def given(server: Server, scope: str = SCOPE, **metadata: Any) -> tuple[App, Person, dict[str, Any]]:
    """What a client of these metadata learns by a grant of this scope, at each place."""
    await server.store.resources.create(
        API, scopes=(), token_format="jwt", lifetime=600, client_id=None, now=server.now(), by=SERVER
    )
    app = await server.app(scopes=tuple(SCOPE.split()), introspect_any=True, **metadata)
    person = await member(server, app)
    tokens = await server.tokens(app, person, scope=scope)
    at_api = await server.tokens(app, person, scope=scope, resource=API)
    documents = {
        "userinfo": await user_info(server, tokens["access_token"]),
        "id_token": read(tokens["id_token"]),
        "introspection": await server.introspect(app, tokens["access_token"]),
        "access_token": read(at_api["access_token"]),
    }
    return app, person, {place: of_groups(document) for place, document in documents.items()}


PLACES: dict[str, tuple[dict[str, Any], set[str]]] = {
    "nothing said": ({}, {"userinfo"}),
    "id_token_claims": ({"id_token_claims": BY_SCOPES}, {"userinfo", "id_token"}),
    "access_token_claims": ({"access_token_claims": BY_SCOPES}, {"userinfo", "introspection", "access_token"}),
}


@pytest.mark.parametrize("setting", PLACES)
async def test_groups_and_roles_are_where_the_client_is_set_so(server: Server, setting: str) -> None:
    metadata, places = PLACES[setting]
    await derived(server)

    _, _, told = await given(server, **metadata)

    assert told == {place: TOLD if place in places else {} for place in told}


async def test_each_scope_tells_its_own_claim(server: Server) -> None:
    await derived(server)

    _, _, told = await given(server, "openid read roles", id_token_claims=BY_SCOPES, access_token_claims=BY_SCOPES)

    assert list(told.values()) == [{"roles": TOLD["roles"]}] * 4


async def test_who_is_in_no_group_and_has_no_role_has_empty_lists(server: Server) -> None:
    await derived(server)
    app = await server.app(scopes=tuple(SCOPE.split()))
    person = await server.person(claims={"groups": ["noted"]})

    tokens = await server.tokens(app, person, scope=SCOPE)

    assert of_groups(await user_info(server, tokens["access_token"])) == {"groups": [], "roles": []}


async def test_what_changes_is_told_from_then_on(server: Server) -> None:
    await derived(server)
    app, person, _ = await given(server, access_token_claims=BY_SCOPES)
    tokens = await server.tokens(app, person, scope=SCOPE)

    await groups.remove(server.application.administration, "editors", person.username, SERVER)

    told = of_groups(await server.introspect(app, tokens["access_token"]))
    assert told == {"groups": ["on-call"], "roles": ["reader"]}


async def test_a_scope_that_was_made_by_hand_tells_what_is_noted_of_the_person(server: Server) -> None:
    await server.store.scopes.create("groups", "Know", server.now(), ("groups",), by=SERVER)
    await server.store.scopes.create("roles", "Know", server.now(), ("roles",), by=SERVER, derived=True)

    _, _, told = await given(server, access_token_claims=BY_SCOPES)

    assert told["userinfo"] == {"groups": ["noted"], "roles": TOLD["roles"]}
    assert told["access_token"] == told["introspection"] == {"roles": TOLD["roles"]}


async def test_another_scope_with_such_a_claim_tells_what_is_noted(server: Server) -> None:
    await derived(server)
    await server.store.scopes.create("staff", "Know", server.now(), ("groups",), by=SERVER)
    app = await server.app(scopes=("openid", "staff", "groups"))
    person = await member(server, app)

    tokens = await server.tokens(app, person, scope="openid staff")

    assert of_groups(await user_info(server, tokens["access_token"])) == {"groups": ["noted"]}


async def test_claims_are_told_that_are_asked_for_by_name(server: Server) -> None:
    await derived(server)
    app = await server.app(scopes=tuple(SCOPE.split()))
    person = await member(server, app)
    asked = '{"id_token": {"groups": null}, "userinfo": {"roles": null}}'

    tokens = await server.tokens(app, person, scope="openid", claims=asked)

    assert of_groups(read(tokens["id_token"])) == {"groups": TOLD["groups"]}
    assert of_groups(await user_info(server, tokens["access_token"])) == {"roles": TOLD["roles"]}


@pytest.mark.parametrize("place", ["introspection", "userinfo", "refresh"])
@pytest.mark.parametrize(("scope", "more"), [("openid read", 0), (SCOPE, 1)])
async def test_requests_without_these_scopes_cost_no_statement_more(
    server: Server, place: str, scope: str, more: int
) -> None:
    await derived(server)
    app = await server.app(
        scopes=tuple(SCOPE.split()), access_token_claims=BY_SCOPES, id_token_signed_response_alg="ES256"
    )
    person = await server.person()
    await server.store.resources.create(
        API, scopes=(), token_format="jwt", lifetime=600, client_id=None, now=server.now(), by=SERVER
    )
    tokens = await server.tokens(app, person, scope=scope)
    at_api = await server.tokens(app, person, scope=scope, resource=API)
    requests: dict[str, Callable[[], Any]] = {
        "introspection": lambda: server.introspect(app, tokens["access_token"]),
        "userinfo": lambda: user_info(server, tokens["access_token"]),
        "refresh": lambda: server.refresh(app, at_api["refresh_token"]),
    }
    await server.introspect(app, tokens["access_token"])
    await user_info(server, tokens["access_token"])
    await server.quiet()
    before = server.store.database.statistics.statements

    await requests[place]()

    assert server.store.database.statistics.statements - before == 1 + more
