"""Sign-up: an e-mail address first, and behind the link that is sent there an account (H15, H23)."""

import re
from collections.abc import Callable
from typing import Any

import pytest
from twisted.internet.defer import Deferred, gatherResults

from iam.records.actor import SERVER
from tests.harness import Server
from tests.mailbox import link_in_mail, mailbox, newest
from tests.pages.conftest import PASSWORD, Visitor, asking, kept, make_account
from tests.pages.form import Form, form_of

NEW = "seven wet otters sing 42"
ADA = "Ada@example.org"
RIGHT = {"username": "ada", "name": "Ada Lovelace", "password": NEW, "again": NEW}


async def asked(visitor: Visitor, email: str = ADA, path: str = "/signup") -> Any:
    return await visitor.send(await visitor.form(path), email=email)


async def linked(server: Server, visitor: Visitor) -> str:
    await asked(visitor)
    return await link_in_mail(server)


async def test_an_account_begins_with_an_address_alone(server: Server, visitor: Visitor) -> None:
    form = await visitor.form("/signup")

    reply = await visitor.send(form, email=ADA)

    (mail,) = await mailbox(server)
    assert [name for name, _ in form.fields] == ["csrf_token", "email"]
    assert reply.status == 200
    assert "Look into your mail" in reply.text
    assert (mail.template, mail.recipient, mail.user_id) == ("sign_up", ADA, None)
    assert mail.address
    assert mail.address.startswith(server.settings.issuer + "/signup/account?link=iam_sg_")


async def test_h23_behind_the_link_is_the_account_with_a_verified_address_and_a_session(
    server: Server, visitor: Visitor
) -> None:
    link = await linked(server, visitor)

    reply = await visitor.send(await visitor.form(link), **RIGHT)

    user = await server.store.users.by_username("ada")
    assert (reply.status, reply.location) == (303, "/")
    assert user is not None
    assert (user.email, user.email_verified, user.name, user.superuser) == (ADA, True, "Ada Lovelace", False)
    assert (await visitor.get("/account")).status == 200


async def test_whoever_has_made_an_account_can_log_in_with_name_and_address(server: Server, visitor: Visitor) -> None:
    await visitor.send(await visitor.form(await linked(server, visitor)), **RIGHT)

    for login in ("ada", ADA):
        other = Visitor(server)
        assert (await other.send(await other.form("/login"), login=login, password=NEW)).status == 303


async def test_who_came_from_an_application_returns_to_it(server: Server, visitor: Visitor) -> None:
    app = await server.app()
    login = await visitor.get((await visitor.get(asking(app))).location)
    signup = login.text.partition('href="/signup?next=')[2].partition('"')[0].replace("&amp;", "&")
    await asked(visitor, path="/signup?next=" + signup)
    elsewhere = Visitor(server)  # the mail is opened in another browser

    reply = await elsewhere.send(await elsewhere.form(await link_in_mail(server)), **RIGHT)
    consent = await elsewhere.get(reply.location)

    assert reply.location.startswith("/authorize?")
    assert consent.status == 200
    assert "code" in (await elsewhere.send(form_of(consent.text), decision="allow")).sent_back


async def test_for_an_address_that_somebody_has_the_mail_says_so_and_the_page_does_not(
    server: Server, visitor: Visitor
) -> None:
    fresh = await asked(visitor)
    user_id = await make_account(server, "ada", "ada@example.org")

    known = await asked(visitor)

    mail = await newest(server)
    assert (mail.template, mail.recipient, mail.user_id, mail.link) == (
        "sign_up_known",
        "ada@example.org",
        user_id,
        None,
    )
    assert (known.status, known.text) == (fresh.status, fresh.text)


