"""What is done to several objects of a list at once: shown first, done one by one, each with its own row in the log."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any
from urllib.parse import urlencode
from uuid import UUID

import pytest

from iam.administration import invitations, personal_tokens, registration_tokens
from iam.administration.actions.operator import Operator
from iam.administration.administration import Administration
from iam.administration.personal_tokens import Wish
from iam.database.errors import Unavailable
from iam.pages.admin.acts import CHANGED, LOOK
from iam.pages.admin.places import several, variables
from iam.pages.admin.several import NO_ANSWER, NOT_TRIED
from iam.pages.admin.table import NOUNS
from iam.records.actor import SERVER
from iam.records.role import Role
from tests.harness import Reply, Server
from tests.pages.administered import ACTS, NOBODY, world
from tests.pages.conftest import Visitor, visitor_of
from tests.pages.form import Form, Reader
from tests.pages.test_administration import somebody

TOGETHER = {each.name: (noun, each) for noun in NOUNS for each in noun.together}


async def another_world(server: Server) -> None:
    """Two of everything at least."""
    on = server.application.administration
    person, app = await server.person("frank"), await server.app()
    await server.tokens(app, person)
    user = await server.store.users.by_username("frank")
    assert user
    await personal_tokens.create_for_person(on, user, Wish("mornings", ["read"]), SERVER)
    await registration_tokens.create(on, ["read"], 3, None, SERVER)
    await invitations.invite(on, "gina", SERVER, email="gina@example.org")


def forms(reply: Reply) -> list[Form]:
    reader = Reader()
    reader.feed(reply.text)
    return reader.forms


async def choose(visitor: Visitor, name: str, ids: Sequence[str]) -> Reply:
    """The page that shows what dies, if these are ticked."""
    _, action = TOGETHER[name]
    return await visitor.get(f"{several(action)}?{urlencode([(variables(action)[0], each) for each in ids])}")


async def rows(server: Server) -> list[tuple[str, str]]:
    """The kinds and the actors of all events."""
    found = await server.store.database.query("select kind, actor from audit_events order by n")
    return [(kind, actor) for kind, actor in found]


async def user_id(server: Server, username: str) -> str:
    user = await server.store.users.by_username(username)
    assert user
    return str(user.id)


async def disabled(server: Server) -> list[str]:
    found = await server.store.database.query("select username from users where disabled_at is not null order by 1")
    return [username for (username,) in found]


async def all_disabled(server: Server, name: str) -> None:
    """What is to be enabled is disabled."""
    if name == "person.enable":
        for username in ("alice", "bob"):
            await server.store.users.disable(UUID(await user_id(server, username)), server.now(), SERVER)
    if name == "application.enable":
        for client in await server.store.clients.all():
            await server.store.clients.set_disabled(client.id, server.now(), SERVER, disabled=True, own=False)


@pytest.mark.parametrize("name", TOGETHER)
async def test_what_is_ticked_is_shown_and_then_done_to_each_with_a_row_of_its_own(server: Server, name: str) -> None:
    noun, action = TOGETHER[name]
    person = await somebody(server, Role.ADMINISTRATOR)
    await world(server)
    await another_world(server)
    await all_disabled(server, name)
    visitor = visitor_of(server, person)
    own = await server.store.database.query(
        "select id::text from sessions where user_id = %(id)s", {"id": person.user_id}
    )

    listed = await visitor.get(f"{noun.place}?all")
    ((member, _), *_) = ticked = forms(listed)[-1].fields
    ids = [each for _, each in ticked if each not in (str(person.user_id), *(one for (one,) in own))]
    shown = await choose(visitor, name, ids)
    possible = forms(shown)[-1]
    before = await rows(server)
    done = await visitor.send(possible)

    assert f'formaction="{several(action)}"' in listed.text
    number = possible.action.count(f"{member}=")
    assert number >= 2
    assert (shown.status, done.status) == (200, 303), done.text
    written = (await rows(server))[len(before) :]
    expected = 2 if name == "person.end_sessions" else shown.text.count('class="chosen"')  # who has some
    assert [kind for kind, _ in written].count(ACTS[name].kind) == expected
    assert {actor for kind, actor in written if kind == ACTS[name].kind} == {f"user {person.user_id}"}
    assert "It is done." in (await visitor.get(done.location)).text


@pytest.mark.parametrize("role", [None, Role.SUPPORT, Role.AUDITOR, Role.DEVELOPER], ids=str)
async def test_it_is_there_for_those_who_may_do_it_to_one(server: Server, role: Role | None) -> None:
    await somebody(server, Role.ADMINISTRATOR)
    await world(server)
    visitor = visitor_of(server, await somebody(server, role))
    before = await rows(server)

    pages = {name: (await choose(visitor, name, [str(NOBODY)])).status for name in TOGETHER}
    sent = {
        name: (await visitor.send(Form(several(each) + f"?{variables(each)[0]}={NOBODY}"))).status
        for name, (_, each) in TOGETHER.items()
    }

    may = {name for name, (_, action) in TOGETHER.items() if role in action.roles}
    assert {name for name, status in pages.items() if status == 200} == may
    assert {status for name, status in pages.items() if name not in may} <= {404}
    assert {status for name, status in sent.items() if name not in may} <= {404, 403}
    assert await rows(server) == before


@pytest.mark.parametrize("role", Role, ids=str)
async def test_boxes_are_shown_to_who_may_use_them(server: Server, role: Role) -> None:
    await world(server)
    visitor = visitor_of(server, await somebody(server, role))

    for noun in {noun.path: noun for noun, _ in TOGETHER.values()}.values():
        text = (await visitor.get(noun.place)).text
        for action in noun.together:
            may = role is Role.ADMINISTRATOR or role in action.roles
            assert (f'formaction="{several(action)}"' in text) == may, action.name


async def test_support_leaves_out_who_has_a_role_and_does_it_to_the_rest(server: Server) -> None:
    await world(server)
    visitor = visitor_of(server, await somebody(server, Role.SUPPORT))
    ids = [await user_id(server, each) for each in ("alice", "bob", "erin")]

    shown = await choose(visitor, "person.disable", ids)
    done = await visitor.send(forms(shown)[0])

    assert "<h2>Left out: 1</h2>" in shown.text
    assert "Only an administrator may change the account of somebody who has a role." in shown.text
    assert done.status == 303
    assert await disabled(server) == ["alice", "erin"]


async def test_what_fails_is_named_with_the_reason_and_the_rest_is_done(server: Server) -> None:
    person = await somebody(server, Role.ADMINISTRATOR)
    other = await somebody(server, Role.ADMINISTRATOR)
    await world(server)
    visitor = visitor_of(server, person)
    ids = [await user_id(server, "alice"), str(other.user_id), str(person.user_id)]

    reply = await visitor.send(forms(await choose(visitor, "person.disable", ids))[0])

    assert reply.status == 409
    assert "Not all of it is done." in reply.text
    assert f"<bdi>{person.username}</bdi></strong>: This is the last enabled administrator" in reply.text
    assert await disabled(server) == sorted(["alice", other.username])


async def test_what_has_changed_meanwhile_is_shown_again_and_nothing_is_done(server: Server) -> None:
    visitor = visitor_of(server, await somebody(server, Role.ADMINISTRATOR))
    await world(server)
    ids = [await user_id(server, each) for each in ("alice", "bob")]
    form = forms(await choose(visitor, "person.disable", ids))[0]
    await server.store.users.disable(UUID(ids[0]), server.now(), SERVER)

    reply = await visitor.send(form)

    assert reply.status == 409
    assert CHANGED in reply.text
    assert await disabled(server) == ["alice"]
    assert (await visitor.send(forms(reply)[0])).status == 303
    assert await disabled(server) == ["alice", "bob"]


async def test_what_ends_by_what_is_typed_is_shown_before_it_is_done(server: Server) -> None:
    visitor = visitor_of(server, await somebody(server, Role.ADMINISTRATOR))
    await world(server)
    form = forms(await choose(visitor, "person.disable", [await user_id(server, each) for each in ("alice", "bob")]))[0]

    looked = await visitor.send(form, keep_grants="y")
    nobody = await disabled(server)
    done = await visitor.send(forms(looked)[0])

    assert LOOK in looked.text
    assert (nobody, done.status) == ([], 303)
    assert await disabled(server) == ["alice", "bob"]
    living = "select 1 from grants g join users u on u.id = g.user_id where u.username = 'bob' and g.revoked_at is null"
    assert await server.store.database.query(living)


async def test_a_database_that_fails_on_the_way_loses_nothing(server: Server) -> None:
    visitor = visitor_of(server, await somebody(server, Role.ADMINISTRATOR))
    await world(server)
    ids = [await user_id(server, each) for each in ("alice", "bob", "erin")]
    form = forms(await choose(visitor, "person.disable", ids))[0]
    with failing(TOGETHER["person.disable"][1], ids[1]):
        reply = await visitor.send(form)

    assert reply.status == 409
    assert (reply.text.count(NO_ANSWER), reply.text.count(NOT_TRIED)) == (1, 1)
    assert await disabled(server) == ["alice"]
    assert (await visitor.send(forms(reply)[0])).status == 303
    assert await disabled(server) == ["alice", "bob", "erin"]


@contextmanager
def failing(action: Any, of: str) -> Iterator[None]:
    """The database answers nothing while the action is done to this one."""
    function = action.function

    async def call(on: Administration, wish: Any, operator: Operator) -> Any:
        if wish.person == of:
            raise Unavailable
        return await function(on, wish, operator)

    object.__setattr__(action, "function", call)
    try:
        yield
    finally:
        object.__setattr__(action, "function", function)


@pytest.mark.parametrize(
    ("query", "status", "sentence"),
    [
        ("", 400, "Nothing is chosen"),
        ("?" + "&".join(f"person={number}" for number in range(51)), 400, "That is too much at once"),
        ("?person=nobody&person=a%00b", 404, "There is nothing here"),
        ("?person=nobody&person=nobody", 200, "Left out: 1"),
        ("?person=a&colour=red", 404, "There is nothing here"),
        ("?person=%FF", 404, "There is nothing here"),
        ("?person=a&filters=search%3D%25FF", 404, "There is nothing here"),
        ("?person=a&filters=search%3Da%26search%3Db", 404, "There is nothing here"),
    ],
)
async def test_what_cannot_be_meant_is_refused(server: Server, query: str, status: int, sentence: str) -> None:
    visitor = visitor_of(server, await somebody(server, Role.ADMINISTRATOR))

    reply = await visitor.get("/admin/chosen/person/disable" + query)

    assert reply.status == status, reply.text
    assert sentence.lower() in reply.text.lower()
    assert '<form method="post"' not in reply.text


async def test_the_list_comes_back_with_its_filters(server: Server) -> None:
    visitor = visitor_of(server, await somebody(server, Role.ADMINISTRATOR))
    await world(server)
    listed = forms(await visitor.get("/admin/people?search=ali&limit=7&all"))[-1]
    chosen = await visitor.get(f"/admin/chosen/person/disable?{urlencode(listed.fields)}")

    done = await visitor.send(forms(chosen)[0])
    seen = await visitor.get(done.location)

    assert 'href="/admin/people?search=ali&amp;limit=7"' in chosen.text  # to cancel
    assert done.location == "/admin/people?search=ali&limit=7&done"
    assert await disabled(server) == ["alice"]
    assert 'value="ali"' in seen.text
    assert "It is done." in seen.text


@pytest.mark.parametrize(
    "filters", ["//elsewhere.example", "next=https://elsewhere.example", "done", "search=", "colour=red"]
)
async def test_it_comes_back_to_its_own_list_alone(server: Server, filters: str) -> None:
    visitor = visitor_of(server, await somebody(server, Role.ADMINISTRATOR))
    await world(server)
    query = urlencode({"person": await user_id(server, "alice"), "filters": filters})

    done = await visitor.send(forms(await visitor.get(f"/admin/chosen/person/disable?{query}"))[0])

    assert done.location == "/admin/people?done"


async def test_a_stale_form_does_nothing(server: Server) -> None:
    visitor = visitor_of(server, await somebody(server, Role.ADMINISTRATOR))
    await world(server)
    form = forms(await choose(visitor, "person.disable", [await user_id(server, "alice")]))[0]

    assert (await visitor.send(form, csrf_token="x")).status == 403
    assert (await visitor.send(Form(form.action))).status in (400, 403)
    assert await disabled(server) == []
