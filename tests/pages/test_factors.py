"""A login by a second factor: what is asked for after the password, and what a code is good for (H24)."""

from typing import Any

import pytest
from twisted.internet.defer import Deferred, gatherResults

from iam.records.actor import SERVER
from tests.harness import Server
from tests.pages.accounts import acting
from tests.pages.conftest import PASSWORD, Visitor, logged_in, make_account
from tests.pages.factors import add_app, amr_of, follow, somebody_with_an_app, type_code, with_password
from tests.pages.form import form_of

FACTOR = "/login/factor/totp"
RECOVERY = "/login/factor/recovery"


async def test_after_the_password_a_person_with_an_app_is_asked_for_a_code(server: Server) -> None:
    await add_app(server, await make_account(server, "ada"))
    visitor = Visitor(server)

    reply = await visitor.send(await visitor.form("/login?next=/applications"), login="ada", password=PASSWORD)
    page = await follow(visitor, reply)

    assert (reply.status, reply.location) == (303, "/login/factor?next=%2Fapplications")
    assert "Code of your authenticator app" in page.text
    assert "ada" in page.text
    assert await acting(visitor) is None


async def test_the_right_code_begins_the_session(server: Server, admin: Any) -> None:
    visitor, app = await somebody_with_an_app(server)

    reply = await type_code(visitor, app.code(server.now()))

    assert (reply.status, reply.location) == (303, "/")
    assert await acting(visitor) == "ada"
    assert visitor.login is None
    assert amr_of(admin) == {"ada": ["pwd", "otp", "mfa"]}


@pytest.mark.parametrize("steps", [-1, 0, 1])
async def test_h24_a_clock_may_be_one_step_off(server: Server, steps: int) -> None:
    server.clock.stop()
    visitor, app = await somebody_with_an_app(server)
    server.clock.advance(90)

    assert (await type_code(visitor, app.code(server.now(), steps))).status == 303


@pytest.mark.parametrize("steps", [-3, -2, 2])
async def test_h24_a_code_of_another_time_is_wrong(server: Server, steps: int) -> None:
    server.clock.stop()
    visitor, app = await somebody_with_an_app(server)
    server.clock.advance(120)

    reply = await type_code(visitor, app.code(server.now(), steps))

    assert reply.status == 400
    assert "This code is wrong" in reply.text
    assert await acting(visitor) is None


@pytest.mark.parametrize(
    "typed",
    ["", "12345", "1234567", "abcdef", "١٢٣٤٥٦", "0" * 10_000, "123456\x00", "' or 1=1 --"],
    ids=["empty", "short", "long", "letters", "arabic", "huge", "nul", "sql"],
)
async def test_what_is_no_code_is_wrong(server: Server, typed: str) -> None:
    visitor, _ = await somebody_with_an_app(server)

    reply = await type_code(visitor, typed)

    assert reply.status == 400
    assert 'aria-invalid="true"' in reply.text or "cannot be used" in reply.text


async def test_a_code_may_be_typed_with_a_blank(server: Server) -> None:
    visitor, app = await somebody_with_an_app(server)
    code = app.code(server.now())

    assert (await type_code(visitor, f" {code[:3]} {code[3:]} ")).status == 303


async def test_h24_a_code_is_good_once(server: Server) -> None:
    server.clock.stop()
    visitor, app = await somebody_with_an_app(server)
    code = app.code(server.now())
    await type_code(visitor, code)

    again = await type_code(await with_password(server), code)

    assert again.status == 400


