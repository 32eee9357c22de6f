"""The other nouns of `/api/v1`: what is listed, shown, made and ended there is what the command line would."""

from typing import Any
from urllib.parse import quote

import pytest

from iam.records.actor import SERVER
from iam.store.roles import Holder
from tests.api.conftest import Api, Caller

NOUNS = (
    *("people", "applications", "scopes", "resources", "keys", "sessions", "grants"),
    *("tokens", "registration-tokens", "audit"),
)
BOX = "https://api.example.org/box?a=b"


async def test_an_application_is_registered_changed_and_deleted(api: Api, call: Caller) -> None:
    made = await call(
        "POST",
        "/applications",
        {"client_name": "Shop", "redirect_uris": ["https://shop.example.org/cb"], "scope": "openid read"},
    )
    path = made.location.removeprefix("/api/v1")
    shown = await call("GET", path)
    changed = await call("PATCH", path, {"client_name": "Store", "logo_uri": None, "scope": "openid"})
    rotated = await call("POST", path + "/secret", {"keep": 60})
    disabled = await call("POST", path + "/disable")
    listed = await call("GET", "/applications?search=st")
    deleted = await call("DELETE", path)

    assert [reply.status for reply in (made, shown, changed, rotated, disabled, listed, deleted)] == [201] + [200] * 6
    assert made.json["client_secret"].startswith("iam_cs_")
    assert shown.json == made.json["application"]
    assert (changed.json["client_secret"], changed.json["application"]["scope"]) == (None, "openid")
    assert changed.json["application"]["redirect_uris"] == ["https://shop.example.org/cb"]
    assert rotated.json["client_secret"] != made.json["client_secret"]
    assert [each["client_name"] for each in listed.json["items"]] == ["Store"]
    assert disabled.json["disabled_at"] is not None
    assert (await call("GET", path)).status == 404


async def test_what_is_wrong_with_an_application_is_said_by_its_member(call: Caller) -> None:
    reply = await call(
        "POST", "/applications", {"client_name": "", "scope": "nonsense", "redirect_uris": ["http://x.example"]}
    )

    assert reply.status == 422
    assert {error["pointer"] for error in reply.json["errors"]} == {"#/client_name", "#/scope", "#/redirect_uris"}


async def test_a_scope_and_a_resource_are_made_shown_and_deleted(call: Caller) -> None:
    scope = await call("POST", "/scopes", {"name": "box:open", "description": "Open the box"})
    resource = await call("POST", "/resources", {"resource": BOX, "scopes": ["box:open"]})
    path = "/resources/" + quote(BOX, safe="")
    changed = await call("PATCH", path, {"lifetime": 60})
    gone = [await call("DELETE", each) for each in (path, "/scopes/box:open")]

    assert (scope.status, resource.status, changed.status) == (201, 201, 200)
    assert resource.location == "/api/v1" + path
    assert (changed.json["lifetime"], changed.json["scopes"]) == (60, ["box:open"])
    assert [reply.status for reply in gone] == [200, 200]
    assert (await call("GET", path)).status == 404


async def test_the_servers_own_resource_and_scopes_stay(api: Api, call: Caller) -> None:
    path = "/resources/" + quote(api.uri, safe="")
    replies = [
        await call("DELETE", path),
        await call("PATCH", path, {"clients": "all"}),
        await call("POST", path + "/disable"),
        await call("DELETE", "/scopes/iam:people:read"),
        await call("POST", "/scopes", {"name": "iam:other", "description": "Other"}),
        await call("POST", "/registration-tokens", {"scope": "iam:people:read"}),
    ]

    assert [reply.status for reply in replies] == [422] * 6


async def test_keys_are_listed_rotated_and_retired(call: Caller) -> None:
    rotated = await call("POST", "/keys/rotate", {"alg": "ES256", "at_once": True})
    kid = rotated.json["items"][0]["kid"]
    retired = await call("DELETE", f"/keys/{kid}")
    listed = await call("GET", "/keys?limit=200")

    assert retired.json == {"kid": kid, "alg": "ES256", "removed": True}
    assert {each["kid"]: each["state"] for each in listed.json["items"]}[kid] == "removed"
    assert "private" not in listed.text


async def test_sessions_and_grants_are_listed_by_pages_and_end(api: Api, call: Caller) -> None:
    alice, app = await api.server.person(), await api.server.app()
    await api.server.person()
    await api.server.tokens(app, alice)

    sessions = await everything(call, "/sessions?limit=1")
    (own,) = (await call("GET", f"/sessions?user={alice.username}")).json["items"]
    grants = await everything(call, "/grants?limit=1")
    (granted,) = (await call("GET", f"/grants?user={alice.username}&client={app.client_id}")).json["items"]
    ended = [await call("DELETE", f"/sessions/{own['id']}"), await call("DELETE", f"/grants/{granted['id']}")]

    assert len(sessions) == 3
    assert granted["id"] in [each["id"] for each in grants]
    assert [reply.status for reply in ended] == [200, 200]
    assert (await call("DELETE", f"/grants/{granted['id']}")).status == 404
    assert (await call("GET", f"/sessions?user={alice.username}")).json["items"] == []


async def everything(call: Caller, path: str) -> list[Any]:
    """The items of all pages."""
    items: list[Any] = []
    following: str | None = path
    while following is not None:
        reply = await call("GET", following)
        items += reply.json["items"]
        assert len(reply.json["items"]) <= 1
        link = reply.header("link")
        following = link.partition("/api/v1")[2].partition(">")[0] if link else None
    assert len({each["id"] for each in items}) == len(items)
    return items


