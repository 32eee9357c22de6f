"""What support may end and change, and what stays the administrators'."""

from datetime import timedelta
from typing import Any

import pytest
from pytest_twisted import blockon
from twisted.internet.defer import Deferred

from iam.administration import personal_tokens
from iam.administration.losses import Losses, Section
from iam.administration.personal_tokens import Wish
from iam.records.actor import SERVER
from iam.records.personal_token import Owner
from tests.api.conftest import Api, Caller
from tests.harness import Person


@pytest.fixture
def helper(api: Api) -> Caller:
    """Somebody who has the role support."""

    async def made() -> Caller:
        return await api.personal(await api.with_role("support"))

    found: Caller = blockon(Deferred.fromCoroutine(made()))
    return found


async def held(api: Api, person: Person) -> dict[str, str]:
    """The paths of a session, of a grant and of a token of this person."""
    store, now = api.server.store, api.server.now()
    await api.server.tokens(await api.server.app(), person)
    (session,) = await store.sessions.living(now, now - timedelta(hours=1), user_id=person.user_id)
    (grant,) = [each for each in await store.grants.living(now, user_id=person.user_id) if each.client_id]
    user = await store.users.by_id(person.user_id)
    assert user
    on = api.server.application.administration
    made = await personal_tokens.create_for_person(on, user, Wish("backup", ["read"]), SERVER)
    return {"session": f"/sessions/{session.id}", "grant": f"/grants/{grant.id}", "token": f"/tokens/{made.token.id}"}


async def test_support_ends_what_people_without_a_role_have(api: Api, helper: Caller) -> None:
    paths = await held(api, await api.server.person("alice"))

    statuses = {noun: (await helper("DELETE", path)).status for noun, path in paths.items()}
    again = {noun: (await helper("DELETE", path)).status for noun, path in paths.items()}

    assert statuses == dict.fromkeys(paths, 200)
    assert again["session"] == again["token"] == 404


async def test_support_ends_nothing_of_somebody_with_a_role(api: Api, helper: Caller) -> None:
    paths = await held(api, await api.with_role("auditor"))

    replies = {noun: await helper("DELETE", path) for noun, path in paths.items()}

    assert {noun: reply.status for noun, reply in replies.items()} == dict.fromkeys(paths, 403)
    assert all("somebody who has a role" in reply.json["detail"] for reply in replies.values())


async def test_support_ends_nothing_that_an_application_has_for_itself(api: Api, helper: Caller) -> None:
    app = await api.server.app(grant_types=("client_credentials",), scopes=("read",))
    client = await api.server.store.clients.read(app.client_id)
    assert client
    on = api.server.application.administration
    made = await personal_tokens.create_for_client(on, client, Wish("backup", ["read"]), SERVER)

    replies = [await helper("DELETE", path) for path in (f"/tokens/{made.token.id}", f"/grants/{client.grant_id}")]

    assert [reply.status for reply in replies] == [403, 403]
    assert all("application has for itself" in reply.json["detail"] for reply in replies)
    assert await personal_tokens.find(on, made.token.id, made.token.owner)


@pytest.mark.parametrize("noun", ["sessions", "grants", "tokens"])
async def test_what_is_not_there_is_missing(helper: Caller, noun: str) -> None:
    reply = await helper("DELETE", f"/{noun}/00000000-0000-0000-0000-000000000001")

    assert reply.status == 404


async def test_support_does_not_change_the_address_of_somebody_who_can_log_in(api: Api, helper: Caller) -> None:
    person = await api.server.person("alice", email="alice@example.org")
    path = f"/people/{person.user_id}"
    await api.server.store.users.set_password(person.user_id, "a hash", api.server.now(), SERVER)

    moved = await helper("PATCH", path, {"email": "mallory@example.org"})
    removed = await helper("PATCH", path, {"email": ""})
    same = await helper("PATCH", path, {"email": " Alice@example.org", "name": "Alice"})

    assert (moved.status, removed.status, same.status) == (403, 403, 200)
    assert "They change it themselves" in moved.json["detail"]
    assert same.json["email"].strip().lower() == "alice@example.org"


