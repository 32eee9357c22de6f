"""`/api/v1/people`: the accounts of people."""

from datetime import timedelta
from typing import Any

import pytest

from iam.records.actor import SERVER
from iam.store.roles import Holder
from tests.api.conftest import Api, Caller
from tests.mailbox import mailbox

ALICE = {"username": "alice", "email": "alice@example.org", "name": "Alice", "claims": {"department": "Sales"}}


async def test_a_person_is_made_found_changed_and_deleted(call: Caller) -> None:
    made = await call("POST", "/people", ALICE)
    shown = await call("GET", "/people/alice")
    changed = await call("PATCH", f"/people/{made.json['id']}", {"name": "Alice L.", "claims": {"floor": 3}})
    deleted = await call("DELETE", "/people/ALICE")

    assert (made.status, shown.status, changed.status, deleted.status) == (201, 200, 200, 200)
    assert made.location == f"/api/v1/people/{made.json['id']}"
    assert shown.json == made.json
    assert changed.json["claims"] == {"department": "Sales", "floor": 3}
    assert deleted.json == {"id": made.json["id"], "username": "alice", "deleted": True}
    assert (await call("GET", "/people/alice")).status == 404


async def test_a_client_that_acts_for_itself_may_administer(api: Api) -> None:
    app = await api.server.app(grant_types=("client_credentials",), scopes=("iam:people:read",))
    call = await api.client(app, ["iam:people:read"])

    reply = await call("GET", "/people")

    assert [person["username"] for person in reply.json["items"]] == [api.person.username]


async def test_people_are_listed_by_pages_that_link_to_each_other(api: Api, call: Caller) -> None:
    for name in ("carol", "alice", "bob", "Albert"):
        await call("POST", "/people", {"username": name, "email": f"{name}@example.org"})

    first = await call("GET", "/people?search=AL&limit=1")
    second = await call("GET", linked(first))
    by_email = await call("GET", "/people?search=alice@")
    everybody = await call("GET", "/people?limit=200")

    assert [names(reply) for reply in (first, second, by_email)] == [["Albert"], ["alice"], ["alice"]]
    assert (second.header("link"), second.json["next"]) == (None, None)
    assert names(everybody) == sorted(["Albert", "alice", "bob", "carol", api.person.username], key=str.lower)


def names(reply: Any) -> list[str]:
    return [person["username"] for person in reply.json["items"]]


def linked(reply: Any) -> str:
    """The address of the next page."""
    address, _, relation = reply.header("link").partition(">; ")
    assert relation == 'rel="next"'
    return str(address.partition("/api/v1")[2])


@pytest.mark.parametrize(
    ("method", "path", "body", "status", "errors"),
    [
        ("POST", "/people", {"username": "a b"}, 422, {"#/username": "Choose a username without spaces"}),
        ("POST", "/people", {}, 422, {"#/username": "This is needed."}),
        ("POST", "/people", {"username": "x", "colour": 1}, 422, {"#/colour": "There is no such member."}),
        ("POST", "/people", {"username": "x", "email_verified": "yes"}, 422, {"#/email_verified": "Input should be"}),
        ("POST", "/people", b'{"username": "x", "username": "y"}', 400, {}),
        ("POST", "/people", b"[]", 400, {}),
        ("GET", "/people?limit=0", None, 422, {"limit": "Input should be greater"}),
        ("GET", "/people?after=x", None, 422, {"after": "Take `after`"}),
        ("GET", "/people?after=WzFd", None, 422, {"after": "Take `after`"}),
        ("GET", "/people?limit=1&limit=2", None, 400, {}),
        ("GET", "/people/nobody", None, 404, {}),
        ("GET", "/sessions?user=nobody", None, 422, {"user": "There is no person nobody."}),
        ("POST", "/tokens", {"user": "nobody", "name": "x"}, 422, {"#/user": "There is no person nobody."}),
        ("DELETE", "/people/nobody", None, 404, {}),
        ("PATCH", "/people/nobody", {"person": "x"}, 422, {"#/person": "There is no such member."}),
        ("PATCH", "/people/nobody", {"name": "x"}, 404, {}),
        ("GET", "/people/a%00b", None, 400, {}),
        ("GET", "/people/%FF", None, 400, {}),
        ("GET", "/nothing", None, 404, {}),
        ("PUT", "/people", {}, 405, {}),
    ],
)
async def test_what_cannot_be_done_is_a_problem(
    call: Caller, method: str, path: str, body: Any, status: int, errors: dict[str, str]
) -> None:
    reply = await call(method, path, body)

    assert reply.status == status
    if "%00" not in path:  # refused before anybody looks what is asked for
        assert reply.header("content-type") == "application/problem+json"
        assert reply.json["status"] == status
        found = {error.get("pointer") or error["parameter"]: error["detail"] for error in reply.json.get("errors", [])}
        assert found.keys() == errors.keys()
        assert all(found[place].startswith(sentence) for place, sentence in errors.items())


