"""What a passkey is asked for: logging in alone, or after the password too, as its owner says (H24)."""

from typing import Any

import pytest

from tests.authenticators import Authenticator
from tests.harness import Reply, Server
from tests.pages.accounts import acting
from tests.pages.conftest import PASSWORD, Visitor, make_account
from tests.pages.factors import add_app, follow, type_code, with_password
from tests.pages.form import form_of
from tests.pages.passkeys import PATH, forms_of, made_by, make, one, options_of, session_of, somebody
from tests.pages.test_security_page import CODE, mails

ALONE = "When you log in by your password, you are not asked for it."


def authenticator(server: Server, **options: Any) -> Authenticator:
    return Authenticator(server.settings.origin, **options)


async def upgraded(server: Server) -> tuple[Visitor, Authenticator]:
    """Somebody whose browser made a passkey after a login by password, without a question."""
    await make_account(server, "ada", "ada@example.org")
    visitor, device = Visitor(server), authenticator(server)
    reply = await visitor.send(await visitor.form("/login"), login="ada", password=PASSWORD, upgrade="y")
    page = await visitor.get(reply.location)
    await visitor.send(form_of(page.text), credential=device.make(options_of(page)))
    return visitor, device


async def switch(visitor: Visitor, use: str) -> Reply:
    return await visitor.send(forms_of(await visitor.get(await one(visitor)))[1], use=use)


async def alone(server: Server, device: Authenticator) -> Visitor:
    """Somebody who has logged in by the passkey alone."""
    visitor = Visitor(server)
    page = await visitor.get("/login")
    form = form_of(page.text)
    form.action = form.action.replace("/login?", "/login/passkey?")
    await visitor.send(form, credential=device.use(options_of(page)))
    return visitor


def told(admin: Any) -> Any:
    admin.execute("select detail - 'passkey' from audit_events where kind = 'passkey.switched' order by at, id")
    return [row[0] for row in admin.fetchall()]


async def test_one_that_was_made_by_itself_becomes_a_second_factor(server: Server, admin: Any) -> None:
    visitor, device = await upgraded(server)
    before = await visitor.get(await one(visitor))

    reply = await switch(visitor, "second")
    later = await with_password(server)
    asked = await follow(later, await later.get("/login/factor"))
    await later.send(form_of(asked.text), credential=device.use(options_of(asked)))

    assert ALONE in before.text
    assert len(CODE.findall(reply.text)) == 10  # it is their first factor
    assert await acting(later) == "ada"
    admin.execute("select amr from sessions order by amr")
    assert [row[0] for row in admin.fetchall()] == [["pwd"], ["pwd", "hwk", "user", "mfa"]]
    assert "You are asked for it after your password." in (await later.get(PATH)).text
    (event,) = told(admin)
    assert event["second_factor"] is True
    assert [mail[0] for mail in mails(admin)] == ["factor_added", "factor_switched"]
    assert mails(admin)[-1][2]["second"] is True


async def test_a_second_factor_becomes_one_that_is_not_asked_for_and_logs_in_alone_still(
    server: Server, admin: Any
) -> None:
    user_id = await make_account(server, "ada", "ada@example.org")
    device = authenticator(server)
    await made_by(server, user_id, device)
    visitor = Visitor(server, await session_of(server, user_id))

    reply = await switch(visitor, "alone")

    assert (reply.status, reply.location) == (303, PATH)
    assert await acting(await with_password(server)) == "ada"
    assert await acting(await alone(server, device)) == "ada"
    admin.execute("select amr from sessions order by amr")
    assert [row[0] for row in admin.fetchall()] == [["hwk", "user", "mfa"], ["hwk", "user", "mfa"], ["pwd"]]
    assert [event["second_factor"] for event in told(admin)] == [False]
    assert mails(admin)[-1][0] == "factor_switched"
    assert mails(admin)[-1][2]["second"] is False


async def test_who_has_another_factor_keeps_their_recovery_codes(server: Server) -> None:
    visitor, _ = await upgraded(server)
    user = await server.store.users.by_username("ada")
    assert user is not None
    app = await add_app(server, user.id)
    await type_code(visitor, app.code(server.now()), await follow(visitor, await visitor.get(await one(visitor))))

    reply = await switch(visitor, "second")

    assert (reply.status, reply.location) == (303, PATH)


async def test_what_is_so_already_changes_nothing(server: Server, admin: Any) -> None:
    visitor, _ = await upgraded(server)
    form = forms_of(await visitor.get(await one(visitor)))[1]

    replies = [await visitor.send(form, use=use) for use in ("alone", "second")]
    again = await visitor.send(form, use="second")

    assert [reply.status for reply in replies] == [303, 200]
    assert again.location.startswith("/login/factor?step=up")  # a login by password alone is not enough any more
    assert [event["second_factor"] for event in told(admin)] == [True]


async def test_one_that_cannot_log_in_alone_stays_a_second_factor(server: Server, admin: Any) -> None:
    user_id = await make_account(server, "ada")
    visitor = Visitor(server, await session_of(server, user_id))
    await make(visitor, authenticator(server))
    with_two = forms_of(await visitor.get(await one(visitor)))[1]
    admin.execute("update passkeys set discoverable = false")

    page = await visitor.get(await one(visitor))
    refused = await visitor.send(with_two, use="alone")

    assert len(forms_of(page)) == 2
    assert "It cannot log you in by itself." in page.text
    assert refused.status == 409
    assert "good after your password only" in refused.text
    assert told(admin) == []


async def test_the_last_way_in_stays_one_whatever_it_is_asked_for(server: Server) -> None:
    visitor, device = await somebody(server), authenticator(server)  # without a password
    await make(visitor, device)
    await switch(visitor, "alone")

    removed = await visitor.send(forms_of(await visitor.get(await one(visitor)))[-1])

    assert removed.status == 409
    assert await acting(await alone(server, device))


async def test_only_a_recent_login_changes_it(server: Server) -> None:
    visitor, _ = await upgraded(server)
    form = forms_of(await visitor.get(await one(visitor)))[1]
    server.clock.advance(601)

    assert (await visitor.send(form, use="second")).location.startswith("/login?login=again")


async def test_a_passkey_of_somebody_else_is_not_there(server: Server) -> None:
    ada, eve = await somebody(server), await somebody(server)
    await make(ada, authenticator(server))
    await make(eve, authenticator(server))
    form = forms_of(await eve.get(await one(eve)))[1]
    form.action = f"{await one(ada)}/use"

    assert (await eve.send(form, use="alone")).status == 404


@pytest.mark.parametrize("use", ["", "x", "SECOND"])
async def test_another_use_is_none(server: Server, admin: Any, use: str) -> None:
    visitor, _ = await upgraded(server)

    assert (await switch(visitor, use)).status == 400
    assert told(admin) == []
