"""Applications of people's own by `/api/v1`: what the page of applications lets them do, and nothing else."""

from collections.abc import Callable
from typing import Any

import pytest
from attrs import evolve

from iam.oauth.own_clients import COMMAND_LINE
from iam.records.actor import SERVER
from iam.server.own_clients import register_command_line
from iam.server.own_resources import register_api
from tests.api.conftest import Api
from tests.harness import REDIRECT_URI, Server
from tests.pages.conftest import visitor_of
from tests.pages.test_registrants import FORM, MATRIX, owned, send

SCOPES = ("iam:applications:read", "iam:applications:write")

# settings, scopes, grant, allowed: a developer has every scope that is not restricted.
DEVELOPERS = [
    ({}, ["read", "photos"], "authorization_code", True),
    ({"applications": "administrators"}, ["photos"], "authorization_code", True),
    ({"application_scope": ()}, ["photos"], "authorization_code", True),
    ({}, ["payroll"], "authorization_code", False),
    ({}, ["iam:people:read"], "authorization_code", False),
    ({}, ["unknown"], "authorization_code", False),
    ({}, ["photos"], "client_credentials", False),
    ({"application_grant": ("client_credentials",)}, ["photos"], "client_credentials", True),
]


@pytest.fixture
def server(server: Server, admin: Any) -> Server:
    """The server, with a scope that nobody gets unasked and one that only administrators give."""
    admin.execute("insert into scopes (name, description) values ('photos', 'Look at your photos')")
    admin.execute("insert into scopes (name, description, restricted) values ('payroll', 'Pay everybody', true)")
    return server


async def with_settings(api: Api, configured: Callable[..., Server], **settings: Any) -> Api:
    """The API of a server with these settings."""
    found = evolve(api, server=configured(**settings))
    await register_api(found.server.store, found.server.settings, found.server.clock_of_store())
    return found


def told(grant: str, scopes: list[str]) -> dict[str, Any]:
    return {"client_name": "Shop", "redirect_uris": [REDIRECT_URI], "grant_types": [grant], "scope": " ".join(scopes)}


@pytest.mark.parametrize(("superuser", "settings", "scopes", "grant", "allowed"), MATRIX)
async def test_the_api_makes_and_changes_what_the_page_does(
    api: Api, configured: Any, superuser: bool, settings: Any, scopes: list[str], grant: str, allowed: bool
) -> None:
    person = await api.server.person(superuser=superuser)
    other = "authorization_code" if grant == "client_credentials" else "client_credentials"
    own = await owned(api.server, person, grant_types=(other,), scopes=("phone",))
    call = await (await with_settings(api, configured, **settings)).logged_in(person, *SCOPES)

    made = await call("POST", "/applications", told(grant, scopes))
    changed = await call("PATCH", f"/applications/{own}", told(grant, scopes))

    assert (made.status, changed.status) == ((201, 200) if allowed else (422, 422))


@pytest.mark.parametrize("way", ["page", "api"])
@pytest.mark.parametrize(("settings", "scopes", "grant", "allowed"), DEVELOPERS)
async def test_a_developer_has_more_scopes_than_others(
    api: Api, configured: Any, settings: Any, scopes: list[str], grant: str, allowed: bool, way: str
) -> None:
    there, person = await with_settings(api, configured, **settings), await api.with_role("developer")

    if way == "page":
        reply = await send(visitor_of(there.server, person), FORM, grant_types=[grant], scopes=scopes)
    else:
        reply = await (await there.logged_in(person, *SCOPES))("POST", "/applications", told(grant, scopes))

    assert (reply.status in (201, 303)) == allowed
    assert len(await api.server.store.clients.owned_by(person.user_id)) == int(allowed)


RESERVED = {
    "owner": "person1",
    "trusted": True,
    "introspect_any": True,
    "allow_http_redirects": True,
    "id_token_claims": "scopes",
    "acr": "1",
    "jwks_uri": "https://client.example/jwks",
}


@pytest.mark.parametrize("member", [*RESERVED, "client_id", "token_endpoint_auth_method"])
async def test_what_stands_not_on_the_form_is_for_administrators(api: Api, member: str) -> None:
    person = await api.with_role("developer")
    own, call = await owned(api.server, person, scopes=("read",)), await api.logged_in(person, *SCOPES)
    value = RESERVED.get(member, "private_key_jwt")

    made = await call("POST", "/applications", {"client_name": "Shop", "redirect_uris": [REDIRECT_URI], member: value})
    changed = await call("PATCH", f"/applications/{own}", {member: value})

    assert made.status == (422 if member == "token_endpoint_auth_method" else 403)
    assert changed.status == (422 if member in ("owner", "client_id") else 403)
    assert len(await api.server.store.clients.owned_by(person.user_id)) == 1