async def test_support_corrects_the_address_of_somebody_who_is_invited(api: Api, helper: Caller) -> None:
    await helper("POST", "/people", {"username": "bob", "email": "bbo@example.org"})

    reply = await helper("PATCH", "/people/bob", {"email": "bob@example.org"})

    assert (reply.status, reply.json["email"], reply.json["email_verified"]) == (200, "bob@example.org", False)


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("POST", "/people", {"username": "carol", "email": "ceo@example.org", "email_verified": True}),
        ("PATCH", "/people/alice", {"email_verified": True}),
    ],
)
async def test_support_verifies_no_address(api: Api, helper: Caller, method: str, path: str, body: Any) -> None:
    await api.server.person("alice", email="alice@example.org")

    reply = await helper(method, path, body)

    assert (reply.status, reply.json["detail"]) == (403, "Only an administrator may give these: email_verified.")


async def test_support_ends_all_tokens_of_a_person_and_of_no_application(api: Api, helper: Caller) -> None:
    on, alice = api.server.application.administration, await api.server.person("alice")
    user, app = await api.server.store.users.by_id(alice.user_id), await api.server.app()
    client = await api.server.store.clients.read(app.client_id)
    assert user
    assert client
    for name in ("backup", "mirror"):
        await personal_tokens.create_for_person(on, user, Wish(name, ["read"]), SERVER)
    service = await personal_tokens.create_for_client(on, client, Wish("nightly", ["read"]), SERVER)

    losses = await personal_tokens.count_losses(on, "alice", Owner(user_id=user.id))
    ended = await helper("POST", "/tokens/revoke-all", {"user": "alice"})
    again = await helper("POST", "/tokens/revoke-all", {"user": "alice"})
    refused = await helper("POST", "/tokens/revoke-all", {"client": app.client_id})
    both = await helper("POST", "/tokens/revoke-all", {"user": "alice", "client": app.client_id})

    assert losses == Losses(
        "Revoke all tokens of alice?", [Section("These stop working:", ["2 tokens: backup, mirror"])]
    )
    assert (ended.json, again.json) == ({"revoked": 2}, {"revoked": 0})
    assert (refused.status, both.status) == (403, 422)
    assert await personal_tokens.list_all(on, service.token.owner)


async def test_what_a_person_allowed_one_application_ends_and_no_more(api: Api, helper: Caller) -> None:
    alice, bob = await api.server.person("alice"), await api.server.person("bob")
    app, other = await api.server.app(), await api.server.app()
    kept = [await api.server.tokens(app, bob), await api.server.tokens(other, alice)]
    ended = await api.server.tokens(app, alice)

    reply = await helper("POST", "/grants/withdraw", {"user": "alice", "client": app.client_id})
    again = await helper("POST", "/grants/withdraw", {"user": "alice", "client": app.client_id})

    assert (reply.json, again.status) == ({"revoked": True}, 422)
    assert (await api.server.introspect(app, ended["access_token"]))["active"] is False
    assert [
        (await api.server.introspect(each, tokens["access_token"]))["active"]
        for each, tokens in zip((app, other), kept, strict=True)
    ] == [True] * 2
    assert again.json["errors"][0]["pointer"] == "#/client"


async def test_who_is_named_in_a_body_and_is_not_there_is_a_member_at_fault(helper: Caller, call: Caller) -> None:
    bodies = {"/grants/withdraw": {"user": "nobody", "client": "none"}, "/tokens/revoke-all": {"user": "nobody"}}

    replies = [await caller("POST", path, body) for path, body in bodies.items() for caller in (helper, call)]

    assert [(reply.status, reply.json["errors"][0]["pointer"]) for reply in replies] == [(422, "#/user")] * 4


async def test_support_ends_nothing_that_somebody_with_a_role_allowed(api: Api, helper: Caller) -> None:
    auditor, app = await api.with_role("auditor"), await api.server.app()
    await api.server.tokens(app, auditor)

    reply = await helper("POST", "/grants/withdraw", {"user": "auditor", "client": app.client_id})

    assert reply.status == 403
