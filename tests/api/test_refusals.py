"""Refusals at the API: who may list which, page by page."""

from typing import Any

import pytest

from iam.administration.actions import refusals
from iam.administration.actions.action import Forbidden
from iam.administration.actions.operator import Operator
from iam.administration.actions.performing import perform
from iam.administration.actions.refusals import RefusalListing
from iam.records import actor
from iam.records.actor import SERVER
from iam.records.invalid import Missing
from iam.records.role import Role
from iam.store.roles import Holder
from tests.api.conftest import Api, Caller
from tests.harness import REDIRECT_URI, App
from tests.pages.conftest import asking, visitor_of


async def refused(api: Api, app: App, times: int = 1, **changes: str) -> None:
    """Requests of an application that are refused."""
    for _ in range(times):
        await api.server.get(asking(app, **{"redirect_uri": "https://elsewhere.example", **changes}))


async def everything(call: Caller, path: str) -> list[Any]:
    """The items of all pages, of one each."""
    items: list[Any] = []
    following: str | None = path + "limit=1"
    while following is not None:
        reply = await call("GET", following)
        assert reply.status == 200, reply.text
        items += reply.json["items"]
        link = reply.header("link")
        following = link.partition("/api/v1")[2].partition(">")[0] if link else None
    return items


async def test_refusals_are_listed_the_latest_first_page_by_page(api: Api, call: Caller) -> None:
    one, other = await api.server.app(), await api.server.app()
    await refused(api, one, 2)
    await refused(api, other)
    await api.server.token(other, grant_type="authorization_code", code="x", redirect_uri=REDIRECT_URI)

    listed = await everything(call, "/refusals?")
    of_one = await everything(call, f"/refusals?client={one.client_id}&")
    at_token = await everything(call, "/refusals?endpoint=/token&error=invalid_grant&")

    assert [each["client_id"] for each in listed] == [other.client_id] * 2 + [one.client_id] * 2
    assert [each["at"] for each in listed] == sorted((each["at"] for each in listed), reverse=True)
    assert [each["id"] for each in of_one] == [each["id"] for each in listed[2:]]
    assert [each["id"] for each in at_token] == [listed[0]["id"]]


async def test_a_refusal_names_who_was_logged_in(api: Api, call: Caller) -> None:
    app, alice = await api.server.app(), await api.server.person()
    await visitor_of(api.server, alice).get(asking(app, redirect_uri="https://elsewhere.example"))
    await visitor_of(api.server, alice).get(asking(app, scope="nonsense"))
    await refused(api, app)

    of_alice = await everything(call, f"/refusals?person={alice.username}&")

    assert [(each["failed"], each["user_id"]) for each in of_alice] == [
        ("scope", str(alice.user_id)),
        ("redirect_uri", str(alice.user_id)),
    ]


@pytest.mark.parametrize(
    "query",
    ["after=x", "limit=0", "since=yesterday", "colour=red", "person=nobody", "client=a%00b", "after=WyJ4IiwieSJd"],
)
async def test_an_address_of_no_list_is_refused(call: Caller, query: str) -> None:
    assert (await call("GET", "/refusals?" + query)).status in (400, 404, 422)


async def test_since_is_a_moment(api: Api, call: Caller) -> None:
    app = await api.server.app()
    await refused(api, app)
    api.server.clock.advance(60)
    since = api.server.now().isoformat().replace("+00:00", "Z")
    await refused(api, app)

    assert len(await everything(call, f"/refusals?since={since}&")) == 1


@pytest.mark.parametrize("role", Role, ids=str)
async def test_an_owner_lists_what_was_refused_to_their_application(api: Api, role: Role) -> None:
    owner = await api.server.person(superuser=role is Role.ADMINISTRATOR)
    if role is not Role.ADMINISTRATOR:
        await api.server.store.roles.grant(role, None, Holder(user_id=owner.user_id), api.server.now(), SERVER)
    own, other = await visitor_of(api.server, owner).register(), await api.server.app()
    for app in (own, other):
        await refused(api, app)
    caller = await api.personal(owner, "iam:refusals:read")

    statuses = {
        "own": (await caller("GET", f"/refusals?client={own.client_id}")).status,
        "other's": (await caller("GET", f"/refusals?client={other.client_id}")).status,
        "all": (await caller("GET", "/refusals")).status,
    }

    reads = role in (Role.ADMINISTRATOR, Role.SUPPORT, Role.AUDITOR)
    assert statuses == {"own": 200, "other's": 200 if reads else 422, "all": 200 if reads else 403}


async def test_who_has_no_role_lists_what_was_refused_to_their_own_application_alone(api: Api) -> None:
    owner = await api.server.person()
    own, other = await visitor_of(api.server, owner).register(), await api.server.app()
    await refused(api, own)
    operator = Operator(actor.person(owner.user_id, "192.0.2.1"), frozenset(), owner.user_id)
    on = api.server.application.administration

    listed = await perform(on, refusals.LIST, RefusalListing(client=own.client_id), operator)

    assert [each.client_id for each in listed.items] == [own.client_id]
    for wish, error in ((RefusalListing(), Forbidden), (RefusalListing(client=other.client_id), Missing)):
        with pytest.raises(error):
            await perform(on, refusals.LIST, wish, operator)


async def test_why_a_person_cannot_log_in_is_told_in_sentences(api: Api, call: Caller) -> None:
    alice = await api.server.person()

    told = await call("GET", f"/people/{alice.user_id}/obstacles")
    lifted = await call("POST", f"/people/{alice.user_id}/unthrottle")

    assert [(each["kind"], each["action"]) for each in told.json["obstacles"]] == [("no_password", "person.invite")]
    assert (lifted.status, lifted.json["id"]) == (200, str(alice.user_id))
    assert (await call("GET", "/people/nobody/obstacles")).status == 404
