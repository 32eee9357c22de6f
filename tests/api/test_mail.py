"""`/api/v1/mail`: what waits, was delivered or given up, without what it says; sent now, or discarded."""

from datetime import timedelta
from typing import Any

import pytest

from iam.administration import invitations
from iam.records.actor import SERVER
from iam.store.roles import Holder
from tests.api.conftest import Api, Caller
from tests.mailbox import newest

MINUTE = timedelta(minutes=1)


async def invite(api: Api, name: str = "bob") -> str:
    """Has a mail written; returns its link."""
    on = api.server.application.administration
    await invitations.invite(on, name, SERVER, email=f"{name}@example.org")
    link = (await newest(api.server)).link
    assert link is not None
    return link


async def take(api: Api) -> Any:
    """Takes the mail that waits, as a server does that is about to send it."""
    now = api.server.now()
    (mail,) = await api.server.store.outbox.take(now, now + MINUTE, most=1)
    return mail


async def fail(api: Api) -> None:
    await api.server.store.outbox.failed(await take(api), api.server.now() + 10 * MINUTE, "451 not now")


async def listed(call: Caller, query: str = "") -> list[Any]:
    reply = await call("GET", "/mail" + query)
    assert reply.status == 200, reply.text
    return reply.json["items"]


async def test_mail_is_listed_with_what_became_of_it(api: Api, call: Caller) -> None:
    for name in ("alice", "bob", "carol"):
        await invite(api, name)
        api.server.clock.advance(60)
    outbox, now = api.server.store.outbox, api.server.now()
    alice, bob, carol = await outbox.take(now, now + MINUTE, most=3)
    await outbox.sent([alice.id], now)
    await outbox.give_up(bob, now, "550 nobody here")
    await outbox.failed(carol, now + 10 * MINUTE, "451 not now")

    found = {each["username"]: each for each in await listed(call)}

    assert list(found) == ["carol", "bob", "alice"]
    assert [each["state"] for each in found.values()] == ["waiting", "failed", "delivered"]
    assert [each["recipient"] for each in found.values()] == [f"{name}@example.org" for name in found]
    assert [each["reason"] for each in found.values()] == ["451 not now", "550 nobody here", None]
    assert [each["attempts"] for each in found.values()] == [1, 1, 1]
    assert [each["due_at"] is not None for each in found.values()] == [True, False, False]
    assert [each["ended_at"] is not None for each in found.values()] == [False, True, True]
    assert (await call("GET", f"/mail/{found['bob']['id']}")).json == found["bob"]


async def test_mail_is_found_by_state_person_and_time_and_read_by_pages(api: Api, call: Caller) -> None:
    for name in ("alice", "bob", "carol"):
        await invite(api, name)
        api.server.clock.advance(60)
    await api.server.store.outbox.sent([(await take(api)).id], api.server.now())
    since = (api.server.now() - 90 * timedelta(seconds=1)).strftime("%Y-%m-%dT%H:%M:%SZ")

    waiting = [each["username"] for each in await listed(call, "?state=waiting")]
    delivered = [each["username"] for each in await listed(call, "?state=delivered")]
    of_bob = [each["username"] for each in await listed(call, "?person=bob")]
    late = [each["username"] for each in await listed(call, f"?since={since}")]
    first = await call("GET", "/mail?limit=2")
    second = await call("GET", f"/mail?limit=2&after={first.json['next']}")

    assert (waiting, delivered) == (["carol", "bob"], ["alice"])
    assert (of_bob, late) == (["bob"], ["carol"])
    assert [each["username"] for page in (first, second) for each in page.json["items"]] == ["carol", "bob", "alice"]
    assert second.json["next"] is None
    assert (await call("GET", "/mail?state=lost")).status == 422
    assert (await call("GET", "/mail?after=WyJhIiwiYiJd")).status == 422


async def test_h25_no_answer_holds_the_link_or_its_encrypted_text(api: Api, call: Caller, admin: Any) -> None:
    link = await invite(api)
    admin.execute("select encode(secret, 'hex'), encode(secret, 'base64') from outbox")
    sealed = admin.fetchone()
    secret = link.rpartition("=")[2]

    (mail,) = await listed(call)
    texts = [(await call("GET", path)).text for path in ("/mail", f"/mail/{mail['id']}")]
    texts += [
        (await call("POST", f"/mail/{mail['id']}/retry")).text,
        (await call("DELETE", f"/mail/{mail['id']}")).text,
    ]

    assert len(secret) > 40
    assert [text for text in texts if any(each in text for each in (secret, *sealed))] == []


