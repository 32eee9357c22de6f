"""A remembered session changes its cookie as it is used, and ends where a cookie comes again that was over (H17)."""

from collections.abc import Callable
from typing import Any

import pytest
from attrs import evolve
from twisted.internet.defer import Deferred, gatherResults

from iam.settings import DAY
from tests.harness import App, Reply, Server
from tests.pages.accounts import acting, buttons, everybody, listed, log_in
from tests.pages.conftest import PASSWORD, Visitor, asking, make_account
from tests.pages.form import Form, form_of

GRACE = 60


async def remembered(server: Server, username: str = "ada") -> Visitor:
    """Somebody who logged in to stay so."""
    return await everybody(server, username, remember="y")


async def stepped(server: Server, days: int = 1) -> tuple[Visitor, Visitor]:
    """Somebody whose cookie has changed so many times, each time used at once; and a browser that has the one before the last."""
    visitor = await remembered(server)
    for _ in range(days):
        before = copy(visitor)
        server.clock.advance(DAY + 1)
        await visitor.get("/")
        assert await acting(visitor) == "ada"
    return visitor, before


def copy(visitor: Visitor) -> Visitor:
    """A browser with the same cookies."""
    return evolve(visitor)


def given(reply: Reply, name: str = "iam") -> str | None:
    """The value of the cookie that came, and what else is said of it."""
    lines = reply.headers.getRawHeaders("set-cookie") or []
    values = [line.partition("=")[2] for line in lines if line.partition("=")[0] == name]
    assert len(values) <= 1
    return values[0] if values else None


async def test_the_cookie_changes_once_a_day(server: Server) -> None:
    visitor = await remembered(server)
    first = visitor.cookie

    at_once = await visitor.get("/")
    server.clock.advance(DAY + 1)
    next_day = await visitor.get("/")
    again = await visitor.get("/")

    assert given(at_once) is None
    assert given(next_day)
    assert visitor.cookie != first
    assert given(again) is None
    assert await acting(visitor) == "ada"


async def test_the_new_cookie_lives_for_what_remains_of_the_thirty_days(server: Server) -> None:
    visitor = await remembered(server)
    server.clock.advance(10 * DAY)
    server.clock.stop()

    value = given(await visitor.get("/"))

    assert value is not None
    _, _, age = value.partition("Max-Age=")
    assert 20 * DAY - GRACE < int(age) <= 20 * DAY
    assert all(protection in value for protection in ("HttpOnly", "SameSite=Lax", f"Path={server.settings.path}/"))


async def test_who_comes_each_day_is_logged_in_for_thirty_days_and_no_longer(server: Server) -> None:
    visitor = await remembered(server)
    cookies = set()

    for _ in range(29):
        server.clock.advance(DAY)
        assert await acting(visitor) == "ada"
        cookies.add(visitor.cookie)
    server.clock.advance(DAY)

    assert await acting(visitor) is None
    assert len(cookies) >= 28


async def test_h17_reuse_of_an_old_cookie_ends_the_session(server: Server, admin: Any) -> None:
    visitor, thief = await stepped(server)
    server.clock.advance(GRACE + 1)

    reply = await thief.get("/applications")

    assert (reply.status, reply.location) == (303, "/login?next=%2Fapplications")
    assert (given(reply) or "").startswith(";")
    assert "Max-Age=0" in (given(reply) or "")
    assert await acting(visitor) is None
    admin.execute("select count(*) from sessions")
    assert admin.fetchone() == (0,)


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/", 200),
        ("/login", 200),
        ("/accounts", 303),
        ("/logout", 200),
        ("/applications", 303),
        ("/applications/register", 303),
        ("/errors/0123456789ab", 200),
        (asking(App("nobody", None)), 400),
    ],
)
async def test_wherever_an_old_cookie_comes_it_is_taken_away_and_ends_the_session(
    server: Server, path: str, status: int
) -> None:
    visitor, thief = await stepped(server)
    server.clock.advance(GRACE + 1)
    old = thief.cookie

    reply = await thief.get(path)

    assert reply.status == status
    assert "ada" not in reply.text
    assert thief.cookie != old
    assert await acting(visitor) is None


async def test_an_authorization_request_with_an_old_cookie_goes_to_the_login(server: Server) -> None:
    app = await server.app()
    visitor = await remembered(server)
    await visitor.send(await visitor.form(asking(app)), decision="allow")
    thief = copy(visitor)
    server.clock.advance(DAY + 1)
    assert await acting(visitor) == await acting(visitor) == "ada"
    server.clock.advance(GRACE + 1)

    reply = await thief.get(asking(app))

    assert reply.location.startswith("/login?next=")
    assert thief.cookie is None
    assert (await visitor.get(asking(app))).location.startswith("/login?next=")


