"""Many change different members of one object at once, by two servers, and no change undoes another."""

from collections.abc import Callable, Mapping
from typing import Any, Final

import pytest
from twisted.internet.defer import Deferred, gatherResults

from iam.administration import people
from iam.administration.actions.table import ACTIONS
from iam.administration.people import ProfileChange
from iam.administration.replacing import TRIES, Busy, replaced
from iam.pages.admin.places import filled, variables
from iam.records.actor import SERVER
from iam.records.user import User
from tests.api.conftest import Api, Caller
from tests.harness import Reply
from tests.pages.administered import API, world

MANY: Final = 20
UPDATES: Final = {action.name: action for action in ACTIONS if action.method == "PATCH"}

# For each action that changes members of an object: changes of different members, as many as there are.
CHANGES: Final[Mapping[str, Callable[[int], list[dict[str, Any]]]]] = {
    "person.update": lambda n: [
        {"name": f"Alice {n}"},
        {"email": f"alice{n}@example.org"},
        *({"claims": {f"claim_{number}": n}} for number in range(MANY - 2)),
    ],
    "group.update": lambda n: [{"name": f"readers {n}"}, {"description": f"Who read {n}"}],
    "application.update": lambda n: [
        {"client_name": f"Shop {n}"},
        {"client_uri": f"https://shop.example/{n}"},
        {"redirect_uris": [f"https://shop.example/cb{n}"]},
        {"policy_uri": f"https://shop.example/policy{n}"},
        {"tos_uri": f"https://shop.example/tos{n}"},
        {"logo_uri": f"https://shop.example/logo{n}"},
        {"contacts": [f"shop{n}@example.org"]},
        {"default_max_age": 100 + n},
        {"post_logout_redirect_uris": [f"https://shop.example/out{n}"]},
    ],
    "resource.update": lambda n: [
        {"lifetime": 100 + n},
        {"scopes": ["read", "write"][: 1 + n % 2]},
        {"clients": ["all", "named"][n % 2]},
        {"signing_alg": ["ES256", "RS256"][n % 2]},
    ],
}


@pytest.mark.parametrize("name", UPDATES)
async def test_changes_of_different_members_at_once_all_hold(api: Api, call: Caller, name: str) -> None:
    action, found = UPDATES[name], await world(api.server)
    path = filled(action.path, {each: found[action.noun][each] for each in variables(action)})

    for turn in range(MANY // len(CHANGES[name](0))):
        bodies = CHANGES[name](turn)
        replies = await at_once(call, path, bodies)
        shown = (await call("GET", path)).json

        assert {reply.status for reply in replies} == {200}, [reply.text for reply in replies]
        assert [body for body in bodies if not holds(shown, body)] == []


async def test_a_change_is_made_of_what_the_database_has_and_not_of_memory(api: Api, call: Caller, admin: Any) -> None:
    await world(api.server)
    await api.server.store.resources.find(API)
    path = filled("/resources/{resource}", {"resource": API})
    admin.execute("update resources set lifetime = 77 where uri = %s", (API,))

    reply = await call("PATCH", path, {"scopes": ["read"]})

    assert (reply.status, reply.json["lifetime"]) == (200, 77)


async def test_who_is_never_the_first_is_told_so_and_nothing_is_done(api: Api, admin: Any) -> None:
    on, person, tries = api.server.application.administration, await api.server.person(), []
    change = ProfileChange(name="Late")

    async def late() -> User:
        tries.append("again")
        admin.execute("update users set name = %s where id = %s", (f"Somebody {len(tries)}", person.user_id))
        return await people.update(on, person.username, change, SERVER)

    with pytest.raises(Busy):
        await replaced(on, "people", str(person.user_id), late)

    found = await people.find(on, person.username)
    assert (len(tries), found.name) == (TRIES, f"Somebody {TRIES}")


async def at_once(call: Caller, path: str, bodies: list[dict[str, Any]]) -> list[Reply]:
    replies: list[Reply] = await gatherResults([Deferred.fromCoroutine(call("PATCH", path, body)) for body in bodies])
    return replies


def holds(shown: Mapping[str, Any], body: Mapping[str, Any]) -> bool:
    """Whether the object has what the change says."""
    claims = body.get("claims", {}).items() <= shown.get("claims", {}).items()
    return claims and all(shown[name] == value for name, value in body.items() if name != "claims")
