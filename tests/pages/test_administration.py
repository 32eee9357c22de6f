"""The pages below /admin: who finds them, and that each action on people can be done there."""

from datetime import timedelta
from html import unescape
from typing import Any
from urllib.parse import quote

import pytest
from pytest_twisted import blockon
from twisted.internet.defer import Deferred

from iam.pages.admin.overview import in_words
from iam.pages.admin.table import NOUNS
from iam.records.actor import SERVER
from iam.records.role import Role
from iam.store.roles import Holder
from tests.harness import Person, Reply, Server
from tests.mailbox import mailbox
from tests.pages.administered import ACTS, arrange, path_of, world
from tests.pages.conftest import PASSWORD, Visitor, make_account, visitor_of
from tests.pages.form import Form, form_in

CHANGES = tuple(action for noun in NOUNS for action in noun.actions if action.changes)
CHANGED = {action.name: action for action in CHANGES}
READABLE = {
    **{each.place: each.list.roles for each in NOUNS if each.list},
    **{each.place + "/{}": each.show.roles for each in NOUNS if each.show and each.list and each.path != "refusals"},
}


async def somebody(server: Server, role: Role | None = None) -> Person:
    """Somebody with this role."""
    person = await server.person(superuser=role is Role.ADMINISTRATOR)
    if role and role is not Role.ADMINISTRATOR:
        assert await server.store.roles.grant(role, None, Holder(user_id=person.user_id), server.now(), SERVER)
    return person


@pytest.fixture
def alice(server: Server) -> Any:
    async def made() -> Any:
        await somebody(server, Role.ADMINISTRATOR)  # who stays the last one
        return await make_account(server, "alice", "alice@example.org")

    return blockon(Deferred.fromCoroutine(made()))


async def opened(visitor: Visitor, path: str) -> Form:
    """The form of an action at this address."""
    reply = await visitor.get(path)
    assert reply.status == 200, reply.text
    return form_in(reply.text)


def test_every_action_that_changes_something_has_a_page_that_is_tried_here() -> None:
    assert CHANGED.keys() == ACTS.keys()


@pytest.mark.parametrize("role", [None, *Role], ids=str)
async def test_a_page_is_there_for_its_roles_alone(server: Server, role: Role | None) -> None:
    await somebody(server, Role.ADMINISTRATOR)
    found = await world(server)
    visitor = visitor_of(server, await somebody(server, role))
    nothing = (await visitor.get("/nothing")).text
    pages = {path_of(action, found): action.roles for action in CHANGES}
    for place, roles in READABLE.items():
        named = found[place.split("/")[2]]
        pages[place.format(*(quote(text, safe="") for text in named.values()))] = roles

    replies = {path: await visitor.get(path) for path in pages}

    assert {path for path, reply in replies.items() if reply.status == 200} == {
        path for path, roles in pages.items() if role is Role.ADMINISTRATOR or role in roles
    }
    assert all(reply.status == 200 or (reply.status, reply.text) == (404, nothing) for reply in replies.values())


@pytest.mark.parametrize("role", [None, *Role], ids=str)
async def test_the_way_there_is_shown_to_who_may_go_and_leads_to_what_they_see(
    server: Server, role: Role | None
) -> None:
    visitor = visitor_of(server, await somebody(server, role))

    reply, first = await visitor.get("/account"), await visitor.get("/admin")

    assert ('href="/admin"' in reply.text) == (role is not None)
    if role is None:
        assert first.status == 404
    elif role is Role.DEVELOPER:
        assert first.location == "/admin/applications"
    else:
        assert first.status == 200


@pytest.mark.parametrize("role", Role, ids=str)
async def test_the_navigation_leads_to_what_a_role_reads_and_to_nothing_else(server: Server, role: Role) -> None:
    visitor = visitor_of(server, await somebody(server, role))
    start = "/admin/applications" if role is Role.DEVELOPER else "/admin"

    text = (await visitor.get(start)).text
    shown = {each.place for each in NOUNS if f'<a href="{each.place}"' in text.partition("</nav>\n")[2]}
    replies = [await visitor.get(path) for path in sorted(shown)]

    assert {reply.status for reply in replies} == {200}
    assert shown == {
        each.place for each in NOUNS if each.list and (role is Role.ADMINISTRATOR or role in each.list.roles)
    }


async def test_who_is_not_logged_in_logs_in_first(visitor: Visitor) -> None:
    assert (await visitor.get("/admin/people?search=al")).location == "/login?next=%2Fadmin%2Fpeople%3Fsearch%3Dal"


async def test_what_is_wrong_is_said_beside_its_field_and_what_was_typed_is_kept(server: Server, alice: Any) -> None:
    visitor = visitor_of(server, await somebody(server, Role.ADMINISTRATOR))
    form = await opened(visitor, "/admin/person/create")

    reply = await visitor.send(form, username="a b", name="Carol", claims="[]", password=PASSWORD)
    again = await visitor.send(form_in(reply.text), claims="{}")

    assert (reply.status, again.status) == (400, 400)
    assert 'id="claims-error"' in reply.text
    assert 'id="username-error"' in again.text
    assert form_in(again.text).value("name") == "Carol"
    assert PASSWORD not in reply.text + again.text


