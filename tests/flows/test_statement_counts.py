"""What a request costs the database: alone one statement, which is one commit; many at once share theirs."""

from collections.abc import Callable, Coroutine
from typing import Any

import pytest
from attrs import frozen
from twisted.internet.defer import Deferred, gatherResults

from iam.store.openid_metadata import OpenIDMetadata
from tests.harness import App, Reply, Server

AT_ONCE = 64
GOAL = 0.3  # statements per request

Request = Callable[[], Coroutine[Any, Any, Reply]]
OPERATIONS = ("client_credentials", "introspection", "refresh", "code", "resource", "userinfo")


@frozen
class Prepared:
    """An app that is known to the server's memory, and requests that are ready to be sent."""

    server: Server
    requests: list[Request]

    async def send(self) -> tuple[int, list[Reply]]:
        """How many statements the requests took, sent at once, and what they gave."""
        before = self.server.store.database.statistics.statements
        replies = await gatherResults([Deferred.fromCoroutine(request()) for request in self.requests])
        return self.server.store.database.statistics.statements - before, replies


async def prepared(server: Server, operation: str, count: int) -> Prepared:
    """`count` requests of one kind, each with a code or token of its own."""
    openid = OpenIDMetadata(
        id_token_signed_response_alg="ES256"
    )  # RSA signs in threads, which scatters what comes at once
    app, person = await server.app(scopes=("openid", "read", "write"), openid=openid), await server.person()
    requests = [await one(server, operation, app, person) for _ in range(count)]
    await server.quiet()
    await server.token(app, grant_type="client_credentials")  # the client and the scopes are in memory from now on,
    await server.get("/jwks")  # and so are the signing keys
    await server.store.resources.by_uri()  # and the resources
    return Prepared(server, requests)


async def one(server: Server, operation: str, app: App, person: Any) -> Request:
    """A request, with what it needs."""
    if operation == "client_credentials":
        return lambda: server.token(app, grant_type="client_credentials")
    if operation == "code":
        code = await server.code(app, person, scope="openid read")  # with an ID token
        return lambda: server.redeem(app, code)
    tokens = await server.tokens(app, person, scope="openid read")
    if operation == "refresh":
        return lambda: server.refresh(app, tokens["refresh_token"])
    if operation == "introspection":
        return lambda: server.post("/introspect", {"token": tokens["access_token"]}, headers=app.basic)
    return lambda: server.get("/" + operation, headers={"Authorization": f"Bearer {tokens['access_token']}"})


@pytest.mark.parametrize("operation", OPERATIONS)
async def test_alone_a_request_is_one_statement(server: Server, operation: str) -> None:
    alone = await prepared(server, operation, 1)

    statements, replies = await alone.send()

    assert [reply.status for reply in replies] == [200]
    assert statements == 1


@pytest.mark.parametrize("operation", OPERATIONS)
async def test_with_all_limits_a_right_request_is_still_one_statement(limited: Server, operation: str) -> None:
    alone = await prepared(limited, operation, 1)

    statements, replies = await alone.send()

    assert [reply.status for reply in replies] == [200]
    assert statements == 1


@pytest.mark.parametrize("operation", OPERATIONS)
async def test_many_requests_at_once_share_their_statements(server: Server, operation: str) -> None:
    many = await prepared(server, operation, AT_ONCE)

    statements, replies = await many.send()

    assert {reply.status for reply in replies} == {200}
    assert statements / AT_ONCE <= GOAL


@pytest.mark.parametrize("operation", OPERATIONS)
async def test_the_statement_is_a_transaction_of_its_own(server: Server, admin: Any, operation: str) -> None:
    alone = await prepared(server, operation, 1)
    admin.execute("select clock_timestamp()")
    (before,) = admin.fetchone()

    await alone.send()

    admin.execute(
        "select state, xact_start from pg_stat_activity where application_name = 'iam' and datname = current_database()"
        " and query_start > %s and query like 'execute %%'",  # the last one; the end of a transaction around it would be it
        (before,),
    )
    assert admin.fetchall() == [("idle", None)]
