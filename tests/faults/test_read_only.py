"""A disk with too little room: what only reads goes on, what writes is told to come back (H51)."""

from collections.abc import Iterator
from typing import Any

import pytest

from tests.harness import Server

FULL = "The disk of the database is almost full."


@pytest.fixture
def crowded(server: Server) -> Iterator[Any]:
    """Takes the room away, and gives it back at the end."""

    def crowd() -> None:
        server.store.database.guard = lambda: FULL

    yield crowd
    server.store.database.guard = str


async def test_h51_a_token_request_is_503_and_says_when_to_come_back(server: Server, crowded: Any) -> None:
    app = await server.app()
    crowded()

    reply = await server.token(app, grant_type="client_credentials")

    assert (reply.status, reply.json["error"]) == (503, "temporarily_unavailable")
    assert reply.header("Retry-After") == "1"


async def test_h51_a_code_refused_for_lack_of_room_is_good_afterwards(server: Server, crowded: Any) -> None:
    app, person = await server.app(), await server.person()
    code = await server.code(app, person)
    crowded()
    refused = await server.redeem(app, code)
    server.store.database.guard = str

    reply = await server.redeem(app, code)

    assert (refused.status, reply.status) == (503, 200)


async def test_h51_a_token_can_be_introspected_and_used(server: Server, crowded: Any) -> None:
    app = await server.app()
    token = (await server.token(app, grant_type="client_credentials")).json["access_token"]
    crowded()

    answer = await server.introspect(app, token)
    resource = await server.get("/resource", headers={"Authorization": f"Bearer {token}"})

    assert answer["active"]
    assert resource.status == 200


@pytest.mark.parametrize(
    "path", ["/", "/login", "/applications", "/healthz", "/.well-known/oauth-authorization-server"]
)
async def test_h51_what_only_reads_answers(server: Server, crowded: Any, path: str) -> None:
    person = await server.person()
    server.clock.advance(120)  # the session has not been seen for so long that this would be noted
    crowded()

    reply = await server.get(path, headers=person.headers)

    assert reply.status in (200, 303)


async def test_h51_a_session_is_found_whose_visit_cannot_be_noted(server: Server, crowded: Any) -> None:
    person = await server.person("alice")
    server.clock.advance(120)
    crowded()

    reply = await server.get("/applications", headers=person.headers)

    assert reply.status == 200
    assert "alice" in reply.text


async def test_h51_consent_that_cannot_be_kept_is_a_503_page_and_no_code(
    server: Server, crowded: Any, admin: Any
) -> None:
    app, person = await server.app(), await server.person()
    crowded()

    reply = await server.authorize(app, person)

    assert reply.status == 503
    assert "<html" in reply.text
    admin.execute("select count(*) from authorization_codes")
    assert admin.fetchone() == (0,)


async def test_h51_a_server_that_only_reads_is_not_ready(server: Server, crowded: Any) -> None:
    crowded()

    reply = await server.get("/readyz")

    assert (reply.status, reply.json) == (503, {"status": "not ready"})  # why is for the log


async def test_a_server_that_could_write_no_longer_is_ready_as_soon_as_there_is_room(
    server: Server, crowded: Any
) -> None:
    app = await server.app()
    crowded()
    refused = await server.token(app, grant_type="client_credentials")
    unready = await server.get("/readyz")
    server.store.database.guard = str

    ready = await server.get("/readyz")

    assert (refused.status, unready.status, unready.header("Retry-After"), ready.status) == (503, 503, "1", 200)


async def test_h51_a_statement_with_parameters_is_only_read_too(server: Server, crowded: Any) -> None:
    crowded()

    rows = await server.store.database.query("select %(value)s::text || '%%'", {"value": "a"})

    assert rows == [("a%",)]
