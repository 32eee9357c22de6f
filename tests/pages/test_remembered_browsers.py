"""Browsers in which a person is not asked for another factor (H24)."""

from typing import Any

import pytest

from iam.records.actor import SERVER
from tests.harness import Server
from tests.pages.accounts import acting
from tests.pages.conftest import PASSWORD, Visitor, asking, make_account, password_hash
from tests.pages.factors import App, add_app, somebody_with_an_app, type_code, with_password
from tests.pages.form import form_of
from tests.pages.test_security_page import app_of

MONTH = 30 * 86_400  # seconds


async def remembered(server: Server, username: str = "ada") -> tuple[Visitor, App]:
    """Somebody who has said not to be asked again in this browser."""
    visitor, app = await somebody_with_an_app(server, username)
    assert (await type_code(visitor, app.code(server.now()), remember="y")).status == 303
    return visitor, app


async def again(visitor: Visitor, path: str = "/login", username: str = "ada") -> Any:
    """Log in once more in this browser, of which nothing but the devices is left."""
    visitor.cookie = visitor.others = visitor.login = None
    return await visitor.send(await visitor.form(path), login=username, password=PASSWORD)


async def test_a_remembered_browser_is_not_asked_and_says_so(server: Server, admin: Any) -> None:
    visitor, _ = await remembered(server)

    replies = [await again(visitor) for _ in range(3)]

    assert [reply.location for reply in replies] == ["/"] * 3
    assert await acting(visitor) == "ada"
    admin.execute("select amr from sessions order by seen_at desc limit 1")
    assert admin.fetchone() == (["pwd"],)  # the truth: nothing else was proved this time


async def test_another_browser_is_asked(server: Server) -> None:
    await remembered(server)

    assert (await with_password(server)).login is not None


async def test_who_does_not_say_so_is_asked_again(server: Server) -> None:
    visitor, app = await somebody_with_an_app(server)
    await type_code(visitor, app.code(server.now()))

    assert (await again(visitor)).location.startswith("/login/factor?")


async def test_a_browser_is_forgotten_after_thirty_days(server: Server, admin: Any) -> None:
    visitor, _ = await remembered(server)
    server.clock.advance(MONTH - 60)
    before = await again(visitor)
    server.clock.advance(120)

    after = await again(visitor)
    await server.store.remembered_browsers.sweep(server.now())

    assert before.location == "/"
    assert after.location.startswith("/login/factor?")
    admin.execute("select count(*) from remembered_browsers")
    assert admin.fetchone() == (0,)


async def test_a_new_password_forgets_all_browsers(server: Server) -> None:
    visitor, _ = await remembered(server)
    user = await server.store.users.by_username("ada")
    assert user is not None
    server.clock.advance(1)

    await server.store.users.set_password(user.id, password_hash(), server.now(), by=SERVER)

    assert (await again(visitor)).location.startswith("/login/factor?")


async def test_a_browser_is_remembered_for_one_person(server: Server) -> None:
    visitor, _ = await remembered(server)
    _, _ = await somebody_with_an_app(server, "bob")

    assert (await again(visitor, username="bob")).location.startswith("/login/factor?")


async def test_a_person_forgets_a_browser_on_their_page(server: Server, admin: Any) -> None:
    visitor, _ = await remembered(server)
    page = await visitor.get("/account/security")
    admin.execute("select id::text from remembered_browsers")
    (browser,) = admin.fetchone()

    reply = await visitor.send(form_of(page.text), forget=browser)
    twice = await visitor.send(form_of(page.text), forget=browser)

    assert "Browsers in which you are not asked" in page.text
    assert (reply.status, reply.location) == (303, "/account/security")
    assert twice.status == 404
    assert (await again(visitor)).location.startswith("/login/factor?")
    admin.execute("select kind from audit_events where kind like 'browser.%%' order by at")
    assert [row[0] for row in admin.fetchall()] == ["browser.remembered", "browser.forgotten"]


async def test_nobody_forgets_a_browser_of_somebody_else(server: Server, admin: Any) -> None:
    await remembered(server)
    bob, _ = await remembered(server, "bob")
    page = await bob.get("/account/security")
    admin.execute(
        "select b.id::text from remembered_browsers b join users u on u.id = b.user_id where u.username = 'ada'"
    )
    (browser,) = admin.fetchone()

    for given in (browser, "", "x", "00000000-0000-0000-0000-000000000000"):
        assert (await bob.send(form_of(page.text), forget=given)).status == 404
    admin.execute("select count(*) from remembered_browsers")
    assert admin.fetchone() == (2,)


@pytest.mark.parametrize("asked", ["/login?login=again", "/account/security/app"])
async def test_what_is_to_be_confirmed_asks_a_remembered_browser_too(server: Server, asked: str, admin: Any) -> None:
    visitor, app = await remembered(server)
    await again(visitor)
    server.clock.advance(60)

    reply = await (again(visitor, asked) if asked.startswith("/login") else visitor.get(asked))
    if reply.status == 303 and "login=again" in reply.location:
        reply = await again(visitor, reply.location)

    assert reply.location.startswith("/login/factor?")
    assert app


async def test_a_request_that_wants_two_factors_asks_a_remembered_browser_too(server: Server, admin: Any) -> None:
    visitor, app = await remembered(server)
    await again(visitor)
    server.clock.advance(60)
    shop = await server.app(scopes=("openid", "read"), acr="2")

    reply = await visitor.get(asking(shop, scope="openid read"))
    back = await type_code(
        visitor, app.code(server.now()), await visitor.get((await visitor.get(reply.location)).location)
    )

    assert reply.location.startswith("/login/factor?")
    assert 'name="decision"' in (await visitor.get(back.location)).text
    assert (await again(visitor)).location == "/"  # and is remembered still


async def test_a_removed_app_takes_its_browsers_along(server: Server, admin: Any) -> None:
    visitor, _ = await remembered(server)

    await visitor.send(await visitor.form("/account/security/app/remove"))

    admin.execute("select count(*) from remembered_browsers")
    assert admin.fetchone() == (0,)


async def test_a_made_up_mark_is_not_remembered(server: Server) -> None:
    user_id = await make_account(server, "eve")
    visitor, _ = await somebody_with_an_app(server)
    visitor.devices = server.application.devices.remember(user_id, server.now())

    assert (await again(visitor)).location.startswith("/login/factor?")


async def test_who_tells_of_their_devices_is_remembered_only_after_a_factor(server: Server) -> None:
    """The mark of a device that every login gives is none of a remembered browser."""
    await make_account(server, "ada", "ada@example.org")
    visitor = await with_password(server)

    user = await server.store.users.by_username("ada")
    assert user is not None
    await add_app(server, user.id)

    assert (await again(visitor)).location.startswith("/login/factor?")


async def test_only_a_login_offers_to_remember(server: Server) -> None:
    visitor, app = await somebody_with_an_app(server)
    page = await visitor.get("/login/factor/totp")
    await type_code(visitor, app.code(server.now()), page)

    stepping = await visitor.get("/login/factor/totp?step=up")

    assert 'name="remember"' in page.text
    assert 'name="remember"' not in stepping.text


async def test_a_browser_that_was_remembered_for_a_factor_from_before_is_asked_for_a_new_one(
    server: Server, admin: Any
) -> None:
    visitor, _ = await remembered(server)
    admin.execute("delete from totp_secrets")  # as when another factor was the last to go
    page = await visitor.get("/account/security/app")

    await visitor.send(form_of(page.text), code=app_of(page).code(server.now()))

    assert (await again(visitor)).location.startswith("/login/factor?")
