"""In one login five codes are tested, whatever the limits are: then it begins anew with the password (H24)."""

from collections import Counter
from collections.abc import Awaitable, Callable
from typing import Any, Final

import pytest
from twisted.internet.defer import Deferred, gatherResults

from iam.people.factors.attempts import MOST
from iam.records.actor import SERVER
from tests.harness import Reply, Server
from tests.pages.accounts import acting
from tests.pages.conftest import PASSWORD, Visitor, logged_in, make_account
from tests.pages.factors import App, add_app, amr_of, follow, somebody_with_an_app, type_code, with_password
from tests.pages.form import form_of

TOTP: Final = "/login/factor/totp"
ORIGIN: Final = {"Origin": "null", "Sec-Fetch-Site": "same-origin"}
SENTENCE: Final = "There were five wrong codes. Begin anew with your password."

Begun = Callable[[Server], Awaitable[tuple[Visitor, App]]]


async def stepping_up(server: Server) -> tuple[Visitor, App]:
    """Somebody who is logged in by the password alone, and has an app."""
    visitor = await logged_in(server, username="ada")
    user = await server.store.users.by_username("ada")
    assert user is not None
    return visitor, await add_app(server, user.id)


WAYS: Final[dict[str, tuple[Begun, str]]] = {
    "a login": (somebody_with_an_app, TOTP),
    "a step up": (stepping_up, TOTP + "?step=up"),
}


async def wrong(visitor: Visitor, path: str, times: int) -> list[int]:
    form = form_of((await visitor.get(path)).text)
    return [(await visitor.send(form, code="000000")).status for _ in range(times)]


@pytest.mark.parametrize("way", WAYS)
async def test_h24_after_five_wrong_codes_a_login_begins_anew_also_without_limits(server: Server, way: str) -> None:
    begin, path = WAYS[way]
    visitor, app = await begin(server)
    page = await visitor.get(path)

    statuses = await wrong(visitor, path, MOST)
    spent = await type_code(visitor, app.code(server.now()), page)

    assert statuses == [400] * MOST
    assert spent.status == 303
    assert (spent.location.partition("?")[0], spent.location.endswith("&codes=spent")) == ("/login", True)
    assert SENTENCE in (await visitor.get(spent.location)).text


async def test_h24_a_login_that_began_anew_takes_the_right_code(server: Server, admin: Any) -> None:
    visitor, app = await somebody_with_an_app(server)
    await wrong(visitor, TOTP, MOST)

    reply = await type_code(await with_password(server), app.code(server.now()))

    assert (reply.status, reply.location) == (303, "/")
    assert amr_of(admin) == {"ada": ["pwd", "otp", "mfa"]}


async def test_h24_a_step_up_that_is_spent_goes_on_after_a_new_login(server: Server, admin: Any) -> None:
    server.clock.stop()
    visitor, app = await somebody_with_an_app(server)
    await type_code(visitor, app.code(server.now()))
    path = TOTP + "?step=up&next=/account"
    page = await visitor.get(path)
    await wrong(visitor, path, MOST)
    server.clock.advance(60)
    spent = await type_code(visitor, app.code(server.now()), page)

    again = await visitor.send(await visitor.form(spent.location), login="ada", password=PASSWORD)
    reply = await type_code(visitor, app.code(server.now()), await follow(visitor, again))

    assert reply.location == "/account"
    assert await acting(visitor) == "ada"
    admin.execute("select codes from sessions")
    assert admin.fetchall() == [(0,)]


async def test_h24_codes_of_all_factors_count_together(server: Server) -> None:
    user_id = await make_account(server, "ada")
    await add_app(server, user_id)
    code, *_ = await server.application.recovery_codes.renew(user_id, SERVER)
    visitor = await with_password(server)
    page = await visitor.get("/login/factor/recovery")
    await wrong(visitor, TOTP, MOST)

    reply = await type_code(visitor, code, page)

    assert reply.location == "/login?next=%2F&codes=spent"
    assert await server.application.recovery_codes.left(user_id) == 10


@pytest.mark.parametrize("way", WAYS)
async def test_h24_of_forty_codes_at_once_over_two_servers_five_are_tested(
    server: Server, configured: Any, way: str
) -> None:
    begin, path = WAYS[way]
    visitor, _ = await begin(server)
    form, second = form_of((await visitor.get(path)).text), configured()

    async def send(number: int) -> Reply:
        one = (server, second)[number % 2]
        return await one.post(form.action, form.filled({"code": "000000"}), headers={**visitor.headers, **ORIGIN})

    replies = await gatherResults([Deferred.fromCoroutine(send(number)) for number in range(40)])

    assert Counter(reply.status for reply in replies) == {400: MOST, 303: 40 - MOST}
    assert {reply.location.endswith("&codes=spent") for reply in replies if reply.status == 303} == {True}


async def test_a_login_that_is_over_for_another_reason_blames_no_codes(server: Server) -> None:
    visitor, app = await somebody_with_an_app(server)
    page = await visitor.get(TOTP)
    await type_code(await with_password(server), app.code(server.now()))
    server.clock.advance(601)

    reply = await type_code(visitor, app.code(server.now()), page)

    assert reply.location == "/login?next=%2F"