async def test_h22_get_and_head_change_nothing(server: Server, visitor: Visitor, admin: Any) -> None:
    link = await linked(server, visitor)
    before = kept(admin)

    replies = [await server.request(method, link) for method in ("GET", "HEAD", "GET")]

    assert {reply.status for reply in replies} == {200}
    assert kept(admin) == before
    assert (await visitor.send(await visitor.form(link), **RIGHT)).status == 303


async def test_a_link_makes_one_account(server: Server, visitor: Visitor, admin: Any) -> None:
    link = await linked(server, visitor)
    form = await visitor.form(link)
    stranger = Visitor(server)
    second = await stranger.form(link)
    await visitor.send(form, **RIGHT)

    again = await stranger.send(second, **{**RIGHT, "username": "eve"})
    opened = await stranger.get(link)

    assert again.status == opened.status == 403
    assert "This link was used already" in opened.text
    admin.execute("select username from users")
    assert admin.fetchall() == [("ada",)]


async def test_of_many_uses_at_once_one_makes_an_account(server: Server, visitor: Visitor, admin: Any) -> None:
    link = await linked(server, visitor)
    visitors = [Visitor(server) for _ in range(5)]
    forms = [await one.form(link) for one in visitors]

    replies = await gatherResults(
        [
            Deferred.fromCoroutine(one.send(form, **{**RIGHT, "username": f"ada{n}"}))
            for n, (one, form) in enumerate(zip(visitors, forms, strict=True))
        ]
    )

    admin.execute("select count(*) from users")
    assert admin.fetchone() == (1,)
    assert min(reply.status for reply in replies) == 303
    assert {reply.status for reply in replies} <= {303, 400, 403}


async def test_two_links_to_one_address_make_one_account(server: Server, visitor: Visitor) -> None:
    first = await linked(server, visitor)
    second = await linked(server, visitor)
    await visitor.send(await visitor.form(first), **RIGHT)
    other = Visitor(server)

    reply = await other.send(await other.form(second), **{**RIGHT, "username": "bob"})

    assert reply.status == 400
    assert "Somebody has this e-mail address" in reply.text


async def test_a_link_is_good_for_a_day(server: Server, visitor: Visitor) -> None:
    link = await linked(server, visitor)
    server.clock.advance(24 * 3600 - 10)
    assert (await visitor.get(link)).status == 200

    server.clock.advance(20)

    late = await visitor.get(link)
    assert late.status == 403
    assert "This link is too old" in late.text
    assert 'href="/signup"' in late.text


@pytest.mark.parametrize(
    ("field", "changes", "words"),
    [
        ("username", {"username": ""}, "Choose a username."),
        ("username", {"username": "a b"}, "without spaces"),
        ("username", {"username": "bob@example.org"}, "without @"),
        ("username", {"username": "BOB"}, "Somebody has this username"),
        ("username", {"username": "u" * 100}, "at most 64 characters"),
        ("name", {"name": "n" * 300}, "at most 200 characters"),
        ("name", {"name": "A\u202eda"}, "without control characters"),
        ("password", {"password": "short", "again": "short"}, "at least 8 characters"),
        ("password", {"password": "Ada Lovelace", "again": "Ada Lovelace"}, "harder to guess"),
        ("again", {"again": "something else"}, "type the same one twice"),
    ],
)
async def test_an_error_stands_next_to_its_field_and_what_was_typed_stays(
    server: Server, visitor: Visitor, admin: Any, field: str, changes: dict[str, str], words: str
) -> None:
    await make_account(server, "bob", "bob@example.org")
    link = await linked(server, visitor)
    before = kept(admin)

    reply = await visitor.send(await visitor.form(link), **{**RIGHT, **changes})

    typed, again = {**RIGHT, **changes}, form_of(reply.text)
    assert reply.status == 400
    assert words in reply.text.partition(f'id="{field}-error">')[2].partition("</p>")[0]
    assert (again.value("username"), again.value("name")) == (typed["username"], typed["name"])
    assert (again.value("password"), again.value("again")) == ("", "")
    assert kept(admin) == before
    assert (await visitor.send(again, **RIGHT)).status == 303


