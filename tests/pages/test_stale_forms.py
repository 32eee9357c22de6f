"""A form that is not good any more is no dead end: it is shown again, good, with what was typed and with the cause."""

from datetime import timedelta
from typing import Any
from urllib.parse import quote

import pytest

from tests.harness import Reply, Server
from tests.pages.conftest import PASSWORD, Visitor, asking, kept, make_account, visitor_of
from tests.pages.form import Form, form_of

CHANGED = "Somebody has logged in or out in this browser since this page was opened."
NO_COOKIE = "Your browser sent us no cookie"
DOUBT = "Your browser sent several cookies under our name"
OLD = "This page was opened too long ago."


async def two_tabs(server: Server, first: str, second: str) -> tuple[Visitor, Form]:
    """A browser that has logged ada in in its first tab, and the login that was opened in its second before that."""
    await make_account(server, "ada", "ada@example.org")
    await make_account(server, "grace")
    visitor = Visitor(server)
    one, other = await visitor.form("/login?next=" + quote(first, safe="")), await visitor.form("/login?next=" + second)
    reply = await visitor.send(one, login="ada", password=PASSWORD)
    assert (reply.status, reply.location) == (303, first)
    return visitor, other


@pytest.mark.parametrize("typed", ["ada", " Ada", "ADA", "ada@example.org", "Ada@Example.ORG", ""])
async def test_the_second_tab_goes_on_to_its_own_client_with_who_is_logged_in(server: Server, typed: str) -> None:
    app = await server.app()
    address = asking(app)
    visitor, form = await two_tabs(server, "/applications", quote(address, safe=""))

    reply = await visitor.send(form, login=typed, password=PASSWORD)
    consent = await visitor.get(reply.location)

    assert (reply.status, reply.location) == (303, address)
    assert "asks to act for you, <strong><bdi>ada</bdi></strong>" in consent.text


async def test_the_second_tab_goes_on_whatever_was_typed_for_a_password_since_nobody_logs_in(
    server: Server, admin: Any
) -> None:
    visitor, form = await two_tabs(server, "/applications", "/")
    before = kept(admin)

    reply = await visitor.send(form, login="ada", password="wrong")

    assert (reply.status, reply.location) == (303, "/")
    assert reply.header("set-cookie") is None
    assert kept(admin) == before


async def test_who_typed_another_name_sees_it_again_and_who_is_logged_in(server: Server, admin: Any) -> None:
    visitor, form = await two_tabs(server, "/applications", quote("/applications/register", safe=""))
    before = kept(admin)

    reply = await visitor.send(form, login="grace", password=PASSWORD, remember="y")
    again = form_of(reply.text)

    assert reply.status == 403
    assert CHANGED in reply.text
    assert "You are logged in here as <strong><bdi>ada</bdi></strong> now." in reply.text
    assert 'href="/applications/register"' in reply.text
    assert (again.value("login"), again.value("password"), again.value("remember")) == ("grace", "", "y")
    assert PASSWORD not in reply.text
    assert kept(admin) == before


async def test_the_form_that_is_shown_again_is_good(server: Server) -> None:
    visitor, form = await two_tabs(server, "/applications", quote("/applications/register", safe=""))
    again = form_of((await visitor.send(form, login="grace", password=PASSWORD)).text)

    reply = await visitor.send(again, password=PASSWORD)

    assert (reply.status, reply.location) == (303, "/applications/register")
    assert "grace" in (await visitor.get("/account")).text


async def test_who_logs_in_again_in_the_second_tab_is_asked_again_by_the_request_alone(server: Server) -> None:
    """prompt=login wants a login for this very request: none that happened in another tab passes for it."""
    app = await server.app(scopes=("openid",))
    address = asking(app, scope="openid", prompt="login")
    visitor, form = await two_tabs(server, "/applications", quote(address, safe=""))

    reply = await visitor.send(form, login="ada", password=PASSWORD)
    onward = await visitor.get(reply.location)

    assert reply.location == address
    assert onward.location.startswith("/login?")


async def test_a_browser_without_cookies_is_told_so_and_keeps_what_was_typed(server: Server) -> None:
    form = await Visitor(server).form("/login")

    reply = await Visitor(server).send(form, login="ada", password=PASSWORD)

    assert reply.status == 403
    assert NO_COOKIE in reply.text
    assert form_of(reply.text).value("login") == "ada"
    assert reply.header("set-cookie")


