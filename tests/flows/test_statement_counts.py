"""What a request costs the database: alone one statement, which is one commit; many at once share theirs."""

from collections.abc import Callable, Coroutine, Iterator, Sequence
from typing import Any

import pytest
from attrs import frozen
from twisted.internet.defer import Deferred, gatherResults

from iam.settings import DAY
from tests.authenticators import Authenticator
from tests.harness import App, Reply, Server
from tests.pages.accounts import everybody
from tests.pages.conftest import PASSWORD, Visitor, asking, logged_in, make_account
from tests.pages.factors import add_app
from tests.pages.passkeys import made_by
from tests.registering import initial_access_token, register, registered

AT_ONCE = 64
ATTEMPTS = 3  # on a busy machine what is sent at once may arrive one by one
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
    alg = "ES256"  # RSA signs in threads, which scatters what comes at once
    app = await server.app(scopes=("openid", "read", "write"), id_token_signed_response_alg=alg)
    person = await server.person()
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
    counts = []
    while not counts or (min(counts) > GOAL * AT_ONCE and len(counts) < ATTEMPTS):
        statements, replies = await (await prepared(server, operation, AT_ONCE)).send()
        assert {reply.status for reply in replies} == {200}
        counts.append(statements)

    assert min(counts) <= GOAL * AT_ONCE


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


# Who is logged in is looked up once, with everybody else in the browser


@pytest.fixture
def looked_up(server: Server) -> Iterator[list[int]]:
    """How many sessions each look-up was for."""
    statement = server.store.database.statements["sessions_find"]
    run, counts = statement.run, []

    async def counting(execution: str, columns: Sequence[str]) -> Any:
        counts.append(columns[0].count(",") + 1)
        return await run(execution, columns)

    statement.run = counting
    yield counts
    statement.run = run


OF_THE_APPLICATION = ("", "/edit", "/delete", "/secret", "/disable")


@pytest.mark.parametrize("page", ["/", "/applications", "/applications/register", "/accounts", "/login", "/logout"])
async def test_a_page_looks_up_once_who_is_logged_in(server: Server, looked_up: list[int], page: str) -> None:
    visitor = await logged_in(server)
    before = server.store.database.statistics.statements

    reply = await visitor.get(page)

    assert reply.status in (200, 303)
    assert looked_up == [1]
    if page in ("/", "/accounts", "/login"):
        assert server.store.database.statistics.statements - before == 1


@pytest.mark.parametrize("page", OF_THE_APPLICATION)
async def test_a_page_about_an_application_looks_up_once_who_is_logged_in(
    server: Server, looked_up: list[int], page: str
) -> None:
    visitor = await logged_in(server)
    app = await visitor.register()
    looked_up.clear()

    reply = await visitor.get(f"/applications/{app.client_id}{page}")

    assert reply.status == 200
    assert looked_up == [1]


@pytest.mark.parametrize("page", OF_THE_APPLICATION[1:])
async def test_a_form_about_an_application_looks_up_once_who_sent_it(
    server: Server, looked_up: list[int], page: str
) -> None:
    visitor = await logged_in(server)
    app = await visitor.register()
    form = await visitor.form(f"/applications/{app.client_id}{page}")
    looked_up.clear()

    reply = await visitor.send(form)

    assert reply.status == 303
    assert looked_up == [1]


@pytest.mark.parametrize("people", [1, 3])
async def test_an_authorization_request_and_its_consent_look_up_everybody_in_the_browser_once_each(
    server: Server, looked_up: list[int], people: int
) -> None:
    app = await server.app()
    visitor = await everybody(server, *("ada", "bob", "eve")[:people])
    looked_up.clear()

    form = await visitor.form(asking(app))
    allowed = await visitor.send(form, decision="allow")
    again = await visitor.get(asking(app))

    assert "code" in allowed.sent_back
    assert "code" in again.sent_back
    assert looked_up == [people] * 3


@pytest.mark.parametrize(("path", "decision"), [("/accounts", ""), ("/logout", "leave"), ("/logout", "stay")])
async def test_a_choice_and_a_logout_look_up_everybody_once(
    server: Server, looked_up: list[int], path: str, decision: str
) -> None:
    visitor = await everybody(server, "ada", "bob")
    form = await visitor.form(path)
    looked_up.clear()

    reply = await visitor.send(form, decision=decision)

    assert reply.status in (200, 303)
    assert looked_up == [2]


async def test_a_stranger_looks_up_nobody(server: Server, looked_up: list[int]) -> None:
    app, visitor = await server.app(), Visitor(server)

    for path in ("/", "/login", asking(app), "/applications", "/logout"):
        await visitor.get(path)

    assert looked_up == []


async def test_the_new_cookie_of_a_remembered_session_takes_one_write_when_it_is_first_used(server: Server) -> None:
    visitor = await everybody(server, "ada", remember="y")
    server.clock.advance(DAY + 1)
    statistics = server.store.database.statistics
    await server.get("/", headers=visitor.headers)  # which notes that they were here

    taken = []
    for _ in range(3):
        before, cookie = statistics.statements, visitor.cookie
        await visitor.get("/")
        taken.append((statistics.statements - before, visitor.cookie != cookie))

    assert taken == [(1, True), (2, False), (1, False)]


async def test_a_registration_is_one_statement_after_the_look_at_its_token(server: Server) -> None:
    await registered(server)  # scopes and resources are in memory from now on
    token = await initial_access_token(server)
    await server.quiet()
    before = server.store.database.statistics.statements

    reply = await register(server, token)

    assert reply.status == 201, reply.text
    assert server.store.database.statistics.statements - before == 2


async def test_what_a_client_is_told_about_itself_takes_the_look_at_it_alone(server: Server) -> None:
    client = await registered(server)
    await server.quiet()
    before = server.store.database.statistics.statements

    replies = [await client.read(), await client.update()]

    assert [reply.status for reply in replies] == [200, 200]
    assert server.store.database.statistics.statements - before == 3


# The account with its password and whether another factor may be asked for; the session with its event; whether the account
# is to be deleted.
LOGIN = 3


@pytest.mark.parametrize("passkey", ["none", "one that is not asked for after the password"])
async def test_a_login_by_password_is_three_statements_with_the_look_for_factors(server: Server, passkey: str) -> None:
    user_id = await make_account(server, "ada", "ada@example.org")
    if passkey != "none":
        await made_by(server, user_id, Authenticator(server.settings.origin))
        await server.store.database.query("update passkeys set upgraded = true")

    assert await statements_of_a_login(server, "/") == LOGIN


@pytest.mark.parametrize("factor", ["app", "passkey"])
async def test_a_login_looks_for_the_factors_of_who_has_one(server: Server, factor: str) -> None:
    user_id = await make_account(server, "ada", "ada@example.org")
    if factor == "app":
        await add_app(server, user_id)
    else:
        await made_by(server, user_id, Authenticator(server.settings.origin))

    # Two factors, the recovery codes, and whether the browser is a remembered one; then the login that lacks a factor.
    assert await statements_of_a_login(server, "/login/factor") <= LOGIN + 3


async def statements_of_a_login(server: Server, leads_to: str) -> int:
    visitor = Visitor(server)
    form = await visitor.form("/login")
    await server.quiet()
    before = server.store.database.statistics.statements

    reply = await visitor.send(form, login="ada", password=PASSWORD)

    assert (reply.status, reply.location.partition("?")[0]) == (303, leads_to)
    return server.store.database.statistics.statements - before
