"""`/api/v1/roles`: roles on this server and in applications, and who has them."""

from typing import Any

import pytest

from tests.api.conftest import Api, Caller


async def test_a_role_is_given_listed_and_taken_away(api: Api, call: Caller) -> None:
    alice = await api.server.person("alice")

    given = await call("POST", "/roles", {"role": "support", "person": "alice"})
    listed = await call("GET", "/roles?person=alice")
    taken = await call("DELETE", "/roles?role=support&person=alice")
    again = await call("DELETE", "/roles?role=support&person=alice")

    assert (given.status, taken.status, again.status) == (200, 200, 422)
    assert (given.json["user_id"], given.json["role"], given.json["client_id"]) == (str(alice.user_id), "support", None)
    assert listed.json["items"] == [given.json] == [taken.json]
    assert again.json["errors"][0]["detail"] == "alice was not given the role support."


async def test_roles_are_listed_by_pages_of_groups_and_applications_too(api: Api, call: Caller) -> None:
    app = await api.server.app()
    await call("POST", "/groups", {"name": "editors"})
    for role in ("editor", "chief editor"):
        await call("POST", "/roles", {"role": role, "group": "editors", "client": app.client_id})

    first = await call("GET", "/roles?limit=1")
    second = await call("GET", f"/roles?limit=1&after={first.json['next']}")
    third = await call("GET", f"/roles?limit=1&after={second.json['next']}")
    in_app = await call("GET", f"/roles?client={app.client_id}&group=editors")

    found = [each["role"] for reply in (first, second, third) for each in reply.json["items"]]
    assert found == ["administrator", "chief editor", "editor"]
    assert third.json["next"] is None
    assert [each["group"] for each in in_app.json["items"]] == ["editors", "editors"]
    assert (await call("GET", "/roles?after=WyJhIiwiYiIsImMiXQ")).status == 422


@pytest.mark.parametrize(
    ("body", "status", "sentence"),
    [
        ({"role": "editor", "person": "alice"}, 422, "Give one of the roles"),
        ({"role": "support"}, 422, "Name one"),
        ({"role": "support", "person": "alice", "group": "x"}, 422, "Name one"),
        ({"role": "support", "person": "nobody"}, 422, "There is no person nobody."),
    ],
)
async def test_what_cannot_be_given_is_said(api: Api, call: Caller, body: Any, status: int, sentence: str) -> None:
    await api.server.person("alice")

    reply = await call("POST", "/roles", body)

    assert reply.status == status
    assert sentence in reply.text


async def test_nobody_gives_themselves_a_role_and_the_last_administrator_stays(api: Api, call: Caller) -> None:
    own = await call("POST", "/roles", {"role": "auditor", "person": api.person.username})
    last = await call("DELETE", f"/roles?role=administrator&person={api.person.username}")

    assert (own.status, last.status) == (422, 409)
    assert "Nobody gives roles to themselves" in own.text
    assert "last enabled administrator" in last.text


@pytest.mark.parametrize(("role", "status"), [("auditor", 200), ("support", 403), ("developer", 403)])
async def test_an_auditor_sees_roles_and_gives_none(api: Api, call: Caller, role: str, status: int) -> None:
    alice = await api.server.person("alice")
    await call("POST", "/roles", {"role": role, "person": "alice"})
    theirs = await api.logged_in(alice)

    assert (await theirs("GET", "/roles")).status == status
    assert (await theirs("POST", "/roles", {"role": "support", "person": api.person.username})).status == 403
    assert (await theirs("DELETE", f"/roles?role={role}&person=alice")).status == 403
