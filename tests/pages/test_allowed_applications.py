"""Applications that a person allowed: what the page says of each, and what ends when one is removed."""

from typing import Any

import pytest

from iam.records.actor import SERVER
from tests.harness import App, Person, Server
from tests.pages.conftest import Visitor, kept, visitor_of

LIST = "/account/applications"
PHOTOS = "https://photos.example"


def removing(app: App) -> str:
    return f"{LIST}/{app.client_id}/remove"


async def allowed(server: Server, **metadata: Any) -> tuple[Person, App, Any]:
    """Somebody, an application that they allowed to read, and its tokens."""
    person, app = await server.person(), await server.app(**metadata)
    return person, app, await server.tokens(app, person, scope=" ".join(metadata.get("scopes", ("read",))))


async def photos(server: Server, token_format: str) -> None:
    """A resource with this format of access tokens, which live for ten minutes."""
    told = {"scopes": ["read"], "token_format": token_format, "lifetime": 600, "client_id": None}
    await server.store.resources.create(PHOTOS, now=server.now(), by=SERVER, **told)


async def remove(visitor: Visitor, path: str) -> Any:
    return await visitor.send(await visitor.form(path))


async def test_the_page_says_what_an_application_may_do_in_sentences(server: Server) -> None:
    person, app, _ = await allowed(server)

    page = (await visitor_of(server, person).get(LIST)).text

    assert "Test application" in page
    assert "Read your data" in page
    assert "Change your data" not in page
    assert f'Allowed on <time datetime="{server.now().date()}">' in page
    assert removing(app) in page


async def test_the_page_says_for_which_resource_it_is(server: Server) -> None:
    person, app = await server.person(), await server.app()
    await photos(server, "opaque")
    await server.tokens(app, person, scope="read", resource=PHOTOS)

    page = (await visitor_of(server, person).get(LIST)).text

    assert f"At <bdi>{PHOTOS}</bdi>" in page


async def test_the_page_says_when_there_was_last_access(server: Server, admin: Any) -> None:
    person, app, tokens = await allowed(server)
    server.clock.advance(7200)
    await server.refresh(app, tokens["refresh_token"])

    await server.store.consent_uses.write_all(server.now())

    assert (
        f'last access <time datetime="{server.now():%Y-%m-%dT%H}:00:00+00:00">'
        in (await visitor_of(server, person).get(LIST)).text
    )


async def test_somebody_without_applications_is_told_so(server: Server) -> None:
    page = (await visitor_of(server, await server.person()).get(LIST)).text

    assert "You have not allowed any application" in page


async def test_removing_asks_first_and_a_link_alone_removes_nothing(server: Server, admin: Any) -> None:
    person, app, _ = await allowed(server)
    visitor, before = visitor_of(server, person), kept(admin)

    page = (await visitor.get(removing(app))).text

    assert "Remove <q><bdi>Test application</bdi></q>?" in page
    assert "Read your data" in page
    assert kept(admin) == before


async def test_a_removed_application_has_no_consent_and_no_token_any_more(server: Server) -> None:
    person, app, tokens = await allowed(server)
    code, other = await server.code(app, person, scope="read"), await server.app(introspect_any=True)
    visitor = visitor_of(server, person)

    reply = await remove(visitor, removing(app))

    assert (reply.status, reply.location) == (303, LIST)
    assert await server.introspect(other, tokens["access_token"]) == {"active": False}
    assert (await server.refresh(app, tokens["refresh_token"])).json["error"] == "invalid_grant"
    assert (await server.redeem(app, code)).json["error"] == "invalid_grant"
    assert "Test application" not in (await visitor.get(LIST)).text


async def test_what_ended_stays_ended_when_the_application_is_allowed_again(server: Server) -> None:
    person, app, tokens = await allowed(server)
    await remove(visitor_of(server, person), removing(app))

    again = await server.tokens(app, person, scope="read")

    other = await server.app(introspect_any=True)
    assert (await server.introspect(other, again["access_token"]))["active"]
    assert await server.introspect(other, tokens["access_token"]) == {"active": False}


