"""The pages at which people add and remove their second factors (H24)."""

import re
from typing import Any

import pyotp
import pytest

from iam.people.factors.recovery_codes import CODES
from tests.harness import Reply, Server
from tests.pages.accounts import acting
from tests.pages.conftest import Visitor, make_account
from tests.pages.factors import App, add_app, amr_of, follow, type_code, with_password
from tests.pages.form import form_of

NEW = "/account/security/app"
CODE = re.compile(r"<code>([a-z2-7-]{19})</code>")


def app_of(page: Reply) -> App:
    """The app of somebody who types the key that the page shows."""
    (key,) = re.findall(r'<code class="key">([A-Z2-7 ]+)</code>', page.text)
    return App(pyotp.TOTP(key.replace(" ", "")))


async def added(server: Server, visitor: Visitor) -> tuple[App, list[str]]:
    """An app that somebody has set up, and their recovery codes."""
    page = await visitor.get(NEW)
    app = app_of(page)
    reply = await visitor.send(form_of(page.text), code=app.code(server.now()))
    assert reply.status == 200, reply.text
    return app, CODE.findall(reply.text)


def events(admin: Any) -> list[str]:
    admin.execute("select kind from audit_events order by at, kind")
    return [row[0] for row in admin.fetchall()]


def mails(admin: Any) -> list[tuple[str, str, Any]]:
    admin.execute(
        "select template, recipient, detail from outbox where template <> 'new_device' order by created_at, template"
    )
    found: list[tuple[str, str, Any]] = admin.fetchall()
    return found


async def somebody(server: Server) -> Visitor:
    await make_account(server, "ada", "ada@example.org")
    return await with_password(server)


async def test_an_app_is_added_by_a_code_that_it_shows(server: Server, admin: Any) -> None:
    visitor = await somebody(server)

    page = await visitor.get(NEW)
    reply = await visitor.send(form_of(page.text), code=app_of(page).code(server.now()))

    assert 'src="data:image/svg+xml' in page.text
    assert len(CODE.findall(reply.text)) == CODES
    assert "script-src 'self'" in (reply.header("content-security-policy") or "")
    assert amr_of(admin) == {"ada": ["pwd", "otp", "mfa"]}  # the code proved it in this session too
    assert "Added on" in (await visitor.get("/account/security")).text
    assert {"factor.added", "recovery_codes.made"} <= set(events(admin))
    assert mails(admin) == [
        ("factor_added", "ada@example.org", {"factor": "Authenticator app", "address": "127.0.0.1"})
    ]


async def test_the_square_is_what_apps_read(server: Server) -> None:
    import html

    page = (await (await somebody(server)).get(NEW)).text
    (address,) = re.findall(r'<img class="square" src="([^"]*)"', page)

    assert html.unescape(address).startswith("data:image/svg+xml")
    assert len(address) < 20_000


async def test_an_app_is_not_added_by_a_wrong_code(server: Server, admin: Any) -> None:
    visitor = await somebody(server)
    page = await visitor.get(NEW)

    reply = await visitor.send(form_of(page.text), code="000000")

    assert reply.status == 400
    assert "This is not the code that the app shows now" in reply.text
    assert app_of(reply) == app_of(page) or app_of(reply).codes.secret == app_of(page).codes.secret
    assert form_of(reply.text).value("sealed") == form_of(page.text).value("sealed")
    admin.execute("select count(*) from totp_secrets")
    assert admin.fetchone() == (0,)


@pytest.mark.parametrize("sealed", ["", "x", "a" * 80, "ü", "\x00"], ids=["none", "short", "forged", "umlaut", "nul"])
async def test_a_secret_that_this_server_did_not_make_is_not_added(server: Server, sealed: str, admin: Any) -> None:
    visitor = await somebody(server)
    page = await visitor.get(NEW)

    reply = await visitor.send(form_of(page.text), sealed=sealed, code="000000")

    assert reply.status in (303, 400)
    admin.execute("select count(*) from totp_secrets")
    assert admin.fetchone() == (0,)


async def test_the_secret_of_another_person_is_not_added(server: Server) -> None:
    visitor = await somebody(server)
    other = await make_account(server, "bob")
    theirs = (await visitor.get(NEW)).text
    await server.store.users.by_id(other)
    bob = await with_password(server, "bob")
    page = await bob.get(NEW)

    reply = await bob.send(form_of(page.text), sealed=form_of(theirs).value("sealed"), code="000000")

    assert (reply.status, reply.location) == (303, "/account/security/app?next=%2F")


