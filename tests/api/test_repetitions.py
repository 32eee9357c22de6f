"""A request that comes again with its Idempotency-Key is done once, and answered as the first time."""

from datetime import timedelta
from types import SimpleNamespace
from typing import Any

import pytest
from twisted.internet.defer import Deferred, gatherResults
from twisted.web.http_headers import Headers

from iam.database.errors import ConnectionLost, GivenUp, Overloaded, Unavailable
from iam.endpoints.api.refused import Refused
from iam.endpoints.api.repetitions import Repetitions
from iam.http.answers import Answer, json_answer
from tests.api.conftest import Api, Caller

SHOP = {"client_name": "Shop", "scope": "read"}


async def test_the_same_request_is_done_once_and_shows_the_same_secret(api: Api, call: Caller, admin: Any) -> None:
    first = await call("POST", "/applications", SHOP, Idempotency_Key="one")
    second = await call("POST", "/applications", SHOP, Idempotency_Key="one")
    other = await call("POST", "/applications", SHOP, Idempotency_Key="two")

    assert (first.status, second.status, other.status) == (201, 201, 201)
    assert (second.json, second.location) == (first.json, first.location)
    assert other.json["client_id"] != first.json["client_id"]
    admin.execute("select answer from repeated_requests")
    assert all(first.json["client_secret"].encode() not in bytes(answer) for (answer,) in admin.fetchall())


async def test_another_request_with_the_same_key_is_refused(api: Api, call: Caller) -> None:
    await call("POST", "/applications", SHOP, Idempotency_Key="one")

    reply = await call("POST", "/applications", {**SHOP, "client_name": "Store"}, Idempotency_Key="one")
    elsewhere = await (await api.personal(await api.server.person(superuser=True)))(
        "POST", "/applications", SHOP, Idempotency_Key="one"
    )

    assert (reply.status, elsewhere.status) == (422, 201)


async def test_what_came_to_nothing_may_come_again(call: Caller) -> None:
    wrong = await call("POST", "/people", {"username": "a b"}, Idempotency_Key="one")
    right = await call("POST", "/people", {"username": "ab"}, Idempotency_Key="one")

    assert (wrong.status, right.status) == (422, 201)


@pytest.mark.parametrize(("error", "again"), [(ConnectionLost, 409), (GivenUp, 409), (Overloaded, 201)])
async def test_what_may_have_been_done_is_not_done_again(api: Api, error: type[Unavailable], again: int) -> None:
    headers = Headers({"authorization": ["Bearer iam_pt_of_tests"], "idempotency-key": ["one"]})
    request: Any = SimpleNamespace(method=b"POST", path=b"/", query=b"", body=b"", requestHeaders=headers)
    repetitions = Repetitions(api.server.store.repeated_requests, api.server.clock_of_store())

    async def fail() -> Answer:
        raise error("in a test")

    async def act() -> Answer:
        return json_answer(201, {})

    with pytest.raises(error):
        await repetitions.once(request, fail)
    try:
        status = (await repetitions.once(request, act)).status
    except Refused as refused:
        status = refused.status

    assert status == again


async def test_of_two_at_once_one_is_done(api: Api, call: Caller) -> None:
    async def make() -> int:
        return (await call("POST", "/applications", SHOP, Idempotency_Key="one")).status

    statuses = await gatherResults([Deferred.fromCoroutine(make()) for _ in range(4)])

    assert 201 in statuses
    assert set(statuses) <= {201, 409}
    assert len((await call("GET", "/applications?search=shop")).json["items"]) == 1


@pytest.mark.parametrize("text", ["", "x" * 256, "\u00e9"])
async def test_a_malformed_key_is_refused(call: Caller, text: str) -> None:
    reply = await call("POST", "/people", {"username": "ab"}, Idempotency_Key=text)

    assert reply.status == 400


async def test_a_key_is_good_for_a_day(api: Api, call: Caller) -> None:
    await call("POST", "/people", {"username": "ab"}, Idempotency_Key="one")

    table, now = api.server.store.repeated_requests, api.server.now()
    swept = [await table.sweep(now - timedelta(days=1)), await table.sweep(now + timedelta(seconds=1))]

    assert swept == [0, 1]
