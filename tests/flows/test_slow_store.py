"""Hooks are awaited: while one request waits for a slow store, others are served."""

from collections.abc import Coroutine
from contextlib import closing
from typing import Any

import psycopg2
import pytest
from twisted.internet.defer import Deferred

from tests.harness import Reply, Server, pause
from tests.pages.conftest import PASSWORD, Visitor, make_account, visitor_of
from tests.waiting import until


async def test_other_requests_are_served_while_the_store_is_slow(server: Server, database_dsn: str) -> None:
    app = await server.app()
    holder = psycopg2.connect(database_dsn)
    holder.cursor().execute("lock table access_tokens in access exclusive mode")

    waiting = Deferred.fromCoroutine(server.token(app, grant_type="client_credentials"))
    await pause(0.1)
    others = [await server.get("/healthz"), await server.get("/login"), await server.get("/authorize")]
    still_waiting = not waiting.called
    holder.rollback()
    holder.close()
    reply = await waiting

    assert still_waiting
    assert [other.status for other in others] == [200, 200, 400]
    assert reply.status == 200


async def test_a_lock_that_lasts_too_long_is_a_503_with_retry_after(server: Server, database_dsn: str) -> None:
    app = await server.app()
    holder = psycopg2.connect(database_dsn)
    holder.cursor().execute("lock table access_tokens in access exclusive mode")

    refused = await server.token(app, grant_type="client_credentials")
    holder.rollback()
    holder.close()
    again = await server.token(app, grant_type="client_credentials")

    assert refused.status == 503
    assert refused.header("retry-after") == "1"
    assert refused.json["error"] == "temporarily_unavailable"
    assert again.status == 200


def stands(connection: Any) -> bool:
    """Does any statement wait for a lock?"""
    with connection.cursor() as cursor:
        cursor.execute("select exists (select from pg_locks where not granted)")
        return bool(cursor.fetchone()[0])


async def meanwhile(database_dsn: str, deletion: str, gone: str, work: Coroutine[Any, Any, Reply]) -> Reply:
    """What comes of work that begins when a transaction has deleted something, and is done when that commits."""
    with closing(psycopg2.connect(database_dsn)) as holder:
        holder.cursor().execute(deletion, (gone,))
        waiting = Deferred.fromCoroutine(work)
        await until(lambda: waiting.called or stands(holder))
        holder.commit()
    return await waiting


async def test_a_logout_under_way_leaves_no_code_behind(server: Server, database_dsn: str) -> None:
    app, person = await server.app(scopes=("openid",)), await server.person()
    allowing = server.authorize(app, person, scope="openid")

    reply = await meanwhile(database_dsn, "delete from sessions where user_id = %s", str(person.user_id), allowing)

    assert reply.sent_back["error"] == "access_denied"


async def test_a_consent_that_is_being_taken_back_does_not_come_again(
    server: Server, database_dsn: str, admin: Any
) -> None:
    app, person = await server.app(scopes=("openid",)), await server.person()
    await server.authorize(app, person, scope="openid")
    silent = server.authorize(app, person, scope="openid", prompt="none")

    reply = await meanwhile(database_dsn, "delete from consents where user_id = %s", str(person.user_id), silent)
    admin.execute("select count(*) from consents where user_id = %s", (person.user_id,))

    assert "code" not in reply.sent_back
    assert reply.sent_back["error"] in {"consent_required", "access_denied"}
    assert admin.fetchone() == (0,)


@pytest.mark.parametrize("table", ["clients", "users"])
async def test_what_goes_at_the_same_moment_gets_no_code(server: Server, database_dsn: str, table: str) -> None:
    app, person = await server.app(scopes=("openid",)), await server.person()
    gone = {"clients": app.client_id, "users": str(person.user_id)}[table]
    allowing = server.authorize(app, person, scope="openid")

    reply = await meanwhile(database_dsn, f"delete from {table} where id = %s", gone, allowing)

    assert reply.sent_back["error"] == "access_denied"


async def test_an_account_that_goes_at_the_same_moment_is_logged_in_no_more(server: Server, database_dsn: str) -> None:
    visitor, user_id = Visitor(server), await make_account(server, "ada")
    login = visitor.send(await visitor.form("/login"), login="ada", password=PASSWORD)

    reply = await meanwhile(database_dsn, "delete from users where id = %s", str(user_id), login)

    assert reply.status == 400
    assert "Wrong username or password" in reply.text


async def test_a_client_that_goes_at_the_same_moment_hinders_no_logout(
    server: Server, admin: Any, database_dsn: str
) -> None:
    app = await server.app(scopes=("openid",), backchannel_logout_uri="http://127.0.0.1:9/logout")
    person = await server.person()
    await server.tokens(app, person, scope="openid")
    visitor = visitor_of(server, person)
    logout = visitor.send(await visitor.form("/logout"))

    reply = await meanwhile(database_dsn, "delete from clients where id = %s", app.client_id, logout)

    admin.execute("select count(*) from sessions")
    assert (reply.status, admin.fetchone()[0]) == (303, 0)