async def test_relying_parties_are_told_and_what_is_bound_to_the_session_ends(server: Server, admin: Any) -> None:
    app = await server.app(scopes=("openid", "read"), backchannel_logout_uri="https://shop.example/logout")
    visitor = await remembered(server)
    allowed = await visitor.send(await visitor.form(asking(app, scope="openid read")), decision="allow")
    tokens = (await server.redeem(app, allowed.sent_back["code"])).json
    thief = copy(visitor)
    server.clock.advance(DAY + 1)
    assert await acting(visitor) == await acting(visitor) == "ada"
    server.clock.advance(GRACE + 1)

    await thief.get("/")

    assert (await server.refresh(app, tokens["refresh_token"])).json["error"] == "invalid_grant"
    admin.execute("select client_id from logout_notices")
    assert admin.fetchall() == [(app.client_id,)]


async def test_the_audit_log_says_that_a_cookie_was_reused(server: Server, admin: Any) -> None:
    visitor, thief = await stepped(server)
    admin.execute("select id, user_id from sessions")
    ((session_id, user_id),) = admin.fetchall()
    server.clock.advance(GRACE + 1)

    await thief.get("/")
    await thief.get("/")
    await visitor.get("/")

    admin.execute(
        "select actor, subject, detail ->> 'session', host(address) from audit_events where kind = 'session.reused'"
    )
    assert admin.fetchall() == [("anybody", str(user_id), str(session_id), "127.0.0.1")]


async def test_the_other_sessions_of_the_person_stay(server: Server) -> None:
    _, thief = await stepped(server)
    elsewhere = Visitor(server)
    await log_in(elsewhere, "ada", remember="y")
    server.clock.advance(GRACE + 1)

    assert await acting(thief) is None
    assert await acting(elsewhere) == "ada"


async def test_a_cookie_from_a_backup_ends_the_session_whichever_it_is(server: Server) -> None:
    visitor = await remembered(server)
    backup = copy(visitor)
    for _ in range(3):
        server.clock.advance(DAY + 1)
        await acting(visitor)

    assert await acting(backup) is None
    assert await acting(visitor) is None


async def test_who_ended_the_session_by_an_old_cookie_logs_in_again_at_once(server: Server) -> None:
    _, thief = await stepped(server)
    server.clock.advance(GRACE + 1)

    form = await thief.form("/login")
    reply = await thief.send(form, login="ada", password=PASSWORD)

    assert reply.status == 303
    assert await acting(thief) == "ada"


async def test_an_old_cookie_in_a_form_ends_the_session_too(server: Server, admin: Any) -> None:
    visitor = await remembered(server)
    form = await visitor.form("/applications/register")
    thief = copy(visitor)
    server.clock.advance(DAY + 1)
    await visitor.get("/")
    await visitor.get("/")
    server.clock.advance(GRACE + 1)

    reply = await thief.send(form)

    assert (reply.location.partition("?")[0], given(reply)) == (
        "/login",
        "; Path=/; HttpOnly; SameSite=Lax; Max-Age=0".replace("Path=/", f"Path={server.settings.path}/"),
    )
    admin.execute("select count(*) from sessions")
    assert admin.fetchone() == (0,)


async def test_a_cookie_that_we_have_not_made_ends_nothing(server: Server) -> None:
    visitor, old = await stepped(server)
    server.clock.advance(GRACE + 1)
    assert old.cookie
    assert visitor.cookie
    other = "1" if visitor.cookie[-10] == "0" else "0"
    forged = evolve(visitor, cookie=visitor.cookie[:-10] + other + visitor.cookie[-9:])

    assert await acting(forged) is None
    assert await acting(visitor) == "ada"


# What is no theft


async def test_the_old_cookie_is_good_for_a_minute_after_the_first_use_of_the_new_one(server: Server) -> None:
    visitor, slow = await stepped(server)
    server.clock.advance(GRACE - 2)

    assert await acting(slow) == "ada"
    server.clock.advance(DAY)
    assert await acting(visitor) == "ada"
    assert await acting(slow) == "ada"


async def test_an_answer_that_is_lost_harms_nobody_however_late_they_come_again(server: Server) -> None:
    visitor = await remembered(server)
    server.clock.advance(DAY + 1)
    for _ in range(3):
        lost = await server.get("/", headers=visitor.headers)
        assert given(lost)
        server.clock.advance(2 * DAY)

    assert await acting(visitor) == "ada"
    assert await acting(visitor) == "ada"


async def test_two_tabs_at_the_same_moment_both_get_cookies_that_work_and_go_on_working(server: Server) -> None:
    visitor = await remembered(server)
    server.clock.advance(DAY + 1)

    replies = await gatherResults([Deferred.fromCoroutine(server.get("/", headers=visitor.headers)) for _ in range(8)])
    tabs = [evolve(visitor, cookie=(given(reply) or "").partition(";")[0]) for reply in replies]

    assert [await acting(tab) for tab in tabs] == ["ada"] * 8
    server.clock.advance(GRACE + 1)
    assert [await acting(tab) for tab in tabs] == ["ada"] * 8