@pytest.mark.parametrize("path", [FACTOR, RECOVERY], ids=["app", "recovery code"])
async def test_h24_of_twenty_posts_at_once_over_two_servers_one_begins_a_session(
    server: Server, configured: Any, admin: Any, path: str
) -> None:
    server.clock.stop()
    user_id = await make_account(server, "ada")
    app = await add_app(server, user_id)
    codes = await server.application.recovery_codes.renew(user_id, SERVER)
    visitors = [await with_password(server) for _ in range(10)]
    forms = [form_of((await one.get(path)).text) for one in visitors]
    second, code = configured(), app.code(server.now()) if path == FACTOR else codes[0]
    origin = {"Origin": "null", "Sec-Fetch-Site": "same-origin"}
    posts = [
        each.post(form.action, form.filled({"code": code}), headers={**one.headers, **origin})
        for one, form in zip(visitors, forms, strict=True)
        for each in (server, second)
    ]

    replies = await gatherResults([Deferred.fromCoroutine(post) for post in posts])

    assert len(replies) == 20
    assert [reply.location for reply in replies].count("/") == 1
    assert {reply.location for reply in replies if reply.status != 400} <= {"/", "/login?next=%2F"}  # the login is over
    admin.execute("select count(*) from sessions")
    assert admin.fetchone() == (1,)
    admin.execute("select count(*) from recovery_codes where used_at is not null")
    assert admin.fetchone() == (int(path == RECOVERY),)


async def test_a_login_without_the_code_is_over_after_ten_minutes(server: Server, admin: Any) -> None:
    visitor, app = await somebody_with_an_app(server)
    page = await visitor.get(FACTOR)
    server.clock.advance(601)

    reply = await type_code(visitor, app.code(server.now()), page)

    assert (reply.status, reply.location) == (303, "/login?next=%2F")
    assert await acting(visitor) is None
    await server.store.pending_logins.sweep(server.now())
    admin.execute("select count(*) from pending_logins")
    assert admin.fetchone() == (0,)


async def test_a_login_is_over_when_the_password_changes(server: Server) -> None:
    visitor, _ = await somebody_with_an_app(server)
    user = await server.store.users.by_username("ada")
    assert user is not None
    server.clock.advance(1)
    await server.store.users.set_password(user.id, "x", server.now(), by=SERVER)

    reply = await visitor.get("/login/factor")

    assert reply.location == "/login?next=%2F"


async def test_a_form_of_another_login_is_refused(server: Server) -> None:
    visitor, app = await somebody_with_an_app(server)
    page = await visitor.get(FACTOR)
    visitor.login = (await with_password(server)).login

    reply = await type_code(visitor, app.code(server.now()), page)

    assert reply.status == 403
    assert "Nothing was done yet" in reply.text


async def test_nobody_is_asked_who_has_not_typed_a_password(server: Server) -> None:
    reply = await Visitor(server).get(FACTOR)

    assert (reply.status, reply.location) == (303, "/login?next=%2F")


async def test_a_session_of_one_factor_becomes_one_of_two(server: Server, admin: Any) -> None:
    visitor = await logged_in(server, username="ada")
    user = await server.store.users.by_username("ada")
    assert user is not None
    app = await add_app(server, user.id)
    before = visitor.cookie
    admin.execute("select id, auth_time, expires_at from sessions")
    known = admin.fetchone()

    page = await follow(visitor, await visitor.get("/login/factor?step=up&next=/account"))
    reply = await type_code(visitor, app.code(server.now()), page)

    assert (reply.status, reply.location) == (303, "/account")
    assert visitor.cookie != before
    assert amr_of(admin) == {"ada": ["pwd", "otp", "mfa"]}
    admin.execute("select id, auth_time, expires_at from sessions")
    assert admin.fetchone() == known  # the same session, no younger and no longer
    assert await acting(Visitor(server, before)) is None


async def test_a_person_without_an_app_is_asked_for_no_code(server: Server) -> None:
    visitor = await logged_in(server)

    reply = await visitor.get(FACTOR + "?step=up")

    assert reply.location == "/login/factor?next=%2F&step=up"
    assert (await visitor.get(reply.location)).location == "/login?next=%2F&login=again"


async def test_what_is_stored_of_an_app_tells_nothing(server: Server, admin: Any) -> None:
    user_id = await make_account(server, "ada")
    app = await add_app(server, user_id)

    admin.execute("select sealed from totp_secrets")
    sealed = bytes(admin.fetchone()[0])

    secret = app.codes.byte_secret()
    assert secret not in sealed
    assert server.application.authenticator_apps.read(user_id, sealed) == secret
    assert server.application.authenticator_apps.read(await make_account(server, "bob"), sealed) is None