async def test_only_the_version_that_was_seen_is_changed(call: Caller) -> None:
    await call("POST", "/people", ALICE)
    seen = (await call("GET", "/people/alice")).header("etag")
    assert seen

    first = await call("PATCH", "/people/alice", {"name": "A."}, If_Match=seen)
    second = await call("PATCH", "/people/alice", {"name": "B."}, If_Match=seen)
    gone = await call("DELETE", "/people/nobody", If_Match=seen)

    assert (first.status, second.status, gone.status) == (200, 412, 404)
    assert (await call("GET", "/people/alice")).json["name"] == "A."


async def test_a_body_of_another_type_and_an_answer_of_another_type_are_refused(call: Caller) -> None:
    form = await call("POST", "/people", b"username=x", Content_Type="application/x-www-form-urlencoded")
    page = await call("GET", "/people", Accept="text/html")

    assert (form.status, page.status) == (415, 406)


async def test_the_last_administrator_stays(api: Api, call: Caller) -> None:
    reply = await call("DELETE", f"/people/{api.person.username}")

    assert reply.status == 409
    assert reply.json["detail"].startswith("This is the last enabled administrator")


async def test_links_are_made_and_sessions_end(api: Api, call: Caller) -> None:
    somebody = await api.server.person()

    invited = await call("POST", "/people/invitations", {"username": "new", "email": "new@example.org"})
    reset = await call("POST", f"/people/{somebody.user_id}/reset-password")
    ended = await call("POST", f"/people/{somebody.user_id}/end-sessions")

    assert (invited.status, reset.status) == (201, 200)
    assert invited.json["link"].startswith(api.server.settings.issuer + "/invitation")
    assert reset.json["link"].startswith(api.server.settings.issuer + "/reset/password")
    assert ended.json == {"ended": 1}


async def test_a_link_that_support_makes_is_mailed_and_shown_to_nobody(api: Api) -> None:
    helper, person = await api.server.person(), await api.server.person(email="alice@example.org")
    nowhere = await api.server.person()
    await api.server.store.roles.grant("support", None, Holder(user_id=helper.user_id), api.server.now(), SERVER)
    call = await api.logged_in(helper, "iam:people:write")
    api.server.clock.stop()

    reset = await call("POST", f"/people/{person.user_id}/reset-password")
    invited = await call("POST", "/people/invitations", {"username": "new", "email": "new@example.org"})
    refused = await call("POST", f"/people/{nowhere.user_id}/reset-password")
    unmade = await call("POST", "/people/invitations", {"username": "newer"})

    assert [(reply.json["link"], reply.json["mailed"]) for reply in (reset, invited)] == [(None, True)] * 2
    assert reset.json["expires_at"] == f"{api.server.now() + timedelta(hours=1):%Y-%m-%dT%H:%M:%SZ}"
    assert {letter.recipient for letter in await mailbox(api.server)} == {"alice@example.org", "new@example.org"}
    assert (refused.status, unmade.status) == (422, 422)
    assert await api.server.store.users.by_username("newer") is None


async def test_an_administrator_sets_a_password_and_support_does_not(api: Api, call: Caller) -> None:
    alice = await api.server.person("alice")
    support = await api.personal(await api.with_role("support"))
    body = {"password": "seven wet otters sing"}

    refused = await support("POST", "/people/alice/password", body)
    weak = await call("POST", "/people/alice/password", {"password": "alice"})
    changed = await call("POST", "/people/alice/password", body)

    assert (refused.status, weak.status, changed.status) == (403, 422, 200)
    assert weak.json["errors"][0]["pointer"] == "#/password"
    assert body["password"] not in changed.text
    assert (await call("GET", f"/sessions?user={alice.user_id}")).json["items"] == []
