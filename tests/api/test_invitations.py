"""`/api/v1/invitations`: links to passwords that are still good, without the links; withdrawn, they are good no more."""

from datetime import timedelta
from typing import Any

import pytest

from iam.administration import invitations
from iam.administration.invitations import Offer
from iam.records.actor import COMMAND_LINE, SERVER
from iam.store.roles import Holder
from tests.api.conftest import Api, Caller
from tests.mailbox import link_in_mail


async def invite(api: Api, name: str = "bob", email: str | None = None) -> Offer:
    return await invitations.invite(api.server.application.administration, name, COMMAND_LINE, email=email)


async def listed(call: Caller, query: str = "") -> list[Any]:
    reply = await call("GET", "/invitations" + query)
    assert reply.status == 200, reply.text
    return reply.json["items"]


def path(api: Api, offer: Offer) -> str:
    return offer.link.removeprefix(api.server.settings.issuer)


async def test_what_is_still_good_is_listed_with_who_made_it(api: Api, call: Caller) -> None:
    made = await call("POST", "/people/invitations", {"username": "bob", "email": "bob@example.org"})
    reset = await call("POST", f"/people/{api.person.username}/reset-password")

    first, second = await listed(call)

    assert (first["kind"], first["username"], first["mailed_to"], first["printed"]) == (
        *("invite", "bob", "bob@example.org"),
        True,
    )
    assert (first["made_by"], first["expires_at"]) == (api.person.username, made.json["expires_at"])
    assert (second["kind"], second["username"], second["user_id"]) == ("reset", api.person.username, reset.json["id"])
    assert (await call("GET", f"/invitations/{first['id']}")).json == first


async def test_h22_no_answer_holds_a_link(api: Api, call: Caller) -> None:
    printed = path(api, await invite(api, email="bob@example.org")).rpartition("=")[2]
    mailed = (await link_in_mail(api.server)).rpartition("=")[2]

    (found,) = await listed(call)
    texts = [(await call("GET", "/invitations")).text, (await call("GET", f"/invitations/{found['id']}")).text]

    assert len(printed) > 40
    assert [text for text in texts if printed in text or mailed in text] == []


async def test_a_withdrawn_link_answers_as_one_that_has_ended(api: Api, call: Caller) -> None:
    offer = await invite(api, email="bob@example.org")
    mailed = await link_in_mail(api.server)
    (found,) = await listed(call)
    before = [(await api.server.request("GET", link)).status for link in (path(api, offer), mailed)]

    reply = await call("DELETE", f"/invitations/{found['id']}")

    after = [await api.server.request("GET", link) for link in (path(api, offer), mailed)]
    (event,) = await api.server.store.audit.events(kind="user.invitation_withdrawn")
    assert (before, [each.status for each in after]) == ([200, 200], [403, 403])
    assert all("can give you another one" in each.text for each in after)
    assert reply.json == {"id": found["id"], "withdrawn": True}
    assert (event.subject, event.detail) == (found["user_id"], {"link": "invite"})
    assert await listed(call) == []
    assert (await call("DELETE", f"/invitations/{found['id']}")).status == 404


async def test_a_link_that_was_replaced_is_not_good_again_because_the_newer_one_is_withdrawn(
    api: Api, call: Caller
) -> None:
    older = await invite(api)
    api.server.clock.advance(60)
    await invite(api)
    (found,) = await listed(call)

    await call("DELETE", f"/invitations/{found['id']}")

    assert (await api.server.request("GET", path(api, older))).status == 403
    assert await listed(call) == []


async def test_what_was_used_or_has_expired_is_not_listed(api: Api, call: Caller) -> None:
    await invite(api)
    assert len(await listed(call)) == 1

    api.server.clock.advance(timedelta(days=8).total_seconds())

    call = await api.personal(api.person)
    assert await listed(call) == []


async def test_links_are_found_by_person_and_kind_and_read_by_pages(api: Api, call: Caller) -> None:
    for name in ("alice", "bob", "carol"):
        await invite(api, name)
        api.server.clock.advance(60)
    await call("POST", f"/people/{api.person.username}/reset-password")

    of_bob = [each["username"] for each in await listed(call, "?person=bob")]
    resets = [each["username"] for each in await listed(call, "?kind=reset")]
    first = await call("GET", "/invitations?limit=2&kind=invite")
    second = await call("GET", f"/invitations?limit=2&kind=invite&after={first.json['next']}")

    assert (of_bob, resets) == (["bob"], [api.person.username])
    assert [each["username"] for page in (first, second) for each in page.json["items"]] == ["carol", "bob", "alice"]
    assert second.json["next"] is None


async def test_of_a_link_that_support_makes_only_the_mailed_one_is_there(api: Api, call: Caller) -> None:
    person = await api.server.person()
    await api.server.store.roles.grant("support", None, Holder(user_id=person.user_id), api.server.now(), SERVER)
    theirs = await api.personal(person, "iam:people:write")

    made = await theirs("POST", "/people/invitations", {"username": "bob", "email": "bob@example.org"})

    (found,) = await listed(call)
    assert made.status == 201, made.text
    assert (found["printed"], found["mailed_to"], found["made_by"]) == (False, "bob@example.org", person.username)
    assert found["expires_at"] == made.json["expires_at"]
    link = await link_in_mail(api.server)
    await call("DELETE", f"/invitations/{found['id']}")
    assert (await api.server.request("GET", link)).status == 403
    assert await listed(call) == []


ROLES = {"support": (200, 200), "auditor": (200, 403), "developer": (403, 403)}


@pytest.mark.parametrize("role", ROLES)
async def test_a_role_reads_and_withdraws_what_it_may(api: Api, call: Caller, role: str) -> None:
    await invite(api)
    (found,) = await listed(call)
    person = await api.server.person()
    await api.server.store.roles.grant(role, None, Holder(user_id=person.user_id), api.server.now(), SERVER)
    theirs = await api.personal(person)

    statuses = (
        (await theirs("GET", "/invitations")).status,
        (await theirs("DELETE", f"/invitations/{found['id']}")).status,
    )

    assert statuses == ROLES[role]


async def test_support_withdraws_no_link_of_somebody_with_a_role(api: Api, call: Caller) -> None:
    await call("POST", f"/people/{api.person.username}/reset-password")
    (found,) = await listed(call)
    person = await api.server.person()
    await api.server.store.roles.grant("support", None, Holder(user_id=person.user_id), api.server.now(), SERVER)

    reply = await (await api.personal(person))("DELETE", f"/invitations/{found['id']}")

    assert reply.status == 403
    assert len(await listed(call)) == 1


async def test_who_may_not_see_people_sees_no_names(api: Api) -> None:
    await invite(api, email="bob@example.org")
    call = await api.personal(api.person, "iam:invitations:read")

    (found,) = await listed(call)

    assert (found["username"], found["mailed_to"], found["made_by"]) == (None, None, None)