async def test_what_an_administrator_has_set_is_not_reset(api: Api) -> None:
    person = await api.with_role("developer")
    own, call = await owned(api.server, person, scopes=("read",)), await api.logged_in(person, *SCOPES)

    reply = await call("PATCH", f"/applications/{own}", {"acr": None})

    assert (reply.status, reply.json["detail"]) == (403, "Only an administrator may give these: acr.")


async def test_a_developer_makes_changes_and_deletes_an_application(api: Api) -> None:
    person = await api.with_role("developer")
    call = await api.logged_in(person, *SCOPES)

    made = await call("POST", "/applications", {"client_name": "Shop", "redirect_uris": [REDIRECT_URI]})
    path = f"/applications/{made.json['client_id']}"
    public = await call(
        "POST", "/applications", {**told("authorization_code", ["read"]), "token_endpoint_auth_method": "none"}
    )
    changed = await call("PATCH", path, {"scope": "photos openid"})
    deleted = await call("DELETE", path)

    assert made.json["application"]["owner"] == person.username
    assert made.json["client_secret"].startswith("iam_cs_")
    assert public.json["client_secret"] is None
    assert (changed.json["application"]["scope"], changed.json["client_secret"]) == ("photos openid", None)
    assert deleted.status == 200


async def test_anothers_application_is_missing(api: Api) -> None:
    other = await owned(api.server, await api.server.person(), scopes=("read",))
    call = await api.logged_in(await api.with_role("developer"), *SCOPES)

    reply = await call("PATCH", f"/applications/{other}", {"client_name": "Mine"})

    assert reply.status == 404


async def test_nobody_has_more_applications_than_they_may(api: Api, configured: Any) -> None:
    there = await with_settings(api, configured, limit=("applications=1",))
    call = await there.logged_in(await api.with_role("developer"), *SCOPES)

    replies = [await call("POST", "/applications", told("authorization_code", ["read"])) for _ in range(2)]

    assert [reply.status for reply in replies] == [201, 403]
    assert replies[1].json["detail"].startswith("You have 1 applications")


@pytest.mark.parametrize(("applications", "statuses"), [("everybody", (200, 201)), ("administrators", (403, 403))])
async def test_others_have_applications_if_the_page_is_for_everybody(
    api: Api, configured: Any, applications: str, statuses: tuple[int, int]
) -> None:
    there, person = await with_settings(api, configured, applications=applications), await api.server.person()
    call = await there.logged_in(person, *SCOPES)

    listed = await call("GET", "/applications")
    made = await call("POST", "/applications", told("authorization_code", ["read"]))
    page = await visitor_of(there.server, person).get("/applications")

    assert (listed.status, made.status) == statuses
    assert page.status == statuses[0]


async def test_an_application_is_its_new_owners_and_the_old_one_sees_it_no_longer(api: Api, call: Any) -> None:
    before, after = await api.with_role("developer"), await api.server.person("after")
    own = await owned(api.server, before, scopes=("read",))
    theirs = await api.logged_in(before, *SCOPES)

    assert (await theirs("POST", f"/applications/{own}/transfer", {"owner": "after"})).status == 403
    assert (await call("POST", f"/applications/{own}/transfer", {"owner": "after"})).json["owner"] == "after"

    assert (await theirs("GET", f"/applications/{own}")).status == 404
    new = await api.logged_in(after, *SCOPES)
    assert (await new("GET", f"/applications/{own}")).json["owner"] == "after"
    (event,) = await api.server.store.audit.events(kind="client.transferred")
    assert (event.client, event.subject) == (own, str(after.user_id))
    assert event.detail == {"owner": [str(before.user_id), str(after.user_id)]}

    assert (await call("POST", f"/applications/{own}/transfer", {})).json["owner"] is None
    assert (await new("GET", f"/applications/{own}")).status == 404


async def test_an_application_goes_to_nobody_unknown_and_the_servers_own_to_nobody_at_all(api: Api, call: Any) -> None:
    own = await owned(api.server, api.person, scopes=("read",))
    await register_command_line(api.server.store, api.server.clock_of_store())

    unknown = await call("POST", f"/applications/{own}/transfer", {"owner": "ghost"})
    gone = await api.server.person("gone")
    await api.server.store.users.disable(gone.user_id, api.server.now(), SERVER)
    disabled = await call("POST", f"/applications/{own}/transfer", {"owner": "gone"})
    stays = await call("POST", f"/applications/{COMMAND_LINE}/transfer", {"owner": api.person.username})

    assert (unknown.status, [each["pointer"] for each in unknown.json["errors"]]) == (422, ["#/owner"])
    assert (disabled.status, [each["pointer"] for each in disabled.json["errors"]]) == (422, ["#/owner"])
    assert stays.status == 422
    assert (await call("GET", f"/applications/{own}")).json["owner"] == api.person.username