async def test_h24_an_app_is_added_only_after_a_recent_login(server: Server) -> None:
    visitor = await somebody(server)
    page = await visitor.get(NEW)
    server.clock.advance(601)

    show, send = await visitor.get(NEW), await visitor.send(form_of(page.text), code=app_of(page).code(server.now()))

    assert show.location == "/login?login=again&next=%2Faccount%2Fsecurity%2Fapp"
    assert send.location.startswith(show.location)


async def test_h24_who_has_a_factor_must_have_proved_it_to_change_anything(server: Server) -> None:
    visitor = await somebody(server)
    user = await server.store.users.by_username("ada")
    assert user is not None
    app = await add_app(server, user.id)

    reply = await visitor.get(NEW + "/remove")
    page = await follow(visitor, reply)
    back = await type_code(visitor, app.code(server.now()), page)

    assert reply.location == "/login/factor?step=up&next=%2Faccount%2Fsecurity%2Fapp%2Fremove"
    assert back.location == NEW + "/remove"
    assert "Remove your authenticator app?" in (await visitor.get(back.location)).text


async def test_an_app_is_removed_and_its_codes_are_not_asked_for_any_more(server: Server, admin: Any) -> None:
    visitor = await somebody(server)
    await added(server, visitor)

    reply = await visitor.send(await visitor.form(NEW + "/remove"))

    assert (reply.status, reply.location) == (303, "/account/security")
    assert await acting(await with_password(server)) == "ada"
    assert "factor.removed" in events(admin)
    assert mails(admin)[-1][0] == "factor_removed"


async def test_another_app_takes_the_place_of_the_first(server: Server) -> None:
    visitor = await somebody(server)
    first, _ = await added(server, visitor)
    server.clock.advance(60)
    page = await visitor.get(NEW + "?next=/account/security")

    reply = await visitor.send(form_of(page.text), code=app_of(page).code(server.now()))
    server.clock.advance(60)
    again = await with_password(server)

    assert "stops working as soon as this one works" in page.text
    assert (reply.status, reply.location) == (303, "/account/security")
    assert (await type_code(again, first.code(server.now()))).status == 400
    assert (await type_code(again, app_of(page).code(server.now()))).status == 303


async def test_h24_a_recovery_code_lets_a_person_in_once(server: Server, admin: Any) -> None:
    visitor = await somebody(server)
    _, codes = await added(server, visitor)
    visitors = [await with_password(server) for _ in range(3)]
    page = "/login/factor/recovery"

    first = await type_code(visitors[0], f" {codes[3].upper().replace('-', ' ')}", await visitors[0].get(page))
    again = await type_code(visitors[1], codes[3], await visitors[1].get(page))
    other = await type_code(visitors[2], codes[4], await visitors[2].get(page))

    assert [first.status, again.status, other.status] == [303, 400, 303]
    assert "Unused codes: <strong>8</strong>" in (await visitors[0].get("/account/security")).text
    assert mails(admin)[1:] == [
        ("recovery_code_used", "ada@example.org", {"left": left, "address": "127.0.0.1"}) for left in (9, 8)
    ]
    assert events(admin).count("recovery_code.used") == 2


async def test_new_recovery_codes_take_the_place_of_the_old_ones(server: Server) -> None:
    visitor = await somebody(server)
    _, codes = await added(server, visitor)

    page = await visitor.send(await visitor.form("/account/security/codes"))
    new = CODE.findall(page.text)
    again = await with_password(server)

    assert not set(codes) & set(new)
    assert (await type_code(again, codes[0], await again.get("/login/factor/recovery"))).status == 400
    assert (await type_code(again, new[0], await again.get("/login/factor/recovery"))).status == 303


async def test_recovery_codes_alone_are_not_asked_for(server: Server) -> None:
    visitor = await somebody(server)
    await added(server, visitor)
    await visitor.send(await visitor.form(NEW + "/remove"))

    assert await acting(await with_password(server)) == "ada"


async def test_what_is_stored_tells_no_recovery_code(server: Server, admin: Any) -> None:
    _, codes = await added(server, await somebody(server))

    admin.execute(
        "select string_agg(c::text, ' ') || (select string_agg(a::text, ' ') from audit_events a) from recovery_codes c"
    )
    text = admin.fetchone()[0]

    assert not [code for code in codes if code in text or code.replace("-", "") in text]
