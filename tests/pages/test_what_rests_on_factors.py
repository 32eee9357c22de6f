"""What rests on a second factor ends with it, whichever way it goes, and the page says so before (H24)."""

from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from tests.authenticators import Authenticator
from tests.harness import Server
from tests.pages.accounts import acting
from tests.pages.conftest import Visitor
from tests.pages.factors import App, somebody_with_an_app, type_code, with_password
from tests.pages.form import form_of
from tests.pages.passkeys import NEW, forms_of, make, one, options_of
from tests.pages.test_security_page import app_of

TOLD = "Browsers that you chose not to be asked in ask you again, and logins that wait for a second factor begin anew."

Step = Callable[[Server, Visitor], Awaitable[str]]


async def remove_app(_: Server, visitor: Visitor) -> str:
    page = await visitor.get("/account/security/app/remove")
    assert (await visitor.send(form_of(page.text))).status == 303
    return page.text


async def replace_app(server: Server, visitor: Visitor) -> str:
    page = await visitor.get("/account/security/app")
    assert (await visitor.send(form_of(page.text), code=app_of(page).code(server.now()))).status == 303
    return page.text


async def renew_codes(_: Server, visitor: Visitor) -> str:
    page = await visitor.get("/account/security/codes")
    assert (await visitor.send(form_of(page.text))).status == 200
    return page.text


async def remove_passkey(_: Server, visitor: Visitor) -> str:
    page = await visitor.get(await one(visitor))
    assert (await visitor.send(forms_of(page)[-1])).status == 303
    return page.text.partition("Remove this passkey")[2]


async def ask_no_more(_: Server, visitor: Visitor) -> str:
    page = await visitor.get(await one(visitor))
    assert (await visitor.send(forms_of(page)[1], use="alone")).status == 303
    return page.text.partition("Remove this passkey")[0]


async def rename_passkey(_: Server, visitor: Visitor) -> str:
    page = await visitor.get(await one(visitor))
    assert (await visitor.send(forms_of(page)[0], name="Phone")).status == 303
    return page.text


async def add_passkey(server: Server, visitor: Visitor) -> str:
    page = await visitor.get(NEW)
    device = Authenticator(server.settings.origin)
    assert (await visitor.send(form_of(page.text), credential=device.make(options_of(page)))).status == 303
    return page.text


ENDS: dict[str, Step] = {
    "an app that is removed": remove_app,
    "an app that is replaced": replace_app,
    "recovery codes that are replaced": renew_codes,
    "a passkey that is removed": remove_passkey,
    "a passkey that is not asked for any more": ask_no_more,
}
LEAVES: dict[str, Step] = {"another name": rename_passkey, "one more": add_passkey}


async def somebody(server: Server) -> tuple[Visitor, App]:
    """Somebody with an app and a passkey, who is not to be asked in this browser, and logs in in another one."""
    visitor, app = await somebody_with_an_app(server)
    await type_code(visitor, app.code(server.now()), remember="y")
    assert (await make(visitor, Authenticator(server.settings.origin))).status == 303
    await with_password(server)
    return visitor, app


def left(admin: Any) -> tuple[int, int]:
    """How many browsers are remembered, and how many logins wait."""
    admin.execute("select (select count(*) from remembered_browsers), (select count(*) from pending_logins)")
    found: tuple[int, int] = admin.fetchone()
    return found


@pytest.mark.parametrize("name", ENDS)
async def test_h24_what_rests_on_a_factor_ends_with_it_as_the_page_said(server: Server, admin: Any, name: str) -> None:
    visitor, _ = await somebody(server)
    before = left(admin)

    said = await ENDS[name](server, visitor)

    assert before == (1, 1)
    assert TOLD in said
    assert left(admin) == (0, 0)
    assert await acting(visitor) == "ada"


@pytest.mark.parametrize("name", LEAVES)
async def test_what_removes_no_factor_ends_nothing(server: Server, admin: Any, name: str) -> None:
    visitor, _ = await somebody(server)

    await LEAVES[name](server, visitor)

    assert left(admin) == (1, 1)


async def test_a_passkey_that_stays_ends_nothing(server: Server, admin: Any) -> None:
    visitor, _ = await somebody(server)
    admin.execute("update users set password_hash = null")

    reply = await visitor.send(forms_of(await visitor.get(await one(visitor)))[-1])

    assert reply.status == 409
    assert left(admin) == (1, 1)


async def test_nobody_else_loses_anything(server: Server, admin: Any) -> None:
    visitor, _ = await somebody(server)
    bob, app = await somebody_with_an_app(server, "bob")
    await type_code(bob, app.code(server.now()), remember="y")

    await remove_app(server, visitor)

    assert left(admin) == (1, 0)
