"""Where a person is logged in: each browser in words, and the end of a session there."""

import re
from typing import Any

import pytest

from iam.browser import user_agents
from iam.records.actor import SERVER
from tests.harness import Server
from tests.pages.accounts import log_in
from tests.pages.conftest import Visitor, make_account, visitor_of
from tests.pages.form import Form, form_of

LIST = "/account/sessions"
FIREFOX = "Mozilla/5.0 (X11; Linux x86_64; rv:145.0) Gecko/20100101 Firefox/145.0"
PHONE = (
    "Mozilla/5.0 (Linux; Android 10; K) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/142.0.0.0 Mobile Safari/537.36"
)


async def browser(server: Server, username: str, user_agent: str) -> Visitor:
    """A browser of this kind in which somebody has logged in."""
    visitor = Visitor(server)
    form = await visitor.form("/login")
    sent = {"Origin": "null", "Sec-Fetch-Site": "same-origin", "User-Agent": user_agent}
    await visitor.send(form, sent, login=username, password="correct horse battery staple 1")
    return visitor


async def ada_in_two(server: Server) -> tuple[Visitor, Visitor]:
    await make_account(server, "ada", "ada@example.org")
    return await browser(server, "ada", FIREFOX), await browser(server, "ada", PHONE)


def ending(page: str) -> tuple[Form, list[str]]:
    """The form of the list, and the sessions that it can end."""
    return form_of(page), re.findall(r'name="end" value="([^"]*)"', page)


async def test_each_browser_is_named_with_where_and_when(server: Server) -> None:
    firefox, _ = await ada_in_two(server)

    page = (await firefox.get(LIST)).text

    assert "Firefox on Linux" in page
    assert "Chrome on Android" in page
    assert "From <bdi>127.0.0.1</bdi>" in page or "From <bdi>::1</bdi>" in page
    assert page.count("This browser") == 1
    assert page.index("This browser") < page.index("Chrome on Android")


async def test_one_session_is_ended_and_the_others_go_on(server: Server) -> None:
    firefox, phone = await ada_in_two(server)
    form, (session,) = ending((await firefox.get(LIST)).text)

    reply = await firefox.send(form, end=session)

    assert (reply.status, reply.location) == (303, LIST)
    assert (await phone.get(LIST)).status == 303
    assert "Chrome on Android" not in (await firefox.get(LIST)).text


async def test_the_end_is_written_down_with_who_did_it(server: Server) -> None:
    firefox, _ = await ada_in_two(server)
    form, (session,) = ending((await firefox.get(LIST)).text)

    await firefox.send(form, end=session)

    (event,) = await server.store.audit.events(kind="session.ended")
    assert event.actor == f"user {event.subject}"
    assert event.detail == {"session": session}


async def test_all_others_are_ended_after_a_question(server: Server) -> None:
    firefox, phone = await ada_in_two(server)
    tablet = await browser(server, "ada", "Mozilla/5.0 (iPad) Version/26.0 Safari/605.1.15")
    form = await firefox.form(f"{LIST}/end")

    reply = await firefox.send(form)

    assert (reply.status, reply.location) == (303, LIST)
    assert [(await visitor.get(LIST)).status for visitor in (firefox, phone, tablet)] == [200, 303, 303]
    assert len(await server.store.audit.events(kind="session.ended")) == 2


def ended(admin: Any) -> list[Any]:
    admin.execute("select recipient, detail from outbox where template = 'sessions_ended'")
    return list(admin.fetchall())


async def test_the_end_of_all_others_is_told_by_one_mail_and_that_of_one_by_none(server: Server, admin: Any) -> None:
    firefox, _ = await ada_in_two(server)
    form, (session,) = ending((await firefox.get(LIST)).text)
    await firefox.send(form, end=session)
    before = ended(admin)
    for _ in range(2):
        await browser(server, "ada", PHONE)

    await firefox.send(await firefox.form(f"{LIST}/end"))

    assert before == []
    assert ended(admin) == [("ada@example.org", {"address": "127.0.0.1"})]


async def test_the_end_of_none_is_told_to_nobody(server: Server, admin: Any) -> None:
    await ada_in_two(server)
    admin.execute("select user_id, id from sessions limit 1")
    user_id, kept = admin.fetchone()

    counts = [await server.store.own_sessions.end_others(user_id, kept, server.now(), SERVER) for _ in range(2)]

    assert counts == [1, 0]
    assert len(ended(admin)) == 1


