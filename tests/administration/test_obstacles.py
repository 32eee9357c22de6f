"""Why a person cannot log in, as it is told to who helps them."""

from datetime import timedelta
from typing import Any

import pytest
from attrs import evolve

from iam.administration import obstacles, people
from iam.administration.administration import Administration
from iam.administration.obstacles import Obstacle
from iam.records import actor
from iam.records.actor import SERVER
from iam.records.role import Role
from iam.secrets import minted
from iam.store.roles import Holder
from tests.harness import Server
from tests.pages.conftest import PASSWORD, Visitor, make_account
from tests.pages.factors import add_app

HOME, ELSEWHERE = "192.0.2.1", "198.51.100.1"


async def log_in(server: Server, *, login: str = "ada", password: str = "wrong", address: str = HOME) -> int:
    """The status of a login in a browser that nobody knows."""
    visitor = Visitor(server, address=address)
    return (await visitor.send(await visitor.form("/login"), login=login, password=password)).status


async def of(on: Administration, name: str = "ada") -> dict[str, Obstacle]:
    return {each.kind: each for each in await obstacles.find(on, await people.find(on, name))}


@pytest.fixture
def ons(on: Administration, limited: Server) -> Administration:
    """What the actions of a server work on that limits wrong passwords."""
    return limited.application.administration


async def test_nothing_is_in_the_way_of_who_has_a_password(server: Server, on: Administration) -> None:
    await make_account(server, "ada")

    assert await of(on) == {}


async def test_wrong_passwords_are_counted_with_when_and_from_where(limited: Server, ons: Administration) -> None:
    await make_account(limited, "ada", "ada@example.org")
    first = limited.now()
    for login in ("ada", "ADA@example.org"):
        assert await log_in(limited, login=login, address=ELSEWHERE) == 400
        limited.clock.advance(60)

    found = (await of(ons))["wrong_password"]

    assert found.sentence.startswith("2 wrong passwords")
    assert (found.address, found.action) == (ELSEWHERE, "person.reset_password")
    assert found.since
    assert found.at
    assert found.since >= first
    assert found.at - found.since >= timedelta(seconds=60)


async def test_a_login_ends_what_was_wrong_before_it(limited: Server, ons: Administration) -> None:
    await make_account(limited, "ada")
    await log_in(limited)
    assert "wrong_password" in await of(ons)

    assert await log_in(limited, password=PASSWORD) == 303

    assert "wrong_password" not in await of(ons)


async def test_who_is_nobody_is_not_written_down(limited: Server, ons: Administration, admin: Any) -> None:
    await make_account(limited, "ada")
    await limited.store.users.disable((await people.find(ons, "ada")).id, limited.now(), SERVER)
    for login in ("eve", "hunter2", "ada"):
        await log_in(limited, login=login)

    await limited.store.refused_logins.flush()

    admin.execute("select count(*) from refused_logins")
    assert admin.fetchall() == [(0,)]


async def test_a_wrong_password_costs_no_statement_more_than_an_unknown_name(limited: Server) -> None:
    await make_account(limited, "ada")
    await log_in(limited, login="eve")
    costs = []
    for login in ("eve", "ada"):
        before = limited.store.database.statistics.statements
        await log_in(limited, login=login)
        costs.append(limited.store.database.statistics.statements - before)

    assert costs[0] == costs[1]


async def test_who_is_held_up_may_try_again_at_once_when_that_is_lifted(limited: Server, ons: Administration) -> None:
    await make_account(limited, "ada")
    statuses = [await log_in(limited) for _ in range(10)]
    assert (statuses, await log_in(limited, password=PASSWORD)) == ([400] * 10, 429)
    held = (await of(ons))["throttled"]

    await obstacles.unthrottle(ons, "ada", SERVER)

    assert (held.action, held.address) == ("person.unthrottle", HOME)
    assert held.until
    assert held.until > limited.now()
    assert "throttled" not in await of(ons)
    assert await log_in(limited, password=PASSWORD) == 303


async def test_it_is_lifted_on_every_server(several_limited: tuple[Server, ...]) -> None:
    one, other, _ = several_limited
    await make_account(one, "ada")
    statuses = [await log_in(server) for server in [one] * 10 + [other]]
    assert statuses == [400] * 10 + [429]

    await other.store.refused_logins.flush()
    await obstacles.unthrottle(one.application.administration, "ada", SERVER)
    await other.quiet()

    assert await log_in(other, password=PASSWORD) == 303


async def test_h29_what_is_not_held_up_is_not_lifted(server: Server, on: Administration, admin: Any) -> None:
    await make_account(server, "ada")

    await obstacles.unthrottle(on, "ada", SERVER)

    admin.execute("select count(*) from audit_events where kind = 'user.unthrottled'")
    assert admin.fetchall() == [(0,)]


async def test_a_day_later_nothing_is_left_of_it(limited: Server, ons: Administration, admin: Any) -> None:
    await make_account(limited, "ada")
    await log_in(limited)
    await limited.store.refused_logins.flush()
    limited.clock.advance(86401)

    assert await of(ons) == {}
    assert await limited.store.refused_logins.sweep(limited.now()) == 1
    assert await limited.store.refused_logins.sweep(limited.now()) == 0


async def test_a_disabled_account_says_who_did_it_and_when(server: Server, on: Administration) -> None:
    warden = await make_account(server, "warden")
    await make_account(server, "ada")
    await people.disable(on, "ada", actor.person(warden, HOME))

    found = (await of(on))["disabled"]
    assert (found.by, found.action, found.barring) == ("warden", "person.enable", True)
    assert found.at == (await people.find(on, "ada")).disabled_at


async def test_what_stands_in_the_way_is_told_apart_from_what_does_not(server: Server, on: Administration) -> None:
    ada = await make_account(server, "ada", "ada@example.org")
    await add_app(server, ada)
    await server.store.deletions.plan(ada, minted.identifier(), server.now(), server.now() + timedelta(days=7), SERVER)
    await people.create(on, username="bob", by=SERVER)

    assert {kind: each.barring for kind, each in (await of(on)).items()} == {
        "factor": False,
        "deletion": False,
        "unverified": False,
    }
    assert {kind: each.barring for kind, each in (await of(on, "bob")).items()} == {"no_password": True}


@pytest.mark.parametrize(("role", "needed"), [(Role.SUPPORT, True), (Role.DEVELOPER, False)])
async def test_who_has_a_role_may_need_a_factor_first(
    server: Server, on: Administration, role: Role, needed: bool
) -> None:
    ada = await make_account(server, "ada")
    await server.store.roles.grant(role, None, Holder(user_id=ada), server.now(), SERVER)
    strict = evolve(on, settings=on.settings.model_copy(update={"admin_acr": "2"}))

    assert ("factor_needed" in await of(strict)) is needed
    assert "factor_needed" not in await of(on)
