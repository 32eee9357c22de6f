"""Hooks are awaited: while one request waits for a slow store, others are served."""

from typing import Any

import psycopg2
import pytest
from twisted.internet.defer import Deferred

from iam.store.openid_metadata import OpenIDMetadata
from tests.harness import Server, pause
from tests.pages.conftest import PASSWORD, Visitor, make_account, visitor_of


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


async def test_a_logout_under_way_leaves_no_code_behind(server: Server, database_dsn: str) -> None:
    app = await server.app(scopes=("openid",))
    person = await server.person()
    holder = psycopg2.connect(database_dsn)
    holder.cursor().execute("delete from sessions where user_id = %s", (str(person.user_id),))

    waiting = Deferred.fromCoroutine(server.authorize(app, person, scope="openid"))
    await pause(0.5)
    holder.commit()
    holder.close()
    reply = await waiting

    assert reply.sent_back["error"] == "access_denied"


@pytest.mark.parametrize("table", ["clients", "users"])
async def test_what_goes_at_the_same_moment_gets_no_code(server: Server, database_dsn: str, table: str) -> None:
    app, person = await server.app(scopes=("openid",)), await server.person()
    holder = psycopg2.connect(database_dsn)
    gone = {"clients": app.client_id, "users": str(person.user_id)}[table]
    holder.cursor().execute(f"delete from {table} where id = %s", (gone,))

    waiting = Deferred.fromCoroutine(server.authorize(app, person, scope="openid"))
    await pause(0.5)
    holder.commit()
    holder.close()
    reply = await waiting

    assert reply.sent_back["error"] == "access_denied"


async def test_an_account_that_goes_at_the_same_moment_is_logged_in_no_more(server: Server, database_dsn: str) -> None:
    visitor, user_id = Visitor(server), await make_account(server, "ada")
    form = await visitor.form("/login")
    holder = psycopg2.connect(database_dsn)
    holder.cursor().execute("delete from users where id = %s", (str(user_id),))

    waiting = Deferred.fromCoroutine(visitor.send(form, login="ada", password=PASSWORD))
    await pause(1)
    holder.commit()
    holder.close()
    reply = await waiting

    assert reply.status == 400
    assert "do not belong together" in reply.text


async def test_a_client_that_goes_at_the_same_moment_hinders_no_logout(
    server: Server, admin: Any, database_dsn: str
) -> None:
    app = await server.app(
        scopes=("openid",), openid=OpenIDMetadata(backchannel_logout_uri="http://127.0.0.1:9/logout")
    )
    person = await server.person()
    await server.tokens(app, person, scope="openid")
    form = await visitor_of(server, person).form("/logout")
    holder = psycopg2.connect(database_dsn)
    holder.cursor().execute("delete from clients where id = %s", (app.client_id,))

    waiting = Deferred.fromCoroutine(visitor_of(server, person).send(form))
    await pause(0.5)
    holder.commit()
    holder.close()
    reply = await waiting

    admin.execute("select count(*) from sessions")
    assert (reply.status, admin.fetchone()[0]) == (303, 0)
