"""Wrong codes are counted by factor, person and network, on all servers together (H14, H24)."""

from typing import Any

import pytest

from iam.records.actor import SERVER
from tests.harness import Server
from tests.pages.accounts import acting
from tests.pages.conftest import Visitor, make_account
from tests.pages.factors import App, add_app, type_code, with_password
from tests.pages.form import form_of

MOST = 5  # wrong codes of one factor of a person
PAUSE = 300  # seconds until another
PAGES = {"app": "/login/factor/totp", "recovery code": "/login/factor/recovery"}


@pytest.fixture
def limits() -> tuple[str, ...]:
    return ("factor-network=8", "factor-network-pause=600")


async def with_codes(server: Server, username: str = "ada") -> tuple[Visitor, App, tuple[str, ...]]:
    """Somebody who has typed their password, their app, and their recovery codes."""
    user_id = await make_account(server, username)
    app = await add_app(server, user_id)
    codes = await server.application.recovery_codes.renew(user_id, SERVER)
    return await with_password(server, username), app, codes


async def wrong(visitor: Visitor, page: str, times: int) -> list[int]:
    form = form_of((await visitor.get(page)).text)
    return [(await visitor.send(form, code="000000")).status for _ in range(times)]


@pytest.mark.parametrize("name", PAGES)
async def test_h24_after_five_wrong_codes_the_right_one_has_to_wait(limited: Server, name: str) -> None:
    limited.clock.stop()
    visitor, app, codes = await with_codes(limited)
    statuses = await wrong(visitor, PAGES[name], MOST)
    right = app.code(limited.now()) if name == "app" else codes[0]

    refused = await type_code(visitor, right, await visitor.get(PAGES[name]))
    limited.clock.advance(PAUSE)
    again = await with_password(limited)
    later = app.code(limited.now()) if name == "app" else codes[0]
    reply = await type_code(again, later, await again.get(PAGES[name]))

    assert statuses == [400] * MOST
    assert refused.status == 429
    assert "Wait 5 minutes, then try again." in refused.text
    assert int(refused.header("retry-after") or "0") == PAUSE
    assert await acting(visitor) is None
    assert reply.status == 303


async def test_h24_a_new_login_and_another_server_bring_no_new_tries(several_limited: tuple[Server, ...]) -> None:
    one, other, *_ = several_limited
    one.clock.stop()
    visitor, app, _ = await with_codes(one)
    await wrong(visitor, PAGES["app"], MOST)

    again = await with_password(other)
    reply = await type_code(again, app.code(other.now()), await again.get(PAGES["app"]))

    assert reply.status == 429


async def test_one_factor_that_has_to_wait_leaves_the_other(limited: Server) -> None:
    visitor, _, codes = await with_codes(limited)
    await wrong(visitor, PAGES["app"], MOST)

    again = await with_password(limited)
    reply = await type_code(again, codes[0], await again.get(PAGES["recovery code"]))

    assert (reply.status, reply.location) == (303, "/")


async def test_a_right_code_lets_the_person_be_wrong_again_as_often(limited: Server) -> None:
    limited.clock.stop()
    visitor, _, codes = await with_codes(limited)
    page = PAGES["recovery code"]
    await wrong(visitor, page, MOST - 1)
    await type_code(visitor, codes[0], await visitor.get(page))

    again = await with_password(limited)

    assert await wrong(again, page, 3) == [400] * 3


async def test_a_network_that_types_too_many_wrong_codes_has_to_wait_for_all_people(limited: Server) -> None:
    limited.clock.stop()
    ada, _, _ = await with_codes(limited, "ada")
    bob, app, _ = await with_codes(limited, "bob")
    await wrong(ada, PAGES["app"], MOST)
    await wrong(bob, PAGES["recovery code"], 3)

    here = await type_code(bob, app.code(limited.now()), await bob.get(PAGES["app"]))
    bob.address = "198.51.100.7"
    elsewhere = await type_code(bob, app.code(limited.now()), await bob.get(PAGES["app"]))

    assert (here.status, elsewhere.status) == (429, 303)


async def test_wrong_codes_are_counted_in_the_audit_log(limited: Server, admin: Any) -> None:
    visitor, _, _ = await with_codes(limited)
    await wrong(visitor, PAGES["app"], MOST + 2)
    await limited.store.refused_counts.flush()

    admin.execute(
        "select kind, detail ->> 'count' from audit_events where kind like 'factor.%%' and kind <> 'factor.added'"
    )

    assert dict(admin.fetchall())["factor.refused"] == "5"
