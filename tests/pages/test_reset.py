"""Forgotten passwords: a link by mail, good once and for an hour, leads to a new password and to nothing else (H22)."""

from datetime import timedelta
from typing import Any

import pytest
from twisted.internet.defer import Deferred, gatherResults

from iam.administration import personal_tokens
from iam.administration.personal_tokens import Wish
from iam.records.actor import SERVER
from iam.secrets import minted
from iam.secrets.minted import Kind
from tests.harness import Server
from tests.mailbox import link_in_mail, mailbox
from tests.pages.conftest import PASSWORD, Visitor, kept, make_account
from tests.pages.form import Form, form_of

NEW = "seven wet otters sing 42"
RIGHT = {"password": NEW, "again": NEW}
ADA = "ada@example.org"


async def asked(visitor: Visitor, login: str = "ada", path: str = "/reset") -> Any:
    return await visitor.send(await visitor.form(path), login=login)


async def linked(server: Server, visitor: Visitor) -> str:
    """Ada's link."""
    await make_account(server, "ada", ADA)
    await asked(visitor)
    return await link_in_mail(server)


def stored(admin: Any) -> Any:
    admin.execute("select password_hash from users where username = 'ada'")
    return admin.fetchone()[0]


@pytest.mark.parametrize("login", ["ada", ADA, " ADA ", "Ada@Example.ORG"])
async def test_whoever_forgot_their_password_gets_a_link_by_mail(server: Server, visitor: Visitor, login: str) -> None:
    user_id = await make_account(server, "ada", ADA)

    reply = await asked(visitor, login)

    (mail,) = await mailbox(server)
    assert reply.status == 200
    assert "Look into your mail" in reply.text
    assert (mail.template, mail.recipient, mail.user_id) == ("reset", ADA, user_id)
    assert mail.address
    assert mail.address.startswith(server.settings.issuer + "/reset/password?link=iam_rp_")


async def test_h22_behind_the_link_is_a_new_password_and_then_the_login_which_says_so(
    server: Server, visitor: Visitor
) -> None:
    link = await linked(server, visitor)

    reply = await visitor.send(await visitor.form(link), **RIGHT)
    login = await visitor.get(reply.location)

    assert (reply.status, reply.location) == (303, "/login?next=%2F&reset=done")
    assert "Your password is changed." in login.text
    assert (await visitor.get("/account")).status == 303
    assert (await visitor.send(form_of(login.text), login="ada", password=NEW)).status == 303


async def test_the_old_password_is_worth_nothing_afterwards(server: Server, visitor: Visitor) -> None:
    link = await linked(server, visitor)

    await visitor.send(await visitor.form(link), **RIGHT)

    assert (await visitor.send(await visitor.form("/login"), login="ada", password=PASSWORD)).status == 400


async def test_a_reset_ends_sessions_grants_and_tokens_of_ones_own(server: Server, visitor: Visitor) -> None:
    person = await server.person("ada", email=ADA)
    app = await server.app()
    tokens = await server.tokens(app, person)
    user = await server.store.users.by_id(person.user_id)
    assert user
    wish = Wish("my script", expires_at=server.now() + timedelta(days=7))
    own = await personal_tokens.create_for_person(server.application.administration, user, wish, SERVER)
    bearer = {"Authorization": f"Bearer {own.text}"}
    assert (await server.get("/resource", headers=bearer)).status == 200
    await asked(visitor)

    await visitor.send(await visitor.form(await link_in_mail(server)), **RIGHT)

    assert (await server.get("/account", headers=person.headers)).status == 303
    assert (await server.get("/resource", headers=bearer)).status == 401
    assert (await server.introspect(app, tokens["access_token"]))["active"] is False
    assert (await server.refresh(app, tokens["refresh_token"])).status == 400


async def test_a_reset_by_mail_verifies_the_address_and_tells_of_it(
    server: Server, visitor: Visitor, admin: Any
) -> None:
    link = await linked(server, visitor)

    await visitor.send(await visitor.form(link), **RIGHT)

    admin.execute("select email_verified from users")
    assert admin.fetchone() == (True,)
    assert [(mail.template, mail.recipient) for mail in await mailbox(server)] == [
        ("reset", ADA),
        ("password_changed", ADA),
    ]


async def test_h29_asking_and_using_are_one_event_each(server: Server, visitor: Visitor, admin: Any) -> None:
    link = await linked(server, visitor)
    await visitor.send(await visitor.form(link), **RIGHT)

    admin.execute("select kind, actor, detail from audit_events where kind like 'user.%reset%' order by at")
    asking, using = admin.fetchall()
    assert asking == ("user.reset_asked", "anybody", {})
    assert using[0] == "user.password_reset"
    assert using[1].startswith("user ")
    assert using[2] == {"by_mail": True, "sessions_ended": 0}