async def test_a_browser_with_a_cookie_that_somebody_else_planted_goes_on_all_the_same(server: Server) -> None:
    await make_account(server, "ada")
    visitor, planted = Visitor(server), "; iam=planted"
    form = await visitor.form("/login")

    headers = {**visitor.headers, "Origin": "null", "Sec-Fetch-Site": "same-origin"}
    headers["Cookie"] += planted
    reply = await server.post(form.action, form.filled({"login": "ada", "password": PASSWORD}), headers=headers)
    given = reply.headers.getRawHeaders("set-cookie") or []
    visitor._kept(reply)
    onward = await visitor.send(form_of(reply.text), login="ada", password=PASSWORD)

    assert reply.status == 403
    assert DOUBT in reply.text
    assert f"iam=; Path={server.settings.path}/login; HttpOnly; SameSite=Lax; Max-Age=0" in given
    assert given[-1].startswith("iam=iam_")
    assert onward.status == 303


async def test_of_two_sessions_in_one_header_neither_counts(server: Server) -> None:
    ada, mallory = await server.person(), await server.person()

    reply = await server.get("/applications", headers={"Cookie": f"iam={ada.cookie}; iam={mallory.cookie}"})

    assert reply.location.startswith("/login")


async def opened(server: Server) -> tuple[Visitor, Form]:
    """A question of an application, on the screen."""
    visitor = visitor_of(server, await server.person("ada"))
    return visitor, await visitor.form(asking(await visitor.register()))


async def test_a_consent_page_that_was_open_too_long_is_shown_again_and_is_good_then(server: Server) -> None:
    visitor, form = await opened(server)
    server.clock.advance(601)

    reply = await visitor.send(form, decision="allow")
    onward = await visitor.send(form_of(reply.text), decision="allow")

    assert (reply.status, OLD in reply.text) == (403, True)
    assert set(onward.sent_back) >= {"code"}


@pytest.mark.parametrize("decision", ["allow", "deny"])
async def test_a_consent_page_of_who_was_logged_in_before_asks_who_is_now(
    server: Server, admin: Any, decision: str
) -> None:
    visitor, form = await opened(server)
    visitor.cookie = (await server.person("grace")).cookie
    before = kept(admin)

    reply = await visitor.send(form, decision=decision)

    assert (reply.status, CHANGED in reply.text) == (403, True)
    assert "asks to act for you, <strong><bdi>grace</bdi></strong>" in reply.text
    assert form_of(reply.text).action == form.action
    assert kept(admin) == before


async def test_the_question_whether_to_log_out_is_asked_again_of_who_is_logged_in_now(
    server: Server, admin: Any
) -> None:
    visitor = visitor_of(server, await server.person("ada"))
    form = await visitor.form("/logout")
    visitor.cookie = (await server.person("grace")).cookie
    before = kept(admin)

    reply = await visitor.send(form, decision="leave")
    onward = await visitor.send(form_of(reply.text), decision="leave")

    assert (reply.status, CHANGED in reply.text) == (403, True)
    assert "You are logged in as <strong><bdi>grace</bdi></strong>" in reply.text
    assert kept(admin) != before
    assert onward.status == 303


async def test_who_is_logged_out_already_is_told_so_by_an_old_question(server: Server) -> None:
    visitor = visitor_of(server, await server.person("ada"))
    form = await visitor.form("/logout")

    reply = await Visitor(server).send(form, decision="leave")

    assert "You are logged out" in reply.text


async def test_the_accounts_are_listed_again(server: Server) -> None:
    visitor = visitor_of(server, await server.person("ada"))
    form = await visitor.form("/accounts?next=/applications")
    visitor.cookie = (await server.person("grace")).cookie
    (ada, *_) = await server.store.sessions.living(server.now(), server.now() - timedelta(days=1))

    reply = await visitor.send(form, use=str(ada.id))

    assert (reply.status, CHANGED in reply.text) == (403, True)
    assert "<bdi>grace</bdi>" in reply.text
    assert form_of(reply.text).action == form.action