async def test_a_removal_is_written_down_with_who_did_it(server: Server) -> None:
    person, app, _ = await allowed(server)

    await remove(visitor_of(server, person), removing(app))

    (event,) = await server.store.audit.events(kind="consent.withdrawn")
    assert (event.actor, event.subject, event.client) == (
        f"user {person.user_id}",
        str(person.user_id),
        app.client_id,
    )
    assert event.detail == {"scope": "read", "grants_ended": 1}


@pytest.mark.parametrize("told", [True, False], ids=["told", "not told"])
async def test_an_application_hears_of_it_as_of_a_logout_if_it_wants_to_hear_of_those(
    server: Server, admin: Any, told: bool
) -> None:
    uri = {"backchannel_logout_uri": "https://client.example/logout"} if told else {}
    person, app, _ = await allowed(server, scopes=("openid", "read"), **uri)
    visitor = visitor_of(server, person)

    page = (await visitor.get(removing(app))).text
    await remove(visitor, removing(app))

    admin.execute("select n.client_id, s.user_id::text from logout_notices n join sessions s on s.id = n.session_id")
    assert admin.fetchall() == ([(app.client_id, str(person.user_id))] if told else [])
    assert ("It is told that you are logged out there." in page) is told


async def test_all_applications_are_removed_at_once(server: Server) -> None:
    person, _, tokens = await allowed(server)
    second = await server.app()
    more = await server.tokens(second, person, scope="read")
    other = await server.app(introspect_any=True)
    visitor = visitor_of(server, person)

    reply = await remove(visitor, f"{LIST}/remove")

    assert (reply.status, reply.location) == (303, LIST)
    for token in (tokens["access_token"], more["access_token"]):
        assert await server.introspect(other, token) == {"active": False}
    assert len(await server.store.audit.events(kind="consent.withdrawn")) == 2


async def test_without_applications_there_is_nothing_to_ask_about(server: Server) -> None:
    reply = await visitor_of(server, await server.person()).get(f"{LIST}/remove")

    assert (reply.status, reply.location) == (303, LIST)


async def test_an_application_that_may_do_more_by_now_is_shown_again_before_it_is_removed(
    server: Server, admin: Any
) -> None:
    person, app, _ = await allowed(server)
    visitor = visitor_of(server, person)
    forms = [await visitor.form(path) for path in (removing(app), f"{LIST}/remove")]
    await server.tokens(app, person, scope="read write")
    before = kept(admin)

    replies = [await visitor.send(form) for form in forms]

    assert [reply.status for reply in replies] == [409, 409]
    assert all("Nothing is removed yet" in reply.text for reply in replies)
    assert kept(admin) == before


async def test_a_form_of_somebody_elses_login_removes_nothing(server: Server, admin: Any) -> None:
    person, app, _ = await allowed(server)
    form = await visitor_of(server, person).form(f"{LIST}/remove")
    bob = await server.person()
    await server.tokens(app, bob, scope="read")
    before = kept(admin)

    reply = await visitor_of(server, bob).send(form)

    assert reply.status == 403
    assert kept(admin) == before


async def test_nobody_sees_or_removes_what_others_allowed(server: Server, admin: Any) -> None:
    person, app, _ = await allowed(server)
    bob = visitor_of(server, await server.person())
    form = await visitor_of(server, person).form(removing(app))
    before = kept(admin)

    listed, asked, sent = await bob.get(LIST), await bob.get(removing(app)), await bob.send(form)

    assert "Test application" not in listed.text
    assert [asked.status, sent.status] == [404, 404]
    assert kept(admin) == before


async def test_a_service_that_reads_tokens_by_itself_is_mentioned_with_how_long_it_may_take(server: Server) -> None:
    person, app = await server.person(), await server.app()
    await photos(server, "jwt")
    await server.tokens(app, person, scope="read", resource=PHOTOS)

    page = (await visitor_of(server, person).get(removing(app))).text

    assert "may still let it in for up to 10 minutes" in page


async def test_the_address_of_the_toolkit_leads_there(server: Server) -> None:
    reply = await server.get("/o/authorized_tokens/")

    assert (reply.status, reply.location) == (303, LIST)
