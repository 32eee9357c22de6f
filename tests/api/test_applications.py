"""`/api/v1/applications`: which are used, whose they are, and the filters of their list."""

from typing import Any

import pytest

from iam.store.partitions import DAY
from tests.api.conftest import Api, Caller
from tests.harness import App
from tests.registering import register

UNUSED = 90 * DAY + DAY


def names(reply: Any) -> set[str]:
    return {each["client_id"] for each in reply.json["items"]}


async def used(api: Api) -> App:
    """An application that is used now."""
    app = await api.server.app()
    await api.server.token(app, grant_type="client_credentials")
    await api.server.store.strangers.write_all(api.server.now())
    return app


async def test_an_application_says_when_it_was_last_used(api: Api, call: Caller) -> None:
    app, never = await used(api), await api.server.app()

    shown, other = [(await call("GET", f"/applications/{each.client_id}")).json for each in (app, never)]
    listed = {each["client_id"]: each for each in (await call("GET", "/applications")).json["items"]}

    assert (shown["last_used"], shown["unused"]) == (api.server.now().date().isoformat(), False)
    assert (other["last_used"], other["unused"]) == (None, True)
    assert (listed[app.client_id], listed[never.client_id]) == (shown, other)


async def test_the_list_is_of_those_that_nobody_uses(api: Api, call: Caller) -> None:
    long_ago = await used(api)
    api.server.clock.advance(UNUSED)
    lately, never = await used(api), await api.server.app()
    call = await api.logged_in(await api.server.person(superuser=True))

    unused = names(await call("GET", "/applications?unused=true"))

    assert {long_ago.client_id, never.client_id} <= unused
    assert lately.client_id not in unused


async def test_the_list_is_of_somebodys_or_those_that_are_disabled(api: Api, call: Caller) -> None:
    alice = await api.server.person("alice")
    own = (await call("POST", "/applications", {"client_name": "Own", "owner": "alice"})).json["client_id"]
    off = (await call("POST", "/applications", {"client_name": "Off"})).json["client_id"]
    await call("POST", f"/applications/{off}/disable")

    owned = await call("GET", f"/applications?owner={alice.user_id}")
    disabled = await call("GET", "/applications?disabled=true")
    enabled = await call("GET", "/applications?disabled=false")
    nobodys = await call("GET", "/applications?owner=nobody")

    assert (names(owned), names(disabled)) == ({own}, {off})
    assert own in names(enabled)
    assert off not in names(enabled)
    assert nobodys.status == 422


async def test_the_list_is_of_those_that_registered_themselves(api: Api, call: Caller, configured: Any) -> None:
    registered = await register(configured(registration="open"), None)
    app = await api.server.app()

    themselves = await call("GET", "/applications?registered_itself=true")
    others = await call("GET", "/applications?registered_itself=false")

    assert names(themselves) == {registered.json["client_id"]}
    assert app.client_id in names(others)


async def test_who_sees_their_own_alone_does_not_ask_for_others(api: Api) -> None:
    call = await api.logged_in(await api.with_role("developer"))

    reply = await call("GET", f"/applications?owner={api.person.username}")

    assert (reply.status, reply.json["detail"]) == (403, "You see your own applications alone: leave out the owner.")


async def test_a_use_makes_no_other_version(api: Api, call: Caller) -> None:
    app = await api.server.app()
    path = f"/applications/{app.client_id}"
    before = (await call("GET", path)).header("etag")
    await api.server.token(app, grant_type="client_credentials")
    await api.server.store.strangers.write_all(api.server.now())
    assert before

    reply = await call("PATCH", path, {"client_name": "Shop"}, If_Match=before)

    assert reply.status == 200


@pytest.mark.parametrize("name", ["unused", "disabled", "registered_itself"])
async def test_a_filter_that_is_neither_is_refused(call: Caller, name: str) -> None:
    reply = await call("GET", f"/applications?{name}=perhaps")

    assert (reply.status, [each["parameter"] for each in reply.json["errors"]]) == (422, [name])
