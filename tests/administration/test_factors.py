"""The end of all second factors of a person by an administrator."""

from typing import Any

import pytest

from iam.administration import factors
from iam.administration.administration import Administration
from iam.records.actor import COMMAND_LINE
from iam.records.invalid import Invalid
from tests.harness import Server
from tests.pages.accounts import acting
from tests.pages.factors import somebody_with_an_app, type_code, with_password


async def test_what_is_lost_is_told(server: Server, on: Administration) -> None:
    await somebody_with_an_app(server)
    user = await server.store.users.by_username("ada")
    assert user is not None
    await server.application.recovery_codes.renew(user.id, COMMAND_LINE)

    losses = await factors.count_losses(on, "ada")

    assert losses.for_good
    assert losses.sections[0].items == ["1 authenticator app", "10 recovery codes"]


async def test_a_reset_leaves_the_password_alone_and_is_told_by_mail(
    server: Server, on: Administration, admin: Any
) -> None:
    visitor, app = await somebody_with_an_app(server)
    await type_code(visitor, app.code(server.now()), remember="y")
    waiting = await with_password(server)

    await factors.reset(on, "ada", COMMAND_LINE)

    assert (await waiting.get("/login/factor/totp")).location.startswith("/login?")
    assert await acting(visitor) == "ada"
    assert await acting(await with_password(server)) == "ada"
    admin.execute("select actor, detail from audit_events where kind = 'factors.reset'")
    assert admin.fetchall() == [("command line", {"apps": 1, "passkeys": 0, "recovery_codes": 0})]
    admin.execute("select recipient from outbox where template = 'factors_reset'")
    assert admin.fetchall() == [("ada@example.org",)]
    admin.execute("select (select count(*) from remembered_browsers) + (select count(*) from pending_logins)")
    assert admin.fetchone() == (0,)


async def test_who_has_no_factor_has_none_to_lose(server: Server, on: Administration) -> None:
    await server.person("eve")

    with pytest.raises(Invalid, match="eve has no second factor"):
        await factors.count_losses(on, "eve")
    with pytest.raises(Invalid, match="eve has no second factor"):
        await factors.reset(on, "eve", COMMAND_LINE)
    with pytest.raises(Invalid, match="There is no person bob"):
        await factors.reset(on, "bob", COMMAND_LINE)