async def test_h22_get_and_head_change_nothing(server: Server, visitor: Visitor, admin: Any) -> None:
    """Mail is read by scanners, which open every link."""
    link = await linked(server, visitor)
    before = kept(admin)

    replies = [await server.request(method, link) for method in ("GET", "HEAD", "GET", "HEAD")]

    assert {reply.status for reply in replies} == {200}
    assert kept(admin) == before
    assert (await visitor.send(await visitor.form(link), **RIGHT)).status == 303


async def test_h22_a_link_is_good_once(server: Server, visitor: Visitor, admin: Any) -> None:
    link = await linked(server, visitor)
    form = await visitor.form(link)
    await visitor.send(form, **RIGHT)
    before = stored(admin)

    opened, sent = await visitor.get(link), await visitor.send(form, **RIGHT)

    assert opened.status == sent.status == 403
    assert "This link was used already" in opened.text
    assert 'href="/reset"' in opened.text
    assert stored(admin) == before


async def test_h22_of_many_uses_at_once_one_counts(server: Server, visitor: Visitor, admin: Any) -> None:
    link = await linked(server, visitor)
    form = await visitor.form(link)

    replies = await gatherResults(
        [Deferred.fromCoroutine(visitor.send(form, password=f"{NEW} {n}", again=f"{NEW} {n}")) for n in range(6)]
    )

    assert sorted(reply.status for reply in replies) == [303, *[403] * 5]
    admin.execute("select count(*) from audit_events where kind = 'user.password_reset'")
    assert admin.fetchone() == (1,)


async def test_h22_a_link_by_mail_is_good_for_an_hour(server: Server, visitor: Visitor) -> None:
    link = await linked(server, visitor)
    server.clock.advance(3590)
    assert (await visitor.get(link)).status == 200

    server.clock.advance(20)

    late = await visitor.get(link)
    assert late.status == 403
    assert "This link is too old" in late.text


async def test_h22_a_newer_link_ends_the_older_one(server: Server, visitor: Visitor) -> None:
    first = await linked(server, visitor)
    await asked(visitor)

    old, new = await visitor.get(first), await visitor.get(await link_in_mail(server))

    assert (old.status, new.status) == (403, 200)
    assert "There is a newer link" in old.text


async def test_h22_a_link_ends_with_the_password_that_it_replaces(server: Server, visitor: Visitor, admin: Any) -> None:
    link = await linked(server, visitor)
    form = await visitor.form(link)
    admin.execute("update users set password_hash = password_hash || 'x'")
    before = stored(admin)

    assert (await visitor.get(link)).status == 403
    assert (await visitor.send(form, **RIGHT)).status == 403
    assert stored(admin) == before


async def test_a_link_ends_when_the_account_moves_to_another_address(
    server: Server, visitor: Visitor, admin: Any
) -> None:
    link = await linked(server, visitor)
    admin.execute("update users set email = 'b@example.org', email_key = 'b@example.org'")

    reply = await visitor.get(link)

    assert reply.status == 403
    assert "The e-mail address of the account has changed" in reply.text


async def test_a_link_of_a_disabled_account_is_not_good(server: Server, visitor: Visitor, admin: Any) -> None:
    link = await linked(server, visitor)
    form = await visitor.form(link)
    admin.execute("update users set disabled_at = now()")

    assert (await visitor.get(link)).status == 403
    assert (await visitor.send(form, **RIGHT)).status == 403


@pytest.mark.parametrize(
    "query",
    ["", "?link=", "?link=x", "?link=%C3%A9", "?link=%", "?link=a&link=b", "?link=" + minted.mint(Kind.SIGN_UP)[:-1]],
    ids=["none", "empty", "letter", "accent", "percent", "two", "cut off"],
)
async def test_a_mistyped_link_is_not_known_and_there_is_a_way_to_another(visitor: Visitor, query: str) -> None:
    reply = await visitor.get("/reset/password" + query)

    assert reply.status == 403
    assert "We do not know this link" in reply.text
    assert 'href="/reset"' in reply.text


async def test_a_link_of_another_kind_is_not_known(server: Server, visitor: Visitor) -> None:
    secret = (await linked(server, visitor)).partition("=")[2]

    for path in ("/signup/account", "/invitation", "/verification"):
        assert "We do not know this link" in (await visitor.get(f"{path}?link={secret}")).text


@pytest.mark.parametrize(
    ("field", "changes", "words"),
    [
        ("password", {"password": "short", "again": "short"}, "at least 8 characters"),
        ("password", {"password": "ada@example.org", "again": "ada@example.org"}, "harder to guess"),
        ("password", {"password": "x" * 2000, "again": "x" * 2000}, "at most 1024 bytes"),
        ("again", {"again": "something else"}, "type the same one twice"),
        ("password", {"password": "", "again": ""}, "at least 8 characters"),
    ],
)
async def test_a_password_that_cannot_be_used_is_told_beside_its_field_and_the_link_stays_good(
    server: Server, visitor: Visitor, admin: Any, field: str, changes: dict[str, str], words: str
) -> None:
    link = await linked(server, visitor)
    before = kept(admin)

    reply = await visitor.send(await visitor.form(link), **{**RIGHT, **changes})

    assert reply.status == 400
    assert words in reply.text.partition(f'id="{field}-error">')[2].partition("</p>")[0]
    assert NEW not in reply.text
    assert kept(admin) == before
    assert (await visitor.send(form_of(reply.text), **RIGHT)).status == 303


