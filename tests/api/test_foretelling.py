"""What an action would end is told at the API before it is done, to whoever may do it, and without anything secret."""

from iam.administration.actions.table import ACTIONS, FORETELLING
from iam.records.actor import SERVER
from iam.store.roles import Holder
from tests.api.conftest import Api, Caller


async def test_it_is_what_the_command_line_asks(api: Api, call: Caller) -> None:
    alice, app = await api.server.person(), await api.server.app()
    await api.server.tokens(app, alice)

    deleting = await call("GET", f"/people/{alice.username}/delete")
    disabling = await call("GET", f"/people/{alice.username}/disable?keep_grants=true")
    there = await call("GET", f"/people/{alice.username}")

    assert (deleting.json["question"], deleting.json["for_good"]) == (f"Delete {alice.username}, for good?", True)
    assert "1 grant: Test application" in deleting.json["sections"][0]["items"]
    assert disabling.json["for_good"] is False
    assert there.json["disabled"] is False


async def test_nothing_in_use_is_no_question(call: Caller) -> None:
    await call("POST", "/scopes", {"name": "box:open", "description": "Open the box"})

    losses = await call("GET", "/scopes/box:open/restrict")

    assert losses.json == {"question": None, "sections": [], "for_good": False}


async def test_a_list_is_told_by_its_items(api: Api, call: Caller) -> None:
    alice, app = await api.server.person(), await api.server.app()
    await api.server.tokens(app, alice)
    for name in ("editors, and writers", "readers"):
        await call("POST", "/groups", {"name": name})

    losses = await call("GET", "/scopes/read/restrict?groups=editors%2C+and+writers&groups=readers")

    assert losses.json["question"] == "Restrict the scope read to the groups editors, and writers, readers?"
    assert (await call("GET", "/people?search=a&search=b")).status == 400


async def test_what_cannot_be_done_is_said_before(api: Api, call: Caller) -> None:
    assert (await call("GET", f"/people/{api.person.user_id}/disable")).status == 409
    assert (await call("GET", "/people/nobody/delete")).status == 404
    assert (await call("GET", "/people/nobody/delete?sure=yes")).status == 422


async def test_it_is_told_to_those_who_may_do_it_and_nobody_else(api: Api) -> None:
    alice, support, reader, auditor = [await api.server.person() for _ in range(4)]
    for role, person in (("support", support), ("support", reader), ("auditor", auditor)):
        await api.server.store.roles.grant(role, None, Holder(user_id=person.user_id), api.server.now(), SERVER)
    path = f"/people/{alice.user_id}/delete"

    helping, looking = await api.logged_in(support), await api.logged_in(auditor)
    reading = await api.personal(reader, "iam:people:read")

    assert [(await caller("GET", path)).status for caller in (helping, looking, reading)] == [200, 403, 403]
    assert (await helping("GET", f"/people/{auditor.user_id}/delete")).status == 403


def test_every_action_with_losses_tells_them_and_takes_no_secret() -> None:
    assert len(FORETELLING) == len([action for action in ACTIONS if action.losses])
    assert {action.method for action in FORETELLING} == {"GET"}
    assert [
        name
        for action in FORETELLING
        for name, told in action.input.model_fields.items()
        if "SecretStr" in str(told.annotation)
    ] == []
    assert any("SecretStr" in str(told.annotation) for each in ACTIONS for told in each.input.model_fields.values())


async def test_me_is_whose_the_token_is(api: Api) -> None:
    personal = await (await api.personal(api.person, "iam:keys:read"))("GET", "/me")
    app = await api.server.app(scopes=("iam:people:read",))
    client = await (await api.client(app, ["iam:people:read"]))("GET", "/me")
    nobody = await Caller(api.server, "wrong")("GET", "/me")
    picky = await (await api.personal(await api.server.person(superuser=True)))("GET", "/me", Accept="text/html")

    assert (personal.json["username"], personal.json["roles"]) == (api.person.username, ["administrator"])
    assert (personal.json["client_id"], personal.json["scopes"]) == (None, ["iam:keys:read"])
    assert (client.json["id"], client.json["client_id"], client.json["roles"]) == (None, app.client_id, [])
    assert (nobody.status, picky.status) == (401, 406)
