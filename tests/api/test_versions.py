"""Changes of the version that was seen (`If-Match`): of many at once, one is made."""

from collections import Counter

import pytest
from twisted.internet.defer import Deferred, gatherResults

from tests.api.conftest import Api, Caller
from tests.harness import Reply

MANY = 20
RESOURCE = "https://api.example.org"
PATHS = {
    "people": "/people/alice",
    "applications": "/applications/{client_id}",
    "groups": "/groups/editors",
    "scopes": "/scopes/printing",
    "resources": "/resources/https%3A%2F%2Fapi.example.org",
}


async def make(api: Api, call: Caller, noun: str) -> str:
    """The path of an object that everybody is about to change."""
    await api.server.person("alice")
    app = await api.server.app()
    await call("POST", "/groups", {"name": "editors"})
    await call("POST", "/scopes", {"name": "printing", "description": "Print"})
    await call("POST", "/resources", {"resource": RESOURCE})
    return PATHS[noun].format(client_id=app.client_id)


CHANGES = {
    "people": ("PATCH", lambda n: {"name": f"Alice {n}"}),
    "applications": ("PATCH", lambda n: {"client_name": f"Shop {n}"}),
    "groups": ("PATCH", lambda n: {"description": f"Number {n}"}),
    "scopes": ("DELETE", lambda n: None),
    "resources": ("PATCH", lambda n: {"lifetime": 100 + n}),
}


async def at_once(call: Caller, method: str, path: str, bodies: list[object], tag: str) -> list[Reply]:
    asked = [Deferred.fromCoroutine(call(method, path, body, If_Match=tag)) for body in bodies]
    replies: list[Reply] = await gatherResults(asked)
    return replies


@pytest.mark.parametrize("noun", CHANGES)
async def test_of_many_changes_of_one_version_one_is_made(api: Api, call: Caller, noun: str) -> None:
    path = await make(api, call, noun)
    seen = (await call("GET", path)).header("etag")
    assert seen
    method, body = CHANGES[noun]

    replies = await at_once(call, method, path, [body(number) for number in range(MANY)], seen)

    statuses = Counter(reply.status for reply in replies)
    assert statuses[200] == 1
    assert statuses[412] + (statuses[404] if noun == "scopes" else 0) == MANY - 1  # a scope is gone then


async def test_of_many_members_that_one_version_of_a_group_gets_one_comes(api: Api, call: Caller) -> None:
    path = await make(api, call, "groups")
    people = [await api.server.person() for _ in range(MANY)]
    seen = (await call("GET", path)).header("etag")
    assert seen

    bodies = [{"person": person.username} for person in people]
    replies = await at_once(call, "POST", f"{path}/members", bodies, seen)

    assert Counter(reply.status for reply in replies) == {200: 1, 412: MANY - 1}
    assert (await call("GET", path)).json["members"] == 1


@pytest.mark.parametrize("noun", CHANGES)
async def test_the_version_that_is_there_is_changed_and_any_is_by_a_star(api: Api, call: Caller, noun: str) -> None:
    path = await make(api, call, noun)
    method, body = CHANGES[noun]

    stale = await call(method, path, body(1), If_Match='"another"')
    done = await call(method, path, body(1), If_Match="*")

    assert (stale.status, done.status) == (412, 200)


async def test_what_is_refused_for_another_reason_leaves_the_version(api: Api, call: Caller) -> None:
    path = await make(api, call, "people")
    seen = (await call("GET", path)).header("etag")
    assert seen

    wrong = await call("PATCH", path, {"email": "nowhere"}, If_Match=seen)
    right = await call("PATCH", path, {"name": "Alice"}, If_Match=seen)

    assert (wrong.status, right.status) == (422, 200)


async def test_what_is_not_there_yet_has_no_version(call: Caller) -> None:
    reply = await call("POST", "/groups", {"name": "editors"}, If_Match='"x"')

    assert (reply.status, (await call("GET", "/groups")).json["items"]) == (412, [])