async def test_who_names_nobody_is_asked_for_a_name(visitor: Visitor) -> None:
    reply = await asked(visitor, " ")

    assert reply.status == 400
    assert "Give your username or your e-mail address." in reply.text


async def test_no_order_of_the_forms_leads_to_a_new_password_without_the_link(
    server: Server, visitor: Visitor, admin: Any
) -> None:
    """The form behind a link is for that link alone: no other form, token or link of somebody else stands in for it."""
    link = await linked(server, visitor)
    await make_account(server, "eve", "eve@example.org")
    ada, before = await visitor.form(link), stored(admin)
    await asked(visitor, "eve")
    eve = await visitor.form(await link_in_mail(server))
    ask, login = await visitor.form("/reset"), await visitor.form("/login")
    unlinked = [
        "/reset/password",
        "/reset/password?link=",
        "/reset/password?login=ada",
        f"/reset/password?link={minted.mint(Kind.PASSWORD_RESET)}",
        "/reset",
        "/reset?login=ada&password=" + NEW.replace(" ", "+"),
    ]

    replies = [
        await visitor.send(Form(path, form.fields), login="ada", user_id="ada", **RIGHT)
        for path in unlinked
        for form in (ada, eve, ask, login)
    ]
    foreign = [await visitor.send(Form(ada.action, form.fields), **RIGHT) for form in (eve, ask, login, Form("", []))]

    assert {reply.status for reply in replies} <= {200, 403}
    assert {reply.status for reply in foreign} == {403}
    assert stored(admin) == before
    pages = [await visitor.get(path) for path in unlinked]
    assert not any('name="password"' in page.text for page in pages)


async def test_an_account_without_an_address_gets_no_mail(server: Server, visitor: Visitor) -> None:
    await make_account(server, "ada")

    reply = await asked(visitor)

    assert "Look into your mail" in reply.text
    assert await mailbox(server) == []


async def test_the_link_leads_back_to_where_the_person_came_from(server: Server, visitor: Visitor) -> None:
    await make_account(server, "ada", ADA)
    login = await visitor.get("/login?next=/applications/register")
    assert (
        'href="/reset?next=%2Fapplications%2Fregister"' in login.text
        or "/reset?next=/applications/register" in login.text
    )
    await asked(visitor, path="/reset?next=/applications/register")

    reply = await visitor.send(await visitor.form(await link_in_mail(server)), **RIGHT)

    assert reply.location.startswith("/login?next=")
    assert (await visitor.send(await visitor.form(reply.location), login="ada", password=NEW)).location == (
        "/applications/register"
    )


@pytest.mark.parametrize("path", ["/reset?next=//evil.example", "/reset?next=https://evil.example/"])
async def test_the_link_leads_to_nobody_elses_site(server: Server, visitor: Visitor, path: str) -> None:
    await make_account(server, "ada", ADA)
    await asked(visitor, path=path)

    reply = await visitor.send(await visitor.form(await link_in_mail(server)), **RIGHT)

    assert "evil" not in reply.location


@pytest.mark.parametrize(
    "headers",
    [
        {"Host": "localhost"},
        {"X-Forwarded-Host": "evil.example"},
        {"Forwarded": "host=evil.example;proto=https"},
        {"X-Forwarded-Proto": "ftp", "X-Forwarded-Port": "666"},
        {"X-Original-Host": "evil.example", "X-Forwarded-Server": "evil.example"},
    ],
    ids=lambda headers: next(iter(headers)),
)
async def test_no_header_reaches_the_link(server: Server, visitor: Visitor, headers: dict[str, str]) -> None:
    await make_account(server, "ada", ADA)

    await visitor.send(
        await visitor.form("/reset"),
        headers={"Origin": "null", "Sec-Fetch-Site": "same-origin", **headers},
        login="ada",
    )

    (mail,) = await mailbox(server)
    assert mail.address
    assert mail.address.startswith(server.settings.issuer + "/reset/password?")
    assert "evil" not in f"{mail.address}{mail.detail}"


async def test_h25_the_database_has_no_link(server: Server, visitor: Visitor, admin: Any) -> None:
    secret = (await linked(server, visitor)).partition("=")[2]

    admin.execute("select links::text || (select string_agg(outbox::text, ' ') from outbox) from links")
    assert secret not in admin.fetchone()[0]


async def test_the_page_behind_the_link_sends_no_referrer_and_loads_nothing_of_others(
    server: Server, visitor: Visitor
) -> None:
    reply = await visitor.get(await linked(server, visitor))

    assert reply.header("referrer-policy") == "no-referrer"
    assert reply.header("cache-control") == "no-store"
    assert "img-src 'self' data:;" in (reply.header("content-security-policy") or "")