async def test_a_mail_that_waits_is_sent_now(api: Api, call: Caller) -> None:
    await invite(api)
    await fail(api)
    (mail,) = await listed(call)

    reply = await call("POST", f"/mail/{mail['id']}/retry")

    (event,) = await api.server.store.audit.events(kind="mail.retried")
    assert (reply.status, reply.json["attempts"], reply.json["under_way"]) == (200, 1, False)
    assert (event.subject, event.detail) == (mail["user_id"], {"mail": "invite"})
    assert (await take(api)).attempt == 2


async def test_a_mail_that_is_being_sent_is_not_sent_twice_nor_discarded(api: Api, call: Caller) -> None:
    await invite(api)
    taken = await take(api)
    (mail,) = await listed(call)

    replies = [await call("POST", f"/mail/{mail['id']}/retry"), await call("DELETE", f"/mail/{mail['id']}")]

    assert (mail["under_way"], mail["due_at"]) == (True, None)
    assert [reply.status for reply in replies] == [422, 422]
    assert "being sent" in replies[0].json["detail"]
    await api.server.store.outbox.sent([taken.id], api.server.now())
    assert (await call("POST", f"/mail/{mail['id']}/retry")).status == 422


async def test_a_mail_of_a_server_that_died_is_nobodys_after_a_while(api: Api, call: Caller) -> None:
    await invite(api)
    await take(api)
    (mail,) = await listed(call)
    api.server.clock.advance(61)

    reply = await call("POST", f"/mail/{mail['id']}/retry")

    assert (reply.status, reply.json["under_way"]) == (200, False)


async def test_a_discarded_mail_is_never_sent(api: Api, call: Caller) -> None:
    await invite(api)
    (mail,) = await listed(call)

    reply = await call("DELETE", f"/mail/{mail['id']}")

    (event,) = await api.server.store.audit.events(kind="mail.discarded")
    assert reply.json == {"id": mail["id"], "discarded": True}
    assert (event.subject, event.detail) == (mail["user_id"], {"mail": "invite"})
    assert await api.server.store.outbox.take(api.server.now(), api.server.now() + MINUTE, most=1) == []
    assert (await call("DELETE", f"/mail/{mail['id']}")).status == 404


ROLES = {"support": (200, 200, 403), "auditor": (200, 403, 403), "developer": (403, 403, 403)}


@pytest.mark.parametrize("role", ROLES)
async def test_a_role_reads_and_retries_what_it_may(api: Api, call: Caller, role: str) -> None:
    await invite(api)
    (mail,) = await listed(call)
    person = await api.server.person()
    await api.server.store.roles.grant(role, None, Holder(user_id=person.user_id), api.server.now(), SERVER)
    theirs = await api.personal(person)

    statuses = (
        (await theirs("GET", "/mail")).status,
        (await theirs("POST", f"/mail/{mail['id']}/retry")).status,
        (await theirs("DELETE", f"/mail/{mail['id']}")).status,
    )

    assert statuses == ROLES[role]


async def test_support_leaves_the_mail_of_somebody_with_a_role(api: Api, call: Caller) -> None:
    await invite(api)
    bob = await api.server.store.users.by_username("bob")
    assert bob is not None
    await api.server.store.roles.grant("auditor", None, Holder(user_id=bob.id), api.server.now(), SERVER)
    (mail,) = await listed(call)
    person = await api.server.person()
    await api.server.store.roles.grant("support", None, Holder(user_id=person.user_id), api.server.now(), SERVER)

    reply = await (await api.personal(person))("POST", f"/mail/{mail['id']}/retry")

    assert reply.status == 403


async def test_who_may_not_see_people_sees_no_address(api: Api) -> None:
    await invite(api)
    call = await api.personal(api.person, "iam:mail:read")

    (mail,) = await listed(call)
    shown = await call("GET", f"/mail/{mail['id']}")

    assert (mail["recipient"], mail["username"], mail["template"]) == (None, None, "invite")
    assert "example.org" not in shown.text


async def test_a_test_goes_to_ones_own_address_if_it_is_known_to_be_ones_own(api: Api, call: Caller) -> None:
    without = await call("POST", "/mail/test")
    await call("PATCH", f"/people/{api.person.username}", {"email": "eve@example.org", "email_verified": True})

    reply = await call("POST", "/mail/test")

    (mail,) = await listed(call)
    (event,) = await api.server.store.audit.events(kind="mail.tested")
    assert (without.status, without.json["errors"][0]["pointer"]) == (422, "#/mail")
    assert (reply.status, reply.json) == (200, {"recipient": "eve@example.org"})
    assert (mail["template"], mail["recipient"], mail["username"]) == ("test", "eve@example.org", api.person.username)
    assert event.actor == f"user {api.person.user_id}"