async def test_a_login_since_the_question_was_shown_is_shown_before_it_is_ended(server: Server) -> None:
    firefox, phone = await ada_in_two(server)
    form = await firefox.form(f"{LIST}/end")
    await browser(server, "ada", "curl/8.0")

    reply = await firefox.send(form)

    assert reply.status == 409
    assert "Nothing is logged out yet" in reply.text
    assert "curl" in reply.text
    assert (await phone.get(LIST)).status == 200


async def test_with_one_session_there_is_nothing_to_ask_about(server: Server) -> None:
    reply = await visitor_of(server, await server.person()).get(f"{LIST}/end")

    assert (reply.status, reply.location) == (303, LIST)


async def test_the_session_of_this_browser_ends_by_the_logout_page(server: Server, admin: Any) -> None:
    visitor = visitor_of(server, await server.person())
    admin.execute("select id::text from sessions")

    reply = await visitor.send(await visitor.form(LIST), end=admin.fetchone()[0])

    assert (reply.status, reply.location) == (303, "/logout")


@pytest.mark.parametrize("given", ["bob's", "none"])
async def test_nobody_ends_sessions_of_others(server: Server, admin: Any, given: str) -> None:
    ada = visitor_of(server, await server.person())
    bob = visitor_of(server, person := await server.person())
    admin.execute("select id::text from sessions where user_id = %s", (person.user_id,))
    theirs = admin.fetchone()[0]

    reply = await ada.send(await ada.form(LIST), end=theirs if given == "bob's" else "x")

    assert reply.status == 404
    assert (await bob.get(LIST)).status == 200
    assert theirs not in (await ada.get(LIST)).text


async def test_a_stale_form_ends_nothing(server: Server) -> None:
    firefox, phone = await ada_in_two(server)
    form, (session,) = ending((await firefox.get(LIST)).text)
    await log_in(firefox, "ada")

    reply = await firefox.send(form, end=session)

    assert reply.status == 403
    assert (await phone.get(LIST)).status == 200


@pytest.mark.parametrize(
    ("user_agent", "browser", "system"),
    [
        (FIREFOX, "Firefox", "Linux"),
        (PHONE, "Chrome", "Android"),
        ("Mozilla/5.0 (Windows NT 10.0; Win64; x64) Chrome/142.0 Safari/537.36 Edg/142.0", "Edge", "Windows"),
        ("Mozilla/5.0 (iPhone; CPU iPhone OS 18_6 like Mac OS X) Version/26.0 Safari/604.1", "Safari", "iPhone"),
        ("Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) Version/26.0 Safari/605.1.15", "Safari", "Mac"),
        ("something else", None, None),
        (None, None, None),
    ],
    ids=["firefox", "phone", "edge", "iphone", "mac", "other", "none"],
)
def test_a_browser_and_a_system_are_told_by_the_name_of_the_browser(
    user_agent: str | None, browser: str | None, system: str | None
) -> None:
    device = user_agents.describe(user_agent)

    assert (device.browser, device.system) == (browser, system)


async def test_a_name_without_end_is_cut_and_markup_in_it_is_text(server: Server, admin: Any) -> None:
    await make_account(server, "ada")
    visitor = await browser(server, "ada", "<b>{{ 7 * 7 }}</b>" + "x" * 5000)

    admin.execute("select length(user_agent) from sessions")
    assert admin.fetchall() == [(user_agents.LONGEST,)]
    assert "A browser that does not say what it is" in (await visitor.get(LIST)).text


async def mails(admin: Any) -> list[Any]:
    admin.execute(
        "select recipient, detail ->> 'device', detail ->> 'address' from outbox where template = 'new_device'"
    )
    return list(admin.fetchall())


async def test_a_login_from_another_browser_is_mailed(server: Server, admin: Any) -> None:
    await make_account(server, "ada", "ada@example.org")
    firefox = await browser(server, "ada", FIREFOX)
    assert await mails(admin) == []  # the first login tells nobody anything new

    await log_in(firefox, "ada")
    assert await mails(admin) == []

    await browser(server, "ada", PHONE)
    assert await mails(admin) == [("ada@example.org", "Chrome on Android", "127.0.0.1")]


async def test_another_account_of_the_same_browser_is_new_there_too(server: Server, admin: Any) -> None:
    firefox, _ = await ada_in_two(server)
    await make_account(server, "bob", "bob@example.org")
    await browser(server, "bob", PHONE)

    await log_in(firefox, "bob")

    assert [recipient for recipient, _, _ in await mails(admin)] == ["ada@example.org", "bob@example.org"]


async def test_without_an_address_nothing_is_mailed(server: Server, admin: Any) -> None:
    await make_account(server, "ada")
    for kind in (FIREFOX, PHONE):
        await browser(server, "ada", kind)

    assert await mails(admin) == []