async def test_support_is_asked_for_less_than_administrators(server: Server, alice: Any) -> None:
    seen = [
        {name for name, _ in (await opened(visitor_of(server, await somebody(server, role)), path)).fields}
        for path in ("/admin/person/create",)
        for role in (Role.ADMINISTRATOR, Role.SUPPORT)
    ]

    assert seen[0] - seen[1] == {"password", "password_hash"}


@pytest.mark.parametrize("path", ["/admin/people/{person}/reset-password", "/admin/person/invite"])
async def test_a_link_is_shown_to_administrators_alone(server: Server, alice: Any, path: str) -> None:
    typed = {"username": "dave", "email": "dave@example.org"} if "invite" in path else {}
    shown = {}
    for role in (Role.ADMINISTRATOR, Role.SUPPORT):
        visitor = visitor_of(server, await somebody(server, role))
        reply = await visitor.send(await opened(visitor, path.replace("{person}", str(alice))), **typed)
        assert reply.status == 200, reply.text
        shown[role] = "?link=iam_" in reply.text

    assert shown == {Role.ADMINISTRATOR: True, Role.SUPPORT: False}
    assert len([letter for letter in await mailbox(server) if letter.link]) == 2


async def test_support_makes_no_link_that_nobody_gets(server: Server, alice: Any) -> None:
    bob = await make_account(server, "bob")
    visitor = visitor_of(server, await somebody(server, Role.SUPPORT))

    reset = await visitor.send(await opened(visitor, f"/admin/people/{bob}/reset-password"))
    invited = await visitor.send(await opened(visitor, "/admin/person/invite"), username="dave")

    assert (reset.status, invited.status) == (400, 400)
    assert reset.text.count("only administrators are shown it") == 1
    assert 'id="email-error"' in invited.text
    assert await server.store.users.by_username("dave") is None


async def test_support_does_nothing_about_who_has_a_role(server: Server, alice: Any) -> None:
    visitor = visitor_of(server, await somebody(server, Role.SUPPORT))
    path = f"/admin/people/{alice}"
    form = await opened(visitor, path + "/disable")
    await server.store.roles.grant(Role.AUDITOR, None, Holder(user_id=alice), server.now(), SERVER)

    page, sent = await visitor.get(path), await visitor.send(form)

    assert (page.status, sent.status) == (200, 409)
    assert "Only an administrator may change the account of somebody who has a role." in page.text
    assert path + "/disable" not in page.text
    assert '<form method="post"' not in sent.text
    assert not (await server.store.users.by_id(alice)).disabled_at  # type: ignore[union-attr]


async def test_only_what_was_shown_is_done(server: Server, alice: Any) -> None:
    visitor = visitor_of(server, await somebody(server, Role.ADMINISTRATOR))
    path = f"/admin/people/{alice}/delete"
    form = await opened(visitor, path)
    await server.store.users.disable(alice, server.now() + timedelta(seconds=1), SERVER)

    changed = await visitor.send(form)
    stale = await visitor.send(form, csrf_token="x")

    assert (changed.status, stale.status) == (409, 403)
    assert await server.store.users.by_id(alice)
    assert (await visitor.send(form_in(changed.text))).location == "/admin/people?done"
    assert (await visitor.get(path)).status == 404


async def test_the_last_administrator_is_told_why_nothing_can_be_done(server: Server) -> None:
    person = await somebody(server, Role.ADMINISTRATOR)

    reply = await visitor_of(server, person).get(f"/admin/people/{person.user_id}/delete")

    assert "This is the last enabled administrator" in reply.text
    assert "<form" not in reply.text


@pytest.mark.parametrize(
    ("arranged", "sentence"),
    [
        ("nothing", "Nothing here keeps them from it"),
        ("disabled", "Their account is disabled"),
        ("no password", "They have no password yet"),
        ("factor", "they are asked for a second factor"),
    ],
)
async def test_a_page_says_why_somebody_cannot_log_in(server: Server, alice: Any, arranged: str, sentence: str) -> None:
    if arranged == "disabled":
        await server.store.users.disable(alice, server.now(), SERVER)
    elif arranged == "factor":
        await arrange(server, "person.reset_factors")
    person = (await server.person()).user_id if arranged == "no password" else alice

    reply = await visitor_of(server, await somebody(server, Role.SUPPORT)).get(f"/admin/people/{person}")

    assert sentence in reply.text


async def test_people_are_found_by_prefix_page_by_page(server: Server) -> None:
    visitor = visitor_of(server, await somebody(server, Role.AUDITOR))
    for name in ("alan", "albert", "alice", "bob"):
        await make_account(server, name, f"{name}@example.org")

    first = await visitor.get("/admin/people?search=al&limit=2")
    second = await visitor.get(next_of(first))
    by_email = await visitor.get("/admin/people?search=bob%40")

    assert [named(reply) for reply in (first, second, by_email)] == [["alan", "albert"], ["alice"], ["bob"]]


