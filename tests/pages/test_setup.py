"""The first administrator, made once in the browser."""

from typing import Any

import pytest
from pytest_twisted import blockon
from twisted.internet.defer import Deferred, gatherResults

from iam.people import profiles
from iam.people.setup import setup_link
from iam.records.actor import SERVER
from iam.secrets import minted
from iam.secrets.minted import Kind
from tests.harness import Server
from tests.pages.conftest import PASSWORD, Visitor, kept
from tests.pages.form import Form, form_of

RIGHT = {"username": "root", "email": "root@example.org", "password": PASSWORD, "again": PASSWORD}


@pytest.fixture
def path(server: Server) -> str:
    """The address in the link that the terminal shows."""
    return str(blockon(Deferred.fromCoroutine(server.setup_path())))


async def link_of(server: Server) -> str | None:
    """What a server that starts shows."""
    return await setup_link(server.store.setup, "https://login.example", server.clock_of_store())


async def test_the_link_is_of_the_public_address_and_stored_as_a_digest(server: Server, admin: Any) -> None:
    link = await link_of(server) or ""

    admin.execute("select setup::text from setup")
    secret = link.removeprefix("https://login.example/setup?token=")
    assert minted.well_formed(secret, Kind.SETUP)
    assert secret not in admin.fetchone()[0]


async def test_each_start_makes_another_link_and_voids_the_one_before(server: Server, visitor: Visitor) -> None:
    first, second = await server.setup_path(), await server.setup_path()

    assert (await visitor.get(first)).status == 403
    assert (await visitor.get(second)).status == 200


async def test_of_servers_that_start_at_once_one_has_the_link_that_works(server: Server, visitor: Visitor) -> None:
    paths = await gatherResults(Deferred.fromCoroutine(server.setup_path()) for _ in range(5))

    assert sorted([(await visitor.get(path)).status for path in paths]) == [200, 403, 403, 403, 403]


async def test_the_link_is_good_for_a_day(server: Server, path: str, visitor: Visitor) -> None:
    server.clock.advance(24 * 3600 - 60)
    assert (await visitor.get(path)).status == 200

    server.clock.advance(120)
    assert (await visitor.get(path)).status == 403


@pytest.mark.parametrize("end", ["disabled", "deleted", "demoted"])
async def test_once_there_was_an_administrator_the_setup_is_over_for_good(
    server: Server, path: str, visitor: Visitor, admin: Any, end: str
) -> None:
    form = await visitor.form(path)
    person = await server.person(superuser=True)
    # (in the database, since the last one cannot go by a command)
    ways = {
        "disabled": "update users set disabled_at = now() where id = %s",
        "deleted": "delete from users where id = %s",
        "demoted": "update users set superuser = false where id = %s",
    }
    admin.execute(ways[end], (person.user_id,))

    assert (await visitor.get(path)).status == 403
    assert (await visitor.send(form, **RIGHT)).status == 403
    assert await link_of(server) is None


async def test_who_is_made_an_administrator_later_ends_the_setup_too(
    server: Server, path: str, visitor: Visitor
) -> None:
    user = await server.store.users.by_id((await server.person("ada")).user_id)
    assert user is not None

    await profiles.change(server.store.users, server.clock_of_store(), user, profiles.of(user), SERVER, superuser=True)

    assert (await visitor.get(path)).status == 403


async def test_the_link_makes_the_administrator_and_logs_them_in(server: Server, path: str, visitor: Visitor) -> None:
    reply = await visitor.send(await visitor.form(path), **RIGHT)

    user = await server.store.users.by_username("root")
    assert (reply.status, reply.location) == (303, "/applications")
    assert user is not None
    assert user.superuser
    assert (await visitor.get("/applications")).status == 200


async def test_the_administrator_can_log_in_with_the_password(server: Server, path: str, visitor: Visitor) -> None:
    await visitor.send(await visitor.form(path), **RIGHT)
    later = Visitor(server)

    reply = await later.send(await later.form("/login"), login="root@example.org", password=PASSWORD)

    assert reply.status == 303


