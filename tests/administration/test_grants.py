"""Grants, sessions and tokens as they are administered."""

from typing import Any

import pytest

from iam.administration import grants, people, sessions, tokens
from iam.administration.administration import Administration
from iam.records.actor import SERVER
from iam.records.invalid import Invalid
from iam.secrets import minted
from tests.harness import Server


async def test_who_gave_what_to_whom_is_said_before_a_grant_ends(on: Administration, server: Server) -> None:
    app, person = await server.app(scopes=("read",)), await server.person()
    await server.tokens(app, person, scope="read")
    hers, its = sorted(await grants.list_living(on), key=lambda grant: grant.user_id is None)

    of_hers, of_its = await grants.count_losses(on, hers.id), await grants.count_losses(on, its.id)

    assert of_hers is not None
    assert of_its is not None
    assert of_hers.sections[0].heading == f"Test application got it from {person.username}: read"
    assert of_its.sections[0].heading == "Test application got it from nobody, for itself: read"


async def test_a_grant_that_has_ended_is_lost_to_nobody_and_cannot_end_again(
    on: Administration, server: Server
) -> None:
    await server.app()
    (grant,) = await grants.list_living(on)
    await grants.revoke(on, grant.id, SERVER)

    assert await grants.count_losses(on, grant.id) is None
    with pytest.raises(Invalid, match="has ended already"):
        await grants.revoke(on, grant.id, SERVER)


async def test_many_grants_are_counted_by_those_they_are_of(on: Administration, server: Server) -> None:
    app, person = await server.app(grant_types=("authorization_code",)), await server.person()
    await server.tokens(app, person)

    of_person = await grants.count_losses_of_user(on, person.username)
    of_client = await grants.count_losses_of_client(on, app.client_id)
    of_all = await grants.count_losses_of_void(on)

    assert of_person.sections[0].items == ["1 grant: Test application"]
    assert of_client.sections[0].items == [f"1 grant: {person.username}"]
    assert [section.heading for section in of_all.sections] == [
        "This ends:",
        "All sessions end: everybody has to log in again.",
        "All initial access tokens end: nobody can register a client with them any more.",
    ]


async def test_grants_of_nobody_are_a_complaint(on: Administration) -> None:
    for work in (grants.count_losses_of_user(on, "nobody"), grants.revoke_of_user(on, "nobody", SERVER)):
        with pytest.raises(Invalid, match=r"There is no person nobody\."):
            await work
    for other in (grants.count_losses_of_client(on, "nobody"), grants.revoke_of_client(on, "nobody", SERVER)):
        with pytest.raises(Invalid, match=r"There is no client nobody\."):
            await other


async def test_who_is_logged_in_is_said_before_a_session_ends_and_then_to_them(
    on: Administration, server: Server, admin: Any
) -> None:
    person, other = await server.person(email="ada@example.org"), await server.person()
    user = await people.find(on, person.username)
    (session,) = await sessions.list_living(on, user)

    losses = await sessions.count_losses(on, session.id)
    await sessions.revoke(on, session.id, SERVER)
    admin.execute("select user_id::text, detail from outbox where template = 'sessions_ended'")

    assert losses is not None
    assert admin.fetchall() == [(str(person.user_id), {"by_administrator": True})]
    assert losses.sections[0].heading == f"{person.username} is logged in with it."
    assert [each.username for each in await sessions.list_living(on)] == [other.username]
    assert await sessions.count_losses(on, session.id) is None
    with pytest.raises(Invalid, match="There is no session"):
        await sessions.revoke(on, minted.identifier(), SERVER)


async def test_tokens_are_found_and_revoked_by_their_text(on: Administration, server: Server) -> None:
    app, person = await server.app(), await server.person()
    given = await server.tokens(app, person)

    found = [await tokens.find(on, given[name]) for name in ("access_token", "refresh_token")]
    client_id = await tokens.revoke(on, given["refresh_token"], SERVER)

    assert [token and token.username for token in found] == [person.username] * 2
    assert client_id == app.client_id
    assert await tokens.find(on, given["access_token"]) is None
    with pytest.raises(Invalid, match="no token of this server"):
        await tokens.revoke(on, "nonsense", SERVER)