async def test_answers_that_arrive_in_the_wrong_order_harm_nobody(server: Server) -> None:
    visitor = await remembered(server)
    late = copy(visitor)
    server.clock.advance(DAY + 1)
    await late.get("/")
    await visitor.get("/")
    assert await acting(visitor) == "ada"

    server.clock.advance(GRACE + 1)

    assert await acting(late) == "ada"
    assert await acting(visitor) == "ada"


async def test_a_browser_that_went_back_to_its_old_cookie_within_the_minute_goes_on_with_the_new_one(
    server: Server,
) -> None:
    visitor, crashed = await stepped(server)

    await crashed.get("/")
    server.clock.advance(GRACE + 1)

    assert await acting(crashed) == "ada"
    assert await acting(visitor) == "ada"


async def test_two_servers_give_and_take_each_others_cookies(server: Server, configured: Any) -> None:
    visitor = await remembered(server)
    other = configured(issuer=server.settings.issuer)

    for _ in range(2):
        server.clock.advance(DAY + 1)
        for one in (server, other):
            visitor = evolve(visitor, server=one)
            assert await acting(visitor) == "ada"
    assert await acting(evolve(visitor, server=server)) == "ada"


async def test_a_failover_that_lost_the_last_writes_logs_nobody_out(server: Server, admin: Any) -> None:
    visitor, _ = await stepped(server, days=3)
    server.clock.advance(GRACE + 1)
    admin.execute("update sessions set step = 1, stepped_at = seen_at - interval '2 days'")

    assert await acting(visitor) == "ada"
    admin.execute("select step from sessions")
    assert admin.fetchone() == (3,)


# When it changes


async def test_a_session_that_is_not_remembered_keeps_its_cookie(server: Server) -> None:
    visitor = await everybody(server, "ada")
    first = visitor.cookie

    for _ in range(13):
        server.clock.advance(11 * 3600)
        assert await acting(visitor) == "ada"

    assert visitor.cookie == first


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("POST", "/applications/register"),
        ("HEAD", "/"),
        ("GET", "/userinfo"),
        ("POST", "/token"),
        ("GET", "/jwks"),
        ("GET", "/.well-known/openid-configuration"),
        ("GET", "/static/iam.css"),
        ("OPTIONS", "/token"),
    ],
)
async def test_no_form_and_no_program_changes_it(server: Server, method: str, path: str) -> None:
    visitor = await remembered(server)
    server.clock.advance(DAY + 1)

    reply = await server.request(method, path, headers={**visitor.headers, "Sec-Fetch-Site": "same-origin"})

    assert given(reply) is None
    assert await acting(visitor) == "ada"


@pytest.mark.parametrize(
    "path", ["/", "/login?next=/applications", "/accounts", "/applications", "/applications/register", "/logout"]
)
async def test_each_page_and_redirect_changes_it(server: Server, path: str) -> None:
    visitor = await remembered(server)
    server.clock.advance(DAY + 1)

    reply = await visitor.get(path)

    assert reply.status in (200, 303)
    assert given(reply)
    assert await acting(visitor) == "ada"


async def test_an_authorization_request_changes_it_on_the_way_to_the_client(server: Server) -> None:
    app = await server.app()
    visitor = await remembered(server)
    await visitor.send(await visitor.form(asking(app)), decision="allow")
    server.clock.advance(DAY + 1)

    reply = await visitor.get(asking(app))

    assert "code" in reply.sent_back
    assert given(reply)
    assert (await server.redeem(app, reply.sent_back["code"])).status == 200
    assert await acting(visitor) == "ada"


async def test_the_cookie_of_the_device_and_the_id_of_the_session_stay(server: Server, admin: Any) -> None:
    visitor = await remembered(server)
    admin.execute("select id, auth_time, expires_at, digest from sessions")
    before, device = admin.fetchall(), visitor.devices

    for _ in range(3):
        server.clock.advance(DAY + 1)
        await visitor.get("/")
        await visitor.get("/")

    admin.execute("select id, auth_time, expires_at, digest from sessions")
    assert admin.fetchall() == before
    assert visitor.devices == device


# Forms go on


async def changed_meanwhile(visitor: Visitor, path: str) -> Form:
    """A form that was opened in another tab before the cookie changed, and the new one was used."""
    visitor.server.clock.advance(DAY - 300)
    form = await visitor.form(path)
    visitor.server.clock.advance(301)
    before = visitor.cookie
    assert await acting(visitor) == await acting(visitor) == "ada"
    assert visitor.cookie != before
    visitor.server.clock.advance(GRACE + 1)
    return form