async def test_tokens_are_made_listed_and_revoked(api: Api, call: Caller) -> None:
    made = await call("POST", "/tokens", {"user": api.person.username, "name": "backup", "scope": "read"})
    neither = await call("POST", "/tokens", {"name": "backup"})
    revoked = await call("DELETE", f"/tokens/{made.json['id']}")
    await call("POST", "/tokens", {"user": api.person.username, "name": "tests", "scope": "read"})
    listed = await call("GET", f"/tokens?user={api.person.username}")
    initial = await call("POST", "/registration-tokens", {"uses": 1})
    ended = await call("DELETE", f"/registration-tokens/{initial.json['id']}")

    assert made.json["token"].startswith("iam_pt_")
    assert (neither.status, revoked.status, initial.status, ended.status) == (422, 200, 201, 200)
    assert [each["name"] for each in listed.json["items"]] == ["tests"]
    assert initial.json["initial_access_token"].startswith("iam_ia_")


async def test_what_was_done_is_in_the_audit_log_with_who_called(api: Api, call: Caller) -> None:
    made = await call("POST", "/people", {"username": "alice"})

    latest = await call("GET", "/audit?limit=1&kind=user.created")
    about = await call("GET", "/audit?user=alice")

    (event,) = latest.json["items"]
    assert (event["actor"], event["user_id"]) == (f"user {api.person.user_id}", made.json["id"])
    assert event["address"] == "127.0.0.1"
    assert [each["kind"] for each in about.json["items"]] == ["user.created"]


async def test_a_refusal_is_explained(api: Api, call: Caller) -> None:
    refused = await Caller(api.server, "wrong")("GET", "/people")
    identifier = refused.json["error_uri"].rpartition("/")[2]

    reply = await call("GET", f"/refusals/{identifier}")

    assert (reply.json["id"], reply.json["failed"]) == (identifier, "access token")
    assert (await call("GET", "/refusals/000000000000")).status == 404


@pytest.mark.parametrize(
    ("role", "status", "told"), [("auditor", 200, True), ("support", 200, False), ("developer", 403, None)]
)
async def test_the_overview_tells_what_a_role_may_see(api: Api, role: str, status: int, told: bool | None) -> None:
    person = await api.server.person()
    await api.server.store.roles.grant(role, None, Holder(user_id=person.user_id), api.server.now(), SERVER)

    reply = await (await api.personal(person))("GET", "/overview")

    assert reply.status == status
    assert (reply.json["keys"] is not None if status == 200 else None) is told


ROLES = {
    "support": ("people", "applications", "sessions", "grants", "tokens"),  # their own applications, as everybody
    "auditor": None,
    "developer": ("applications", "scopes", "resources"),
}


@pytest.mark.parametrize("role", ROLES)
async def test_a_role_reads_its_nouns_and_a_person_is_not_told_of_others_applications(api: Api, role: str) -> None:
    person, app = await api.server.person(), await api.server.app()
    await api.server.store.roles.grant(role, None, Holder(user_id=person.user_id), api.server.now(), SERVER)
    call = await api.personal(person)

    statuses = {noun: (await call("GET", f"/{noun}")).status for noun in NOUNS}
    other = await call("GET", f"/applications/{app.client_id}")
    changing = await call("PATCH", f"/people/{api.person.user_id}", {"name": "Mallory"})

    allowed = NOUNS if ROLES[role] is None else ROLES[role]
    assert {noun for noun, status in statuses.items() if status == 200} == set(allowed)
    assert set(statuses.values()) <= {200, 403}
    assert other.status == {"support": 404, "auditor": 200, "developer": 404}[role]
    assert changing.status == 403


async def test_an_owner_enables_what_they_disabled_and_not_what_an_administrator_did(api: Api, call: Caller) -> None:
    owner = await api.server.person("alice")
    await api.server.store.roles.grant("developer", None, Holder(user_id=owner.user_id), api.server.now(), SERVER)
    made = await call("POST", "/applications", {"client_name": "Shop", "owner": "alice"})
    own, path = await api.personal(owner), f"/applications/{made.json['client_id']}"

    statuses = [(await each("POST", path + what)).status for each in (own, call) for what in ("/disable", "/enable")]
    await call("POST", path + "/disable")
    refused = await own("POST", path + "/enable")

    assert statuses == [200] * 4
    assert (refused.status, "An administrator has disabled" in refused.json["detail"]) == (403, True)
    assert (await call("GET", path)).json["disabled_at"] is not None


@pytest.mark.parametrize(("kind", "once_more"), [("of a client", 200), ("of a person", 422)])
async def test_a_token_is_looked_up_and_revoked_by_its_text(api: Api, call: Caller, kind: str, once_more: int) -> None:
    alice, app = await api.server.person("alice"), await api.server.app()
    if kind == "of a client":
        text = (await api.server.tokens(app, alice))["access_token"]
    else:
        text = (await call("POST", "/tokens", {"user": "alice", "name": "backup", "scope": "read"})).json["token"]

    shown = await call("POST", "/tokens/show", {"text": text})
    ended = await call("POST", "/tokens/revoke", {"text": text})
    again = [await call("POST", path, {"text": text}) for path in ("/tokens/show", "/tokens/revoke")]
    auditor = await api.personal(await api.with_role("auditor"))

    assert (shown.json["active"], shown.json["username"], shown.json["sub"]) == (True, "alice", str(alice.user_id))
    assert ended.json["client_id"] == (app.client_id if kind == "of a client" else None)
    assert (again[0].json["active"], again[1].status) == (False, once_more)
    assert (await auditor("POST", "/tokens/show", {"text": text})).status == 200
    assert (await auditor("POST", "/tokens/revoke", {"text": text})).status == 403