async def test_all_that_is_wrong_is_told_at_once_and_the_first_of_it_is_focused(
    server: Server, visitor: Visitor
) -> None:
    form = await visitor.form(await linked(server, visitor))

    reply = await visitor.send(form, username="ada", name="n" * 300, password="short", again="shirt")

    assert [name for name in ("username", "name", "password", "again") if f'id="{name}-error"' in reply.text] == [
        "name",
        "password",
        "again",
    ]
    (focused,) = re.findall(r"<input[^>]* autofocus", reply.text)
    assert 'name="name"' in focused


@pytest.mark.parametrize(
    "email",
    ["", "ada", "ada@", "@example.org", "a b@example.org", "ada@example.org\r\nBcc: eve@example.org", "a@" + "x" * 300],
)
async def test_what_is_no_address_is_told_beside_its_field(server: Server, visitor: Visitor, email: str) -> None:
    reply = await asked(visitor, email)

    assert reply.status == 400
    assert 'id="email-error"' in reply.text
    assert await mailbox(server) == []


@pytest.mark.parametrize("policy", ["invite", "closed"])
async def test_where_sign_up_is_not_open_a_good_form_is_refused_too(
    configured: Callable[..., Server], visitor: Visitor, server: Server, policy: str, admin: Any
) -> None:
    link = await linked(server, visitor)
    ask, make = await visitor.form("/signup"), await visitor.form(link)
    closed = Visitor(configured(signup=policy), visitor.cookie)
    before = kept(admin)

    replies = [await closed.get("/signup"), await closed.get(link), await closed.send(ask, email="b@example.org")]
    replies += [await closed.send(make, **RIGHT)]

    assert [reply.status for reply in replies] == [403] * 4
    assert len(await mailbox(server)) == 1
    assert kept(admin) == before
    assert "/signup" not in (await closed.get("/login")).text


async def test_a_username_that_was_deleted_begins_anew(server: Server, visitor: Visitor) -> None:
    await visitor.send(await visitor.form(await linked(server, visitor)), **RIGHT)
    first = await server.store.users.by_username("ada")
    assert first is not None
    cookie = visitor.cookie
    await server.store.users.delete(first.id, server.now(), SERVER)
    other = Visitor(server)
    await other.send(await other.form(await linked(server, other)), **RIGHT)

    second = await server.store.users.by_username("ada")
    assert second is not None
    assert second.id != first.id
    assert (await Visitor(server, cookie).get("/account")).status == 303


async def test_the_form_of_one_link_is_not_for_another(server: Server, visitor: Visitor, admin: Any) -> None:
    mine = await visitor.form(await linked(server, visitor))
    await asked(visitor, "bob@example.org")
    theirs = await link_in_mail(server)
    before = kept(admin)

    reply = await visitor.send(Form(theirs, mine.fields), **RIGHT)

    assert reply.status == 403
    assert kept(admin) == before


async def test_another_account_in_the_browser_stays_logged_in(server: Server, visitor: Visitor) -> None:
    await make_account(server, "bob")
    await visitor.send(await visitor.form("/login"), login="bob", password=PASSWORD)
    link = await linked(server, visitor)

    await visitor.send(await visitor.form(link), **RIGHT)

    accounts = (await visitor.get("/accounts")).text
    assert "bob" in accounts
    assert "ada" in accounts


async def test_h29_a_sign_up_is_one_event_for_each_step(server: Server, visitor: Visitor, admin: Any) -> None:
    await visitor.send(await visitor.form(await linked(server, visitor)), **RIGHT)

    admin.execute(
        "select kind, actor = 'user ' || subject, address is not null, detail from audit_events"
        " where kind like 'user.sign%' order by at"
    )
    assert admin.fetchall() == [("user.sign_up_asked", None, True, {}), ("user.signed_up", True, True, {})]
