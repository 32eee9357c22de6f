"""What happened to an account, as its person reads it: in words, page by page, and nothing of others."""

import re
from pathlib import Path
from typing import Any

import pytest

import iam
from iam.administration.sentences import OTHERS, SENTENCES
from iam.pages.account.activity import SHOWN
from iam.records.actor import COMMAND_LINE, person
from tests.harness import Server
from tests.pages.accounts import link
from tests.pages.conftest import visitor_of
from tests.pages.test_allowed_applications import removing
from tests.pages.test_own_sessions import ada_in_two

PATH = "/account/activity"
STORE = Path(iam.__file__).parent / "store"
CALL = re.compile(r"audited\((?:(?!audited\(|\"\"\").)*?\bsubject =>", re.DOTALL)
KIND = re.compile(r"'([a-z_]+\.[a-z_]+)'")


async def test_the_page_says_in_words_what_happened(server: Server) -> None:
    firefox, _ = await ada_in_two(server)

    page = (await firefox.get(PATH)).text

    assert page.count("You logged in.") == 2
    assert "from <bdi>127.0.0.1</bdi>" in page


async def test_an_application_is_named(server: Server) -> None:
    person, app = await server.person(), await server.app()
    await server.tokens(app, person, scope="read")
    visitor = visitor_of(server, person)
    await visitor.send(await visitor.form(removing(app)))

    page = (await visitor.get(PATH)).text

    assert "You took back what you had allowed an application. <strong><bdi>Test application</bdi></strong>" in page
    assert page.index("You took back") < page.index("You allowed")


async def test_what_an_administrator_does_is_said_without_their_address(server: Server) -> None:
    ada, root = await server.person(), await server.person(superuser=True)
    by = person(root.user_id, "192.0.2.77")
    await server.store.grants.revoke_of_user(ada.user_id, server.now(), by)

    page = (await visitor_of(server, ada).get(PATH)).text

    assert "An administrator ended the access of all applications." in page
    assert "192.0.2.77" not in page


async def test_older_events_are_on_further_pages_each_once(server: Server) -> None:
    ada = await server.person()
    for _ in range(2 * SHOWN):
        await server.store.grants.revoke_of_user(ada.user_id, server.now(), COMMAND_LINE)
    visitor = visitor_of(server, ada)
    pages = [(await visitor.get(PATH)).text]
    while f"{PATH}?before=" in pages[-1]:
        pages.append((await visitor.get(link(pages[-1], f"{PATH}\\?before="))).text)

    assert [page.count("An administrator ended") for page in pages] == [SHOWN, SHOWN, 0]
    assert [page.count("Your account was made.") for page in pages] == [0, 0, 1]
    assert [">The latest<" in page for page in pages] == [False, True, True]


@pytest.mark.parametrize("place", ["x", "1", "1.x", "-1.1", "1.1'", "9" * 18 + ".1", "1." + "9" * 30], ids=range(7))
async def test_a_place_that_is_none_is_refused(server: Server, place: str) -> None:
    reply = await visitor_of(server, await server.person()).get(f"{PATH}?before={place}")

    assert reply.status == 400


async def test_nobody_reads_what_happened_to_others(server: Server) -> None:
    firefox, _ = await ada_in_two(server)
    bob = visitor_of(server, await server.person())

    page = (await bob.get(PATH)).text

    assert "You logged in." in page  # bob, once
    assert page.count("<li>") == 2
    assert (await firefox.get(PATH)).text.count("<li>") == 3


async def test_an_event_without_words_of_its_own_is_still_there(server: Server, admin: Any) -> None:
    ada = await server.person()
    admin.execute("select audited('something.new', now(), 'server', null, subject => %s::text)", (str(ada.user_id),))

    assert OTHERS in (await visitor_of(server, ada).get(PATH)).text


def test_every_event_about_a_person_has_its_sentence() -> None:
    calls = [call for path in STORE.glob("*.py") for call in CALL.findall(path.read_text())]
    found = {kind for call in calls for kind in KIND.findall(call)}

    assert {"session.begun", "session.renewed", "consent.withdrawn", "user.changed"} <= found
    assert found - {"user.deleted"} <= SENTENCES.keys()
