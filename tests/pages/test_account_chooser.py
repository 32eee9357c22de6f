"""Several accounts in one browser: who is logged in, who acts, and that nobody gets at another one's session (H17)."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from iam.records.actor import SERVER
from iam.records.session import Presence
from iam.secrets import minted
from iam.secrets.minted import Kind
from tests.harness import Reply, Server, made_up
from tests.pages.accounts import ANOTHER, acting, buttons, choose, everybody, link, listed, log_in
from tests.pages.conftest import Visitor, asking, kept, make_account, visitor_of
from tests.pages.form import Form, form_of


async def living(server: Server) -> list[Presence]:
    return await server.store.sessions.living(server.now(), server.now() - timedelta(days=1))


async def sessions_of(server: Server) -> list[str]:
    """Whose sessions there are."""
    return [presence.username for presence in await living(server)]


async def test_who_logs_in_with_another_account_acts_and_the_one_before_stays(server: Server) -> None:
    visitor = await everybody(server, "alice", "bob")

    page = (await visitor.get("/accounts")).text

    assert listed(page) == ["bob", "alice"]
    assert await acting(visitor) == "bob"
    assert "alice@example.org" in page


async def test_the_account_in_use_is_marked(server: Server) -> None:
    visitor = await everybody(server, "alice", "bob")

    page = (await visitor.get("/accounts")).text

    assert page.count('aria-current="true"') == page.count("In use now") == 1
    assert page.index("aria-current") < page.index("bob") < page.index("In use now") < page.index("alice")


async def test_choosing_an_account_lets_it_act_in_its_old_session(server: Server, admin: Any) -> None:
    visitor = await everybody(server, "alice")
    alice = visitor.cookie
    await make_account(server, "bob")
    await log_in(visitor, "bob")
    before = kept(admin)

    reply = await choose(visitor, "alice")

    assert (reply.status, reply.location) == (303, "/")
    assert visitor.cookie == alice
    assert await acting(visitor) == "alice"
    assert kept(admin) == before


async def test_who_was_used_last_comes_first(server: Server) -> None:
    visitor = await everybody(server, "alice", "bob", "carol")

    await choose(visitor, "alice")

    assert listed((await visitor.get("/accounts")).text) == ["alice", "carol", "bob"]


async def test_choosing_leads_on_to_where_the_person_wanted_to_go(server: Server) -> None:
    visitor = await everybody(server, "alice", "bob")

    reply = await choose(visitor, "alice", "/accounts?next=%2Fapplications%3Fa%3D1%26b%3D2")

    assert reply.location == "/applications?a=1&b=2"


@pytest.mark.parametrize("address", ["//evil.example", "https://evil.example/", "/%5Cevil.example", "javascript:x", ""])
async def test_choosing_leads_nobody_to_other_addresses(server: Server, address: str) -> None:
    visitor = await everybody(server, "alice", "bob")

    reply = await choose(visitor, "alice", f"/accounts?next={address}")

    assert reply.location == "/"


async def test_another_account_is_a_login_that_comes_back_to_the_same_place(server: Server) -> None:
    visitor = await everybody(server, "alice")
    page = (await visitor.get("/accounts?next=%2Fapplications")).text
    await make_account(server, "bob")

    reply = await log_in(visitor, "bob", link(page, "/login"))

    assert reply.location == "/applications"
    assert await acting(visitor) == "bob"


async def test_a_wrong_password_for_another_account_changes_nothing(server: Server, admin: Any) -> None:
    visitor = await everybody(server, "alice")
    before, form = kept(admin), await visitor.form(ANOTHER)

    refused = await visitor.send(form, login="alice", password="wrong")
    again = form_of(refused.text)

    assert refused.status == 400
    assert parse_qs(urlsplit(again.action).query)["account"] == ["new"]
    assert kept(admin) == before
    assert await acting(visitor) == "alice"


async def test_who_logs_in_again_keeps_one_session(server: Server) -> None:
    visitor = await everybody(server, "alice", "bob")
    old = visitor.others

    await log_in(visitor, "alice")

    assert listed((await visitor.get("/accounts")).text) == ["alice", "bob"]
    assert sorted(await sessions_of(server)) == ["alice", "bob"]
    assert await acting(Visitor(server, old)) is None


async def test_logging_in_again_gives_a_new_secret(server: Server) -> None:
    visitor = await everybody(server, "alice")
    old = visitor.cookie

    await log_in(visitor, "alice")

    assert visitor.cookie != old
    assert await acting(Visitor(server, old)) is None


async def test_a_full_list_drops_the_oldest_and_ends_its_session(server: Server) -> None:
    visitor = await everybody(server, "alice", "bob", "carol", "dave", "erin", "frank")

    page = (await visitor.get("/accounts")).text

    assert listed(page) == ["frank", "erin", "dave", "carol", "bob"]
    assert sorted(await sessions_of(server)) == ["bob", "carol", "dave", "erin", "frank"]


async def test_logging_out_makes_nobody_else_act(server: Server) -> None:
    visitor = await everybody(server, "alice", "bob")

    reply = await visitor.send(await visitor.form("/logout"))
    page = (await visitor.get(reply.location)).text

    assert "You are logged out" in page
    assert "Still logged in here" in page
    assert listed(page) == ["alice"]
    assert await acting(visitor) is None


async def test_an_account_in_use_that_is_logged_out_on_the_list_makes_nobody_else_act(server: Server) -> None:
    visitor = await everybody(server, "alice", "bob")

    reply = await choose(visitor, "bob", button="log_out")

    assert reply.location == "/accounts?next=%2F"
    assert await acting(visitor) is None
    assert await sessions_of(server) == ["alice"]


async def test_another_account_that_is_logged_out_leaves_the_one_in_use(server: Server) -> None:
    visitor = await everybody(server, "alice", "bob")
    alice = visitor.others

    await choose(visitor, "alice", button="log_out")

    assert await acting(visitor) == "bob"
    assert visitor.others is None
    assert await acting(Visitor(server, alice)) is None


async def test_the_last_account_that_is_logged_out_leads_to_the_front_page(server: Server) -> None:
    visitor = await everybody(server, "alice")

    reply = await choose(visitor, "alice", button="log_out")

    assert reply.location == "/"
    assert (visitor.cookie, visitor.others) == (None, None)


async def test_after_a_logout_somebody_else_can_be_chosen(server: Server) -> None:
    visitor = await everybody(server, "alice", "bob")
    await visitor.send(await visitor.form("/logout"))

    await choose(visitor, "alice")

    assert await acting(visitor) == "alice"


async def test_who_needs_a_login_is_offered_those_who_are_still_logged_in(server: Server) -> None:
    visitor = await everybody(server, "alice", "bob")
    await visitor.send(await visitor.form("/logout"))
    wanted = await visitor.get("/applications")

    offered = await visitor.get(wanted.location)
    reply = await choose(visitor, "alice", offered.location)

    assert urlsplit(offered.location).path == "/accounts"
    assert reply.location == "/applications"


async def test_where_nobody_is_logged_in_there_is_a_login_and_no_list(server: Server) -> None:
    reply = await Visitor(server).get("/accounts?next=%2Fapplications")

    assert (reply.status, reply.location) == (303, "/login?next=%2Fapplications")


async def test_the_list_has_nobody_but_those_of_this_browser(server: Server) -> None:
    visitor = await everybody(server, "alice")
    await everybody(server, "mallory")

    page = (await visitor.get("/accounts")).text

    assert listed(page) == ["alice"]
    assert "mallory" not in page


async def test_a_session_of_another_browser_cannot_be_chosen(server: Server) -> None:
    visitor, elsewhere = await everybody(server, "alice"), await everybody(server, "mallory")
    theirs = buttons((await elsewhere.get("/accounts")).text, "use")["mallory"]
    form = await visitor.form("/accounts")

    replies = [await visitor.send(form, **{button: theirs}) for button in ("use", "log_out")]

    assert [reply.location for reply in replies] == ["/accounts?next=%2F"] * 2
    assert await acting(visitor) == "alice"
    assert await acting(elsewhere) == "mallory"


async def test_h18_a_list_that_was_opened_before_a_switch_is_useless(server: Server) -> None:
    visitor = await everybody(server, "alice", "bob")
    page = (await visitor.get("/accounts")).text
    await choose(visitor, "alice")

    reply = await visitor.send(form_of(page), use=buttons(page, "use")["bob"])

    assert reply.status == 403
    assert await acting(visitor) == "alice"


async def test_h19_a_consent_that_was_opened_as_one_person_is_not_sent_as_another(server: Server, admin: Any) -> None:
    visitor = await everybody(server, "alice", "bob")
    app = await server.app()
    form = await visitor.form(asking(app))
    await choose(visitor, "alice")
    before = kept(admin)

    reply = await visitor.send(form, decision="allow")

    assert reply.status == 403
    assert kept(admin) == before


async def test_the_consent_page_offers_another_account_for_the_same_request(server: Server) -> None:
    visitor = await everybody(server, "alice", "bob")
    app = await server.app()
    page = (await visitor.get(asking(app, scope="read"))).text

    reply = await choose(visitor, "alice", link(page, "/accounts"))
    consent = await visitor.get(reply.location)

    assert "asks to act for you, <strong><bdi>alice</bdi></strong>" in consent.text


PLANTED: dict[str, Callable[[str], str]] = {
    "never made": lambda _: made_up(Kind.SESSION),
    "another kind": lambda _: made_up(Kind.ACCESS_TOKEN),
    "mistyped": lambda secret: secret[:-1] + ("A" if secret[-1] != "A" else "B"),
    "too many": lambda secret: ".".join([secret, *(made_up(Kind.SESSION) for _ in range(4))]),
    "quoted": lambda secret: f'"{secret}"',
    "two cookies": lambda secret: f"{secret}; iam_others={made_up(Kind.SESSION)}",
}


@pytest.mark.parametrize("name", PLANTED)
async def test_of_a_doubtful_cookie_nobody_is_listed(server: Server, name: str) -> None:
    visitor, elsewhere = await everybody(server, "alice"), await everybody(server, "mallory")
    visitor.others = PLANTED[name](str(elsewhere.cookie))

    reply = await visitor.get("/accounts")

    assert "mallory" not in reply.text


async def test_what_is_there_twice_is_listed_once(server: Server) -> None:
    visitor = await everybody(server, "alice", "bob")
    visitor.others = f"{visitor.others}.{visitor.cookie}.{visitor.others}"

    page = (await visitor.get("/accounts")).text

    assert listed(page) == ["bob", "alice"]


async def test_a_planted_session_acts_only_when_it_is_chosen_and_learns_of_no_other(server: Server) -> None:
    attacker = await everybody(server, "mallory")
    visitor = Visitor(server, None, attacker.cookie)
    await make_account(server, "alice")

    await log_in(visitor, "alice")

    assert await acting(visitor) == "alice"
    assert listed((await attacker.get("/accounts")).text) == ["mallory"]


async def test_two_sessions_of_one_person_become_one_at_the_next_login(server: Server) -> None:
    visitor = await everybody(server, "alice")
    first = visitor.cookie
    elsewhere = Visitor(server)
    await log_in(elsewhere, "alice")
    visitor.others = elsewhere.cookie

    await log_in(visitor, "alice")

    assert await sessions_of(server) == ["alice"]
    assert await acting(Visitor(server, first)) is await acting(elsewhere) is None


async def test_sessions_that_are_over_leave_the_list_and_then_the_cookie(server: Server) -> None:
    visitor = await everybody(server, "alice", "bob")
    server.clock.advance(server.settings.session_idle - 10)
    await visitor.get("/")
    server.clock.advance(20)
    await make_account(server, "carol")

    page = (await visitor.get("/accounts")).text
    bob = visitor.cookie
    await log_in(visitor, "carol")

    assert listed(page) == ["bob"]
    assert visitor.others == bob


async def test_a_person_who_is_locked_out_leaves_the_list(server: Server) -> None:
    visitor = await everybody(server, "alice", "bob")
    (alice,) = [person for person in await living(server) if person.username == "alice"]
    await server.store.users.disable(alice.user_id, server.now(), by=SERVER)

    page = (await visitor.get("/accounts")).text

    assert listed(page) == ["bob"]


async def test_the_list_costs_one_statement(server: Server) -> None:
    visitor = await everybody(server, "alice", "bob", "carol", "dave", "erin")
    await server.quiet()
    before = server.store.database.statistics.statements

    page = (await visitor.get("/accounts")).text

    assert len(listed(page)) == 5
    assert server.store.database.statistics.statements - before == 1


def set_cookies(reply: Reply) -> dict[str, list[str]]:
    """The attributes of each cookie that is set."""
    given = [line.split("; ") for line in reply.headers.getRawHeaders("set-cookie")]
    return {parts[0].partition("=")[0]: sorted(parts[1:]) for parts in given}


async def test_h17_both_cookies_are_set_with_the_same_protections(server: Server) -> None:
    visitor = await everybody(server, "alice", "bob")

    cookies = set_cookies(await choose(visitor, "alice"))

    protections = ["HttpOnly", f"Path={server.settings.path}/", "SameSite=Lax"]
    assert cookies == dict.fromkeys(("iam", "iam_others"), protections)


async def test_accounts_that_are_to_be_remembered_outlive_the_browser(server: Server) -> None:
    visitor = await everybody(server, "alice", "bob", remember="y")
    server.clock.advance(3600)

    cookies = set_cookies(await choose(visitor, "alice"))

    ages = [int(part.removeprefix("Max-Age=")) for parts in cookies.values() for part in parts if "Max-Age" in part]
    assert len(ages) == 2
    assert all(0 < age <= server.settings.session_remembered - 3600 for age in ages)


async def test_one_that_is_not_to_be_remembered_lets_the_cookie_end_with_the_browser(server: Server) -> None:
    visitor = await everybody(server, "alice")
    for username in ("bob", "carol"):
        await make_account(server, username)
        await log_in(visitor, username, remember="y")

    cookies = set_cookies(await choose(visitor, "bob"))

    assert any("Max-Age" in part for part in cookies["iam"])
    assert not any("Max-Age" in part for part in cookies["iam_others"])


async def test_the_header_of_a_page_offers_the_list_to_who_is_logged_in(server: Server) -> None:
    member, anybody = visitor_of(server, await server.person()), Visitor(server)

    pages = [(await visitor.get(path)).text for visitor, path in ((member, "/account"), (anybody, "/"))]

    assert ['<a href="/accounts">Switch account</a>' in page for page in pages] == [True, False]


async def test_a_form_of_the_list_without_buttons_changes_nothing(server: Server, admin: Any) -> None:
    visitor = await everybody(server, "alice", "bob")
    form: Form = await visitor.form("/accounts?next=%2Fapplications")
    before = kept(admin)

    reply = await visitor.send(form)

    assert (reply.status, reply.location) == (303, "/accounts?next=%2Fapplications")
    assert kept(admin) == before


async def test_after_a_logout_the_next_person_gets_a_session_of_their_own(server: Server) -> None:
    visitor = await everybody(server, "alice")
    alice = visitor.cookie
    await visitor.send(await visitor.form("/logout"))
    await make_account(server, "bob")

    await log_in(visitor, "bob", "/login")

    assert visitor.cookie not in (alice, None)
    assert listed((await visitor.get("/accounts")).text) == ["bob"]
    assert minted.well_formed(str(visitor.cookie), Kind.SESSION)
