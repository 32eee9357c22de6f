"""Login and logout (H15, H17)."""

import re
from collections.abc import Iterator
from typing import Any
from urllib.parse import quote, urljoin, urlsplit

import pytest
from attrs import evolve
from hypothesis import given
from hypothesis import strategies as st
from pytest_twisted import blockon
from twisted.internet import reactor
from twisted.internet.defer import Deferred, gatherResults

from iam.browser import csrf
from iam.browser.addresses import confine
from iam.people.argon2id import MOST_MEMORY, MOST_PASSES
from iam.people.passwords import Passwords
from iam.records.actor import SERVER
from iam.server.site import build_site
from iam.throttles.turns import SHARE
from tests.harness import Server
from tests.pages.conftest import PASSWORD, Visitor, make_account
from tests.pages.form import form_of


def same(page: str) -> str:
    """The page without its form's token, which holds the time, and the challenge of passkeys."""
    return re.sub(r'data-options="[^"]*"', "", page.replace(form_of(page).value("csrf_token"), ""))


async def log_in(visitor: Visitor, path: str = "/login", **fields: str) -> Any:
    return await visitor.send(await visitor.form(path), **fields)


async def test_the_right_password_begins_a_session(server: Server, visitor: Visitor) -> None:
    await make_account(server, "ada")

    reply = await log_in(visitor, login="ada", password=PASSWORD)
    home, account = await visitor.get("/"), await visitor.get("/account")

    assert (reply.status, reply.location) == (303, "/")
    assert (home.status, home.location) == (303, "/account")
    assert "Welcome, <bdi>ada</bdi>" in account.text


async def test_an_email_address_does_for_the_username(server: Server, visitor: Visitor) -> None:
    await make_account(server, "ada", "ada@example.org")

    reply = await log_in(visitor, login=" Ada@Example.org ", password=PASSWORD)

    assert reply.status == 303


async def test_h15_a_wrong_password_and_an_unknown_name_get_the_same_answer(server: Server, visitor: Visitor) -> None:
    await make_account(server, "ada")

    wrong = await log_in(visitor, login="ada", password="wrong")
    unknown = await log_in(visitor, login="eve", password=PASSWORD)

    assert wrong.status == unknown.status == 400
    assert same(wrong.text).replace('value="ada"', 'value="eve"') == same(unknown.text)
    assert sorted(name for name, _ in wrong.headers.getAllRawHeaders()) == sorted(
        name for name, _ in unknown.headers.getAllRawHeaders()
    )


async def test_a_person_who_is_locked_out_gets_the_same_answer(server: Server, visitor: Visitor) -> None:
    user_id = await make_account(server, "ada")
    wrong = await log_in(visitor, login="ada", password="wrong")

    await server.store.users.disable(user_id, server.now(), by=SERVER)
    locked_out = await log_in(visitor, login="ada", password=PASSWORD)

    assert locked_out.status == 400
    assert same(locked_out.text) == same(wrong.text)


async def test_a_refused_login_keeps_the_name_and_never_the_password(server: Server, visitor: Visitor) -> None:
    reply = await log_in(visitor, login='a"><script>', password="hunter2hunter2", remember="y")

    assert 'value="a&#34;&gt;&lt;script&gt;"' in reply.text
    assert "hunter2hunter2" not in reply.text
    assert form_of(reply.text).value("remember") == "y"
    assert 'aria-describedby="password-error" aria-invalid="true"' in reply.text


async def test_an_empty_login_is_a_refused_one(visitor: Visitor) -> None:
    reply = await log_in(visitor)

    assert reply.status == 400
    assert "Wrong username or password" in reply.text


async def test_h17_the_login_gives_a_new_cookie_in_place_of_the_one_before(server: Server, visitor: Visitor) -> None:
    await make_account(server, "ada")
    await visitor.form("/login")
    before = visitor.cookie

    await log_in(visitor, login="ada", password=PASSWORD)

    assert visitor.cookie != before
    assert "Log in" in (await Visitor(server, before).get("/")).text