async def test_a_list_leaves_out_nothing_that_no_filter_asks_about(server: Server) -> None:
    visitor = visitor_of(server, await somebody(server, Role.AUDITOR))
    one, other = await server.app(), await server.app()
    await server.store.clients.set_disabled(one.client_id, server.now(), SERVER, disabled=True)

    pages = [await visitor.get("/admin/applications" + query) for query in ("", "?disabled=y", "?disabled=n")]

    shown = [[each.client_id in reply.text for each in (one, other)] for reply in pages]
    assert shown == [[True, True], [True, False], [False, True]]


def named(reply: Reply) -> list[str]:
    return [name for name in ("alan", "albert", "alice", "bob") if f"<bdi>{name}</bdi>" in reply.text]


def next_of(reply: Reply) -> str:
    before = reply.text.partition('">Next page')[0]
    return before.rpartition('href="')[2].replace("&amp;", "&")


@pytest.mark.parametrize("query", ["after=x", "limit=0", "limit=x", "colour=red", "search=a&search=b", "search=%FF"])
async def test_an_address_of_no_list_is_refused(server: Server, query: str) -> None:
    visitor = visitor_of(server, await somebody(server, Role.AUDITOR))

    reply = await visitor.get("/admin/people?" + query)

    assert reply.status == 400
    assert "There is no such list" in reply.text


@pytest.mark.parametrize("person", ["nobody", "a%00b", "%FF", "00000000-0000-0000-0000-000000000000"])
@pytest.mark.parametrize("path", ["/admin/people/{}", "/admin/people/{}/disable"])
async def test_nobody_is_not_found(server: Server, path: str, person: str) -> None:
    visitor = visitor_of(server, await somebody(server, Role.ADMINISTRATOR))

    assert (await visitor.get(path.format(person))).status in (404, 400)


async def test_the_overview_counts_mail_that_waits_and_that_was_given_up(server: Server, alice: Any) -> None:
    visitor = visitor_of(server, await somebody(server, Role.ADMINISTRATOR))
    for _ in range(2):
        await visitor.send(await opened(visitor, f"/admin/people/{alice}/reset-password"))
    end = "update outbox set given_up_at = %(now)s where id = (select id from outbox limit 1) returning id"
    await server.store.database.query(end, {"now": server.now()})

    text = (await visitor.get("/admin")).text

    assert '<dt>Mail that waits</dt><dd><a href="/admin/mail">1</a></dd>' in text
    assert "1 mail of the last day could not be delivered" in text


async def test_a_scope_that_was_made_by_hand_is_made_again_by_two_links_of_the_overview(server: Server) -> None:
    await server.store.scopes.create("groups", "By hand", server.now(), by=SERVER)
    keeper, auditor = [visitor_of(server, await somebody(server, role)) for role in (Role.ADMINISTRATOR, Role.AUDITOR)]

    page, read = (await keeper.get("/admin")).text, (await auditor.get("/admin")).text
    links = ["/admin/scopes/groups/delete", "/admin/scope/create?name=groups&amp;derived=true"]
    await keeper.send(await opened(keeper, links[0]))
    made = await keeper.send(await opened(keeper, unescape(links[1])), description="Know your groups")

    assert [f'href="{link}"' in page for link in links] == [True, True]
    assert "iam scope create" not in page
    assert 'href="/admin/scopes">Go to scopes' in read
    assert (made.status, (await server.store.scopes.by_name())["groups"].derived) == (303, True)


async def test_the_overview_tells_what_needs_attention(server: Server) -> None:
    visitor = visitor_of(server, await somebody(server, Role.AUDITOR))
    app = await server.app()
    await server.get(f"/authorize?client_id={app.client_id}&response_type=code&redirect_uri=https%3A%2F%2Fevil.example")
    await server.store.refusals.flush()

    text = (await visitor.get("/admin")).text

    assert "<bdi>Test application</bdi></a>: 1" in text
    assert server.settings.issuer in text
    assert all(key.kid in text for key in await server.store.signing_keys.all() if key.trusted(server.now()))


@pytest.mark.parametrize("name", [name for name, action in CHANGED.items() if action.sensitive])
async def test_what_is_sensitive_wants_a_login_of_the_last_minutes(server: Server, name: str) -> None:
    visitor = visitor_of(server, await somebody(server, Role.ADMINISTRATOR))
    path = path_of(CHANGED[name], await world(server))
    server.clock.advance(601)

    reply = await visitor.get(path)

    assert reply.status == 303
    assert reply.location.startswith("/login?login=again&next=")


@pytest.mark.parametrize(
    ("size", "words"),
    [
        *((None, None), (0, "0 bytes"), (999, "999 bytes"), (1000, "1 kB"), (7_654_321, "7.65 MB")),
        *((123_456_789_012, "123 GB"), (10**15, "1000 TB")),
    ],
)
def test_bytes_are_told_as_people_say_them(size: int | None, words: str | None) -> None:
    assert in_words(size) == words