async def test_an_application_can_be_registered_by_a_form_that_was_opened_before(server: Server) -> None:
    visitor = await remembered(server)
    form = await changed_meanwhile(visitor, "/applications/register")

    reply = await visitor.send(form, name="Shop", redirect_uris="https://shop.example/cb")

    assert reply.status == 303, reply.text


async def test_a_logout_that_was_opened_before_logs_out(server: Server) -> None:
    visitor = await remembered(server)
    form = await changed_meanwhile(visitor, "/logout")

    reply = await visitor.send(form, decision="leave")

    assert reply.status == 303, reply.text
    assert await acting(visitor) is None


async def test_another_account_can_log_in_by_a_form_that_was_opened_before(server: Server) -> None:
    visitor = await remembered(server)
    await make_account(server, "bob")
    form = await changed_meanwhile(visitor, "/login?account=new")

    reply = await visitor.send(form, login="bob", password=PASSWORD)

    assert reply.status == 303, reply.text
    assert await acting(visitor) == "bob"


async def test_an_account_can_be_chosen_by_a_form_that_was_opened_before(server: Server) -> None:
    visitor = await everybody(server, "bob", "ada", remember="y")
    form = await changed_meanwhile(visitor, "/accounts")
    ids = buttons((await visitor.get("/accounts")).text, "use")

    reply = await visitor.send(form, use=ids["bob"])

    assert reply.status == 303, reply.text
    assert await acting(visitor) == "bob"


async def test_a_consent_that_was_opened_before_goes_on_after(server: Server) -> None:
    app = await server.app()
    visitor = await remembered(server)
    form = await changed_meanwhile(visitor, asking(app))

    reply = await visitor.send(form, decision="allow")

    assert "code" in reply.sent_back, reply.text


async def test_a_login_for_a_request_counts_although_the_cookie_changed_since(
    server: Server, configured: Callable[..., Server]
) -> None:
    hurried = configured(limit=("session-rotation=60",))
    app = await server.app(scopes=("openid",))
    await make_account(server, "ada")
    visitor = Visitor(hurried)
    login = await visitor.form((await visitor.get(asking(app, scope="openid", prompt="login"))).location)
    back = (await visitor.send(login, login="ada", password=PASSWORD, remember="y")).location
    before = visitor.cookie
    assert "iam_interaction=" in back
    server.clock.advance(GRACE + 1)
    await visitor.get("/")

    asked = await visitor.get(back)

    assert visitor.cookie != before
    assert asked.status == 200
    assert "asks to act for you" in asked.text


# Several accounts


async def test_the_cookies_of_all_accounts_in_the_browser_change(server: Server) -> None:
    visitor = await everybody(server, "ada", "bob", "eve", remember="y")
    before = copy(visitor)
    server.clock.advance(DAY + 1)

    reply = await visitor.get("/accounts")
    await visitor.get("/accounts")
    server.clock.advance(GRACE + 1)

    assert given(reply)
    assert given(reply, "iam_others")
    assert not {before.cookie, *(before.others or "").split(".")} & {visitor.cookie, *(visitor.others or "").split(".")}
    assert listed((await visitor.get("/accounts")).text) == ["eve", "bob", "ada"]


async def test_an_old_cookie_among_the_others_ends_that_session_alone(server: Server) -> None:
    visitor = await everybody(server, "ada", "bob", remember="y")
    ada = visitor.others
    server.clock.advance(DAY + 1)
    await visitor.get("/accounts")
    await visitor.get("/accounts")
    server.clock.advance(GRACE + 1)
    mixed = evolve(visitor, others=ada)

    reply = await mixed.get("/accounts")

    assert listed(reply.text) == ["bob"]
    assert (given(reply, "iam_others") or "").startswith(";")
    assert listed((await visitor.get("/accounts")).text) == ["bob"]


async def test_a_choice_that_was_on_its_way_while_the_cookies_changed_brings_no_old_one_back(server: Server) -> None:
    visitor = await everybody(server, "bob", "ada", remember="y")
    page = (await visitor.get("/accounts")).text
    server.clock.advance(DAY + 1)
    other_tab = copy(visitor)
    await other_tab.get("/accounts")
    await other_tab.get("/accounts")

    await visitor.send(form_of(page), use=buttons(page, "use")["bob"])
    server.clock.advance(GRACE + 1)

    assert listed((await visitor.get("/accounts")).text) == ["bob", "ada"]


async def test_of_two_cookies_of_one_session_the_newer_one_counts(server: Server) -> None:
    visitor, old = await stepped(server)
    server.clock.advance(GRACE + 1)

    reply = await evolve(old, others=visitor.cookie).get("/accounts")

    assert listed(reply.text) == ["ada"]
    assert (given(reply) or "").startswith(f"{visitor.cookie};")
    assert await acting(visitor) == "ada"