async def test_h17_logging_in_again_ends_the_session_before(server: Server, visitor: Visitor) -> None:
    await make_account(server, "ada")
    await log_in(visitor, login="ada", password=PASSWORD)
    first = visitor.cookie
    form = await Visitor(server).form("/login")

    reply = await visitor.send(await login_form_for(server, first, form), login="ada", password=PASSWORD)

    assert reply.status == 303
    assert visitor.cookie != first
    assert (await Visitor(server, first).get("/applications")).location.startswith("/login")


async def login_form_for(server: Server, cookie: str | None, form: Any) -> Any:
    """The login form of a browser that was logged in after it opened the form in another tab."""
    token = csrf.token(str(cookie), "login", server.now())
    return evolve(form, fields=[(name, token if name == "csrf_token" else value) for name, value in form.fields])


async def test_h17_the_cookie_is_for_http_and_for_this_site_only(server: Server, visitor: Visitor) -> None:
    await make_account(server, "ada")

    reply = await log_in(visitor, login="ada", password=PASSWORD)

    attributes = (reply.header("set-cookie") or "").split("; ")[1:]
    assert sorted(attributes) == ["HttpOnly", f"Path={server.settings.path}/", "SameSite=Lax"]


async def test_a_login_that_is_to_be_remembered_outlives_the_browser(server: Server, visitor: Visitor) -> None:
    await make_account(server, "ada")

    reply = await log_in(visitor, login="ada", password=PASSWORD, remember="y")

    assert f"Max-Age={server.settings.session_remembered}" in (reply.header("set-cookie") or "")


async def test_who_is_logged_in_goes_on(server: Server) -> None:
    visitor = Visitor(server, (await server.person()).cookie)

    reply = await visitor.get("/login?next=/applications")

    assert (reply.status, reply.location) == (303, "/applications")


async def test_the_login_leads_on_to_where_the_person_wanted_to_go(server: Server, visitor: Visitor) -> None:
    await make_account(server, "ada")
    wanted = await visitor.get("/applications/register")

    reply = await log_in(visitor, wanted.location, login="ada", password=PASSWORD)

    assert reply.location == "/applications/register"


async def test_a_wrong_password_does_not_lose_where_the_person_wanted_to_go(server: Server, visitor: Visitor) -> None:
    await make_account(server, "ada")
    refused = await log_in(visitor, "/login?next=%2Fapplications", login="ada", password="wrong")

    reply = await visitor.send(form_of(refused.text), login="ada", password=PASSWORD)

    assert reply.location == "/applications"


@pytest.mark.parametrize(
    "address",
    [
        "//evil.example",
        "/\\evil.example",
        "\\/evil.example",
        "/%09/evil.example",
        "/\t/evil.example",
        "/%2F/evil.example",
        "/%5Cevil.example",
        "https:evil.example",
        "https://evil.example/",
        "javascript:alert(1)",
        "evil.example",
        "/\r\nSet-Cookie: a=b",
        "http://localhost@evil.example",
        "/é",
        "",
    ],
)
async def test_nobody_is_led_to_other_addresses(server: Server, visitor: Visitor, address: str) -> None:
    await make_account(server, "ada")

    reply = await log_in(visitor, "/login?next=" + quote(address, safe=""), login="ada", password=PASSWORD)

    assert (reply.status, reply.location) == (303, "/")


async def test_an_address_in_the_query_is_no_harm(server: Server, visitor: Visitor) -> None:
    await make_account(server, "ada")

    reply = await log_in(visitor, "/login?next=%2Fauthorize%3Fx%3D%2F%2Fevil", login="ada", password=PASSWORD)

    assert reply.location.startswith("/authorize?x=//evil&iam_interaction=")


