"""The change of one's own password: soon after a login, with a choice of what else ends; this browser stays logged in."""

from typing import Any
from urllib.parse import urlencode

import pytest

from tests.flows.test_personal_tokens import personal_token
from tests.harness import CHALLENGE, REDIRECT_URI, Server
from tests.pages.conftest import PASSWORD, Visitor, kept, visitor_of
from tests.pages.test_own_sessions import FIREFOX, PHONE, ada_in_two, browser

PATH = "/account/password"
NEW = "another horse, another battery"


async def change(visitor: Visitor, **changes: Any) -> Any:
    return await visitor.send(await visitor.form(PATH), **{"password": NEW, "again": NEW, **changes})


async def test_the_new_password_is_the_one_that_logs_in(server: Server) -> None:
    firefox, _ = await ada_in_two(server)

    reply = await change(firefox)

    assert (reply.status, reply.location) == (303, "/account/password/changed")
    assert "Your password is changed" in (await firefox.get(reply.location)).text
    visitors = [Visitor(server), Visitor(server)]
    replies = [
        await visitor.send(await visitor.form("/login"), login="ada", password=password)
        for visitor, password in zip(visitors, (PASSWORD, NEW), strict=True)
    ]
    assert [reply.status for reply in replies] == [400, 303]


async def test_this_browser_stays_logged_in_under_another_cookie_and_others_are_logged_out(server: Server) -> None:
    firefox, phone = await ada_in_two(server)
    before = firefox.cookie

    await change(firefox)

    assert firefox.cookie != before
    assert (await firefox.get("/account")).status == 200
    assert (await phone.get("/account")).status == 303
    assert (await Visitor(server, before).get("/account")).status == 303


async def test_other_browsers_stay_logged_in_if_the_person_says_so(server: Server) -> None:
    firefox, phone = await ada_in_two(server)

    await change(firefox, sessions=None)

    assert [(await visitor.get("/account")).status for visitor in (firefox, phone)] == [200, 200]


async def test_the_session_keeps_its_id_and_its_end(server: Server, admin: Any) -> None:
    visitor = visitor_of(server, await server.person())
    admin.execute("select id, day, expires_at, amr from sessions")
    before = admin.fetchall()

    await change(visitor)

    admin.execute("select id, day, expires_at, amr from sessions")
    assert admin.fetchall() == before


@pytest.mark.parametrize("chosen", ["applications", "tokens", "both", "neither"])
async def test_applications_and_own_tokens_end_each_by_choice(server: Server, admin: Any, chosen: str) -> None:
    person, app = await server.person(), await server.app(introspect_any=True)
    tokens = await server.tokens(app, person, scope="read")
    own = (await personal_token(server, person)).text
    changes = {
        "applications": "y" if chosen in ("applications", "both") else None,
        "tokens": "y" if chosen in ("tokens", "both") else None,
    }
    server.clock.advance(1)

    await change(visitor_of(server, person), **changes)

    assert (await server.introspect(app, tokens["access_token"]))["active"] is (changes["applications"] is None)
    assert (await server.get("/resource", headers={"Authorization": f"Bearer {own}"})).status == (
        401 if changes["tokens"] else 200
    )


async def test_what_is_proposed_is_that_sessions_and_applications_end_and_own_tokens_do_not(server: Server) -> None:
    form = await visitor_of(server, await server.person()).form(PATH)

    assert [name for name, _ in form.fields if name in ("sessions", "applications", "tokens")] == [
        "sessions",
        "applications",
    ]


async def test_whose_login_is_old_logs_in_again_first(server: Server) -> None:
    visitor = visitor_of(server, await server.person())
    form = await visitor.form(PATH)
    server.clock.advance(601)

    shown, sent = await visitor.get(PATH), await visitor.send(form, password=NEW, again=NEW)

    assert (shown.status, shown.location) == (303, "/login?login=again&next=%2Faccount%2Fpassword")
    assert (sent.status, sent.location) == (303, shown.location + "&typed=kept")


async def test_the_person_is_told_by_mail_and_it_is_written_down(server: Server, admin: Any) -> None:
    firefox, _ = await ada_in_two(server)

    await change(firefox)

    admin.execute("select recipient, detail ->> 'address' from outbox where template = 'password_changed'")
    assert admin.fetchall() == [("ada@example.org", "127.0.0.1")]
    (event,) = await server.store.audit.events(kind="user.password_changed")
    assert event.actor == f"user {event.subject}"
    assert event.detail == {"sessions_ended": 1, "tokens_kept": True}


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"again": NEW + "!"}, "The two passwords differ"),
        ({"password": "short", "again": "short"}, "Choose a password of at least"),
        ({"password": "person1person1", "again": "person1person1"}, "Choose a password"),
    ],
    ids=["different", "short", "guessed"],
)
async def test_a_password_that_will_not_do_changes_nothing(
    server: Server, admin: Any, changes: dict[str, str], sentence: str
) -> None:
    visitor = visitor_of(server, await server.person("person1"))
    before = kept(admin)

    reply = await change(visitor, **changes)

    assert reply.status == 400
    assert sentence in reply.text
    assert changes["again"] not in reply.text
    assert kept(admin) == before


async def test_a_login_that_was_under_way_with_the_old_password_is_worth_nothing(server: Server) -> None:
    firefox, _ = await ada_in_two(server)
    received = server.now()
    server.clock.advance(1)
    await change(firefox)
    user = await server.store.users.by_username("ada")
    assert user is not None

    late = await server.application.sessions.begin(None, user.id, auth_time=received)

    assert (await Visitor(server, late).get("/account")).status == 303


async def test_password_managers_find_the_page(server: Server) -> None:
    reply = await server.get(f"{server.settings.origin}/.well-known/change-password")

    assert (reply.status, reply.location) == (303, PATH)


async def test_a_form_of_another_login_changes_nothing(server: Server, admin: Any) -> None:
    firefox, _ = await ada_in_two(server)
    form = await firefox.form(PATH)
    other = await browser(server, "ada", FIREFOX)
    before = kept(admin)

    reply = await other.send(form, password=NEW, again=NEW)

    assert reply.status == 403
    assert kept(admin) == before
    assert PHONE not in reply.text


async def test_all_that_is_wrong_is_told_at_once(server: Server) -> None:
    visitor = visitor_of(server, await server.person())

    reply = await visitor.send(await visitor.form(PATH), password="short", again="shirt")

    assert [name for name in ("password", "again") if f'id="{name}-error"' in reply.text] == ["password", "again"]


@pytest.mark.parametrize(("chosen", "asked"), [("y", 200), (None, 302)], ids=["ended", "kept"])
async def test_applications_whose_access_ends_have_to_ask_again(server: Server, chosen: str | None, asked: int) -> None:
    person, app = await server.person(), await server.app()
    await server.tokens(app, person, scope="read")
    visitor = visitor_of(server, person)
    server.clock.advance(1)

    await change(visitor, applications=chosen)

    query = {
        "response_type": "code",
        "client_id": app.client_id,
        "redirect_uri": REDIRECT_URI,
        "scope": "read",
        "code_challenge": CHALLENGE,
        "code_challenge_method": "S256",
    }
    reply = await visitor.get("/authorize?" + urlencode(query))
    listed = (await visitor.get("/account/applications")).text
    assert reply.status == asked
    assert ("You have not allowed any application" in listed) is (asked == 200)