async def test_h17_the_setup_gives_a_new_cookie(server: Server, path: str, visitor: Visitor) -> None:
    form = await visitor.form(path)
    before = visitor.cookie

    await visitor.send(form, **RIGHT)

    assert visitor.cookie not in (before, None)


async def test_the_link_works_once(path: str, visitor: Visitor, admin: Any) -> None:
    form = await visitor.form(path)
    await visitor.send(form, **RIGHT)
    before = kept(admin)

    page = await visitor.get(path)
    form_again = await visitor.send(form, **{**RIGHT, "username": "eve", "email": "eve@example.org"})

    assert page.status == form_again.status == 403
    assert "iam createsuperuser" in page.text
    assert kept(admin) == before


async def test_the_link_is_no_good_when_there_is_a_superuser(server: Server, path: str, visitor: Visitor) -> None:
    await server.person(superuser=True)

    assert (await visitor.get(path)).status == 403


async def test_people_without_power_do_not_end_the_setup(server: Server, path: str, visitor: Visitor) -> None:
    await server.person()

    assert (await visitor.get(path)).status == 200


async def test_of_two_at_the_same_time_one_becomes_the_administrator(server: Server, path: str, admin: Any) -> None:
    visitors = [Visitor(server), Visitor(server)]
    forms = [await visitor.form(path) for visitor in visitors]

    await gatherResults(
        Deferred.fromCoroutine(visitor.send(form, **{**RIGHT, "username": name, "email": f"{name}@example.org"}))
        for visitor, form, name in zip(visitors, forms, ("anna", "berta"), strict=True)
    )

    admin.execute("select count(*) from users where superuser")
    assert admin.fetchone() == (1,)


@pytest.mark.parametrize("query", ["", "?token=", "?token=x", "?token=%C3%A9", "?token=a&token=b", "?token=%"])
async def test_without_the_right_key_there_is_no_setup(visitor: Visitor, path: str, admin: Any, query: str) -> None:
    form = await visitor.form(path)
    before = kept(admin)

    page = await visitor.get("/setup" + query)
    reply = await visitor.send(Form("/setup" + query, form.fields), **RIGHT)

    assert page.status in (400, 403)
    assert reply.status in (400, 403)
    assert "csrf_token" not in page.text
    assert kept(admin) == before


async def test_a_key_that_is_right_but_for_its_end_is_wrong(visitor: Visitor, path: str) -> None:
    replies = [
        await visitor.get(text)
        for text in (path[:-1], path + "A", path.swapcase().replace("/SETUP?TOKEN", "/setup?token"))
    ]

    assert [reply.status for reply in replies] == [403] * 3


@pytest.mark.parametrize(
    ("field", "changes", "words"),
    [
        ("username", {"username": ""}, "Choose a username."),
        ("username", {"username": "a b"}, "without spaces"),
        ("email", {"email": "root"}, "such as alice@example.org"),
        ("password", {"password": "short", "again": "short"}, "at least 8 characters"),
        ("password", {"password": "password1", "again": "password1"}, "harder to guess"),
        ("again", {"again": "something else"}, "type the same one twice"),
    ],
)
async def test_an_error_stands_next_to_its_field_and_what_was_typed_stays(
    path: str, visitor: Visitor, admin: Any, field: str, changes: dict[str, str], words: str
) -> None:
    form = await visitor.form(path)
    before = kept(admin)

    reply = await visitor.send(form, **{**RIGHT, **changes})

    typed = {**RIGHT, **changes}
    again = form_of(reply.text)
    assert reply.status == 400
    assert words in reply.text.partition(f'id="{field}-error">')[2].partition("</p>")[0]
    assert (again.value("username"), again.value("email")) == (typed["username"], typed["email"])
    assert (again.value("password"), again.value("again")) == ("", "")
    assert kept(admin) == before


async def test_passwords_are_never_shown_again(path: str, visitor: Visitor) -> None:
    reply = await visitor.send(await visitor.form(path), **{**RIGHT, "username": ""})

    assert PASSWORD not in reply.text