@given(st.text(st.sampled_from("/\\%2f5c09:@?#.a\t\r\n htps"), max_size=20))
def test_whatever_is_asked_for_stays_here(address: str) -> None:
    origin = "https://login.example"

    as_browsers_read = confine(address).translate({9: None, 10: None, 13: None, 92: 47})

    assert urlsplit(urljoin(origin, as_browsers_read))[:2] == ("https", "login.example")


async def test_next_given_twice_leads_to_the_front_page(server: Server, visitor: Visitor) -> None:
    await make_account(server, "ada")

    reply = await log_in(visitor, "/login?next=/applications&next=//evil", login="ada", password=PASSWORD)

    assert reply.location == "/"


# A hash that keeps a thread busy for as long as we allow: about a second.
COSTLY = f"$argon2id$v=19$m={MOST_MEMORY},t={MOST_PASSES},p=1${'A' * 22}${'A' * 43}"


@pytest.fixture
def busy(running: Server, server: Server, key: Any) -> Iterator[tuple[Server, Passwords]]:
    """A server of which one thread checks passwords."""
    passwords = Passwords(reactor, threads=1)
    application = running.application
    vars(application)["passwords"] = passwords
    site = build_site(application)
    port = reactor.listenTCP(0, site, interface="127.0.0.1")
    yield evolve(running, url=f"http://localhost:{port.getHost().port}{running.settings.path}"), passwords
    blockon(port.stopListening())


async def test_h16_with_too_many_passwords_of_its_network_to_check_the_login_asks_to_come_back(
    busy: tuple[Server, Passwords],
) -> None:
    server, passwords = busy
    visitor = Visitor(server)
    form = await visitor.form("/login")
    hashes = [COSTLY, *[None] * SHARE]
    others = gatherResults(
        [Deferred.fromCoroutine(passwords.verify(stored, "wrong", "127.0.0.1")) for stored in hashes]
    )

    reply = await visitor.send(form, login="ada", password=PASSWORD)
    await others
    later = await visitor.send(form, login="ada", password=PASSWORD)

    assert reply.status == 503
    assert int(reply.header("retry-after") or "0") > 0
    assert "Many people are logging in at this moment. Try again in a few seconds." in reply.text
    assert form_of(reply.text).value("login") == "ada"
    assert later.status == 400


async def test_logging_out_ends_the_session_and_forgets_the_cookie(server: Server) -> None:
    person = await server.person()
    visitor = Visitor(server, person.cookie)

    reply = await visitor.send(await visitor.form("/logout"))

    assert (reply.status, reply.location) == (303, "/logout")
    assert "Max-Age=0" in (reply.header("set-cookie") or "")
    assert (await Visitor(server, person.cookie).get("/applications")).location.startswith("/login")


async def test_a_link_alone_logs_nobody_out(server: Server) -> None:
    visitor = Visitor(server, (await server.person()).cookie)

    await visitor.get("/logout")

    assert (await visitor.get("/applications")).status == 200


async def test_who_is_not_logged_in_need_not_log_out(visitor: Visitor) -> None:
    reply = await visitor.get("/logout")

    assert reply.status == 200
    assert "You are logged out" in reply.text


async def test_a_session_that_idled_too_long_is_over(server: Server) -> None:
    visitor = Visitor(server, (await server.person()).cookie)

    server.clock.advance(server.settings.session_idle + 1)

    assert (await visitor.get("/applications")).location.startswith("/login")


async def test_who_has_to_log_in_again_is_told_so_until_they_have(server: Server, visitor: Visitor) -> None:
    await make_account(server, "ada")
    await log_in(visitor, login="ada", password=PASSWORD)
    opened = await visitor.get("/login?login=again&login_hint=ada")

    refused = await visitor.send(form_of(opened.text), password="wrong")

    assert "<h1>Log in again</h1>" in opened.text
    assert "<h1>Log in again</h1>" in refused.text
    assert form_of(refused.text).value("login") == "ada"