async def test_the_setup_keeps_what_was_typed_but_no_password(server: Server) -> None:
    form = await Visitor(server).form(await server.setup_path())
    typed = {"username": "root", "email": "root@example.org", "password": PASSWORD, "again": PASSWORD}

    visitor = Visitor(server)
    reply = await visitor.send(form, **typed)
    again = form_of(reply.text)
    onward = await visitor.send(again, password=PASSWORD, again=PASSWORD)

    assert (reply.status, NO_COOKIE in reply.text) == (403, True)
    assert (again.value("username"), again.value("email")) == ("root", "root@example.org")
    assert PASSWORD not in reply.text
    assert onward.status == 303


@pytest.mark.parametrize("headers", [{"Sec-Fetch-Site": "cross-site"}, {"Origin": "https://evil.example"}])
async def test_a_form_from_elsewhere_is_not_shown_again_with_what_others_wrote(
    server: Server, headers: dict[str, str]
) -> None:
    visitor, form = await two_tabs(server, "/applications", "/")

    replies: list[Reply] = [
        await visitor.send(form, headers, login="written-by-others"),
        await visitor.send(form, headers, login=""),
    ]

    assert [(reply.status, reply.location) for reply in replies] == [(403, "")] * 2
    assert "written-by-others" not in replies[0].text


TYPED = {"name": "Half typed", "redirect_uris": "https://typed.example/cb"}


async def logged_in_again(server: Server, visitor: Visitor, name: str) -> None:
    """Somebody logs in in another tab of this browser."""
    reply = await visitor.send(await visitor.form("/login?account=new"), login=name, password=PASSWORD)
    assert reply.status == 303


async def at_a_form(server: Server, path: str) -> tuple[Visitor, Form]:
    """Ada with an application and one of its forms, who logs in again in another tab."""
    await make_account(server, "ada")
    visitor = Visitor(server)
    await logged_in_again(server, visitor, "ada")
    app = await visitor.register()
    form = await visitor.form("/applications/" + path.format(app.client_id))
    await logged_in_again(server, visitor, "ada")
    return visitor, form


async def test_a_form_of_an_application_is_shown_again_with_all_that_was_typed_and_the_same_secret(
    server: Server, admin: Any
) -> None:
    visitor, form = await at_a_form(server, "register")
    before = kept(admin)

    reply = await visitor.send(form, **TYPED, client_type="public")
    again = form_of(reply.text)
    unsaved = kept(admin)
    onward = await visitor.send(again)

    assert (reply.status, CHANGED in reply.text) == (403, True)
    assert {name: again.value(name) for name in TYPED} == TYPED
    assert again.value("client_type") == "public"
    assert again.value("client_secret") == form.value("client_secret")
    assert unsaved == before
    assert onward.location == "/applications/" + form.value("client_id")


async def test_a_form_whose_id_and_secret_have_run_out_is_shown_again_with_new_ones(server: Server) -> None:
    visitor = visitor_of(server, await server.person())
    form = await visitor.form("/applications/register")

    reply = await visitor.send(form, **TYPED, ticket="1.x.y")
    again = form_of(reply.text)
    onward = await visitor.send(again)

    assert reply.status == 403
    assert "These may be new" in reply.text
    assert {name: again.value(name) for name in TYPED} == TYPED
    assert again.value("client_secret") != form.value("client_secret")
    assert onward.location == "/applications/" + again.value("client_id")


@pytest.mark.parametrize(
    ("path", "typed"), [("{}/edit", TYPED), ("{}/secret", {"keep": "86400"}), ("{}/delete", {}), ("{}/disable", {})]
)
async def test_each_form_of_an_application_is_shown_again_and_is_good_then(
    server: Server, admin: Any, path: str, typed: dict[str, str]
) -> None:
    visitor, form = await at_a_form(server, path)
    before = kept(admin)

    reply = await visitor.send(form, **typed)
    again = form_of(reply.text)
    unsaved = kept(admin)
    onward = await visitor.send(again)

    assert (reply.status, CHANGED in reply.text) == (403, True)
    assert {name: again.value(name) for name in typed} == typed
    assert unsaved == before
    assert onward.status == 303
    assert kept(admin) != before


async def test_a_form_of_somebody_elses_application_says_who_is_logged_in_now(server: Server) -> None:
    visitor, form = await at_a_form(server, "{}/edit")
    visitor.cookie = (await server.person("grace")).cookie

    reply = await visitor.send(form, **TYPED)

    assert reply.status == 403
    assert "You are logged in as grace now" in reply.text
