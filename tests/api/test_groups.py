"""`/api/v1/groups`: groups of people, and who is in them."""

from typing import Any

import pytest

from iam.administration import groups, roles
from iam.administration.restrictions import restrict_scope
from iam.administration.roles import Place
from iam.records.actor import SERVER
from tests.api.conftest import Api, Caller

EDITORS = {"name": "editors", "description": "Who write the news"}


async def test_a_group_is_made_found_changed_and_deleted(call: Caller) -> None:
    made = await call("POST", "/groups", EDITORS)
    shown = await call("GET", "/groups/EDITORS")
    changed = await call("PATCH", f"/groups/{made.json['id']}", {"name": "writers"}, if_match=shown.header("etag"))
    deleted = await call("DELETE", "/groups/writers")

    assert (made.status, shown.status, changed.status, deleted.status) == (201, 200, 200, 200)
    assert made.location == f"/api/v1/groups/{made.json['id']}"
    assert shown.json == made.json | {"clients": [], "scopes": []}
    assert (changed.json["name"], changed.json["description"]) == ("writers", EDITORS["description"])
    assert deleted.json == {"id": made.json["id"], "name": "writers", "deleted": True}
    assert (await call("GET", "/groups/writers")).status == 404


async def test_groups_and_their_members_are_listed_by_pages(api: Api, call: Caller) -> None:
    people = [await api.server.person(name) for name in ("alice", "bob", "carol")]
    for name in ("editors", "Engineers", "readers"):
        await call("POST", "/groups", {"name": name})
    for person in people:
        await call("POST", "/groups/editors/members", {"person": person.username})

    first = await call("GET", "/groups?search=E&limit=1")
    second = await call("GET", f"/groups?search=E&limit=1&after={first.json['next']}")
    some = await call("GET", "/groups/editors/members?limit=2")
    rest = await call("GET", f"/groups/editors/members?limit=2&after={some.json['next']}")

    assert [[each["name"] for each in reply.json["items"]] for reply in (first, second)] == [["editors"], ["Engineers"]]
    assert second.json["next"] is None
    listed = [each["id"] for reply in (some, rest) for each in reply.json["items"]]
    assert listed == sorted(str(person.user_id) for person in people)
    assert (await call("GET", "/groups/editors/members?after=WyJ4Il0")).status == 422


async def test_members_come_manage_and_go(api: Api, call: Caller) -> None:
    await api.server.person("alice")
    await call("POST", "/groups", EDITORS)

    added = await call("POST", "/groups/editors/members", {"person": "alice", "owner": True})
    (member,) = (await call("GET", "/groups/editors/members")).json["items"]
    removed = await call("DELETE", "/groups/editors/members/alice")
    again = await call("DELETE", "/groups/editors/members/alice")

    assert (added.json["members"], removed.json["members"]) == (1, 0)
    assert (member["username"], member["owner"]) == ("alice", True)
    assert again.status == 422


@pytest.mark.parametrize(("role", "told"), [("support", None), ("auditor", ["write"]), ("administrator", ["write"])])
async def test_what_is_for_members_alone_is_told_to_who_may_see_all(
    api: Api, call: Caller, role: str, told: list[str] | None
) -> None:
    on, alice = api.server.application.administration, await api.server.person("alice")
    await call("POST", "/groups", EDITORS)
    await restrict_scope(on, "write", ["editors"], SERVER)
    await roles.grant(on, role, Place("alice"), SERVER)

    shown = await (await api.personal(alice))("GET", "/groups/editors")

    assert shown.json["scopes"] == told


GROUP = "/groups/editors"
READING: list[tuple[str, str, Any]] = [
    ("GET", "/groups", None),
    ("GET", GROUP, None),
    ("GET", f"{GROUP}/members", None),
]
MANAGING: list[tuple[str, str, Any]] = [
    ("PATCH", GROUP, {"description": "x"}),
    ("POST", f"{GROUP}/members", {"person": "bob"}),
    ("DELETE", f"{GROUP}/members/bob", None),
]
ADMINISTERING: list[tuple[str, str, Any]] = [("POST", "/groups", {"name": "x"}), ("DELETE", GROUP, None)]
MAY: dict[str, list[list[tuple[str, str, Any]]]] = {
    "administrator": [READING, MANAGING, ADMINISTERING],
    "support": [READING],
    "auditor": [READING],
    "developer": [],
    "nobody": [],
    "owner": [READING[1:], MANAGING],
    "member": [],
}


# Who may know of no groups is not told which there are.
UNKNOWING = dict.fromkeys(("developer", "nobody", "member"), (404,))


@pytest.mark.parametrize("who", MAY)
async def test_each_role_may_what_it_may_and_no_more(api: Api, who: str) -> None:
    server, on = api.server, api.server.application.administration
    person, _ = await server.person("alice"), await server.person("bob")
    await groups.create(on, "editors", "", SERVER)
    if who in ("owner", "member"):
        await groups.add(on, "editors", "alice", SERVER, owner=who == "owner")
    elif who != "nobody":
        await roles.grant(on, who, Place("alice"), SERVER)
    app = await server.app(scopes=("iam:groups:read", "iam:groups:write"))
    tokens = await server.tokens(app, person, resource=api.uri, scope="iam:groups:read iam:groups:write")
    call = Caller(server, tokens["access_token"])

    replies = {
        (method, path): (await call(method, path, body)).status
        for method, path, body in (*READING, *MANAGING, *ADMINISTERING)
    }

    allowed = {(method, path) for part in MAY[who] for method, path, _ in part}
    assert {each for each, status in replies.items() if status < 300} == allowed
    assert {status for each, status in replies.items() if each not in allowed} <= {403, *UNKNOWING.get(who, ())}
