"""Other transactions in the way of a request: it is asked again, and nobody notices (H43)."""

from collections.abc import Iterator
from typing import Any

import pytest
from twisted.internet.defer import Deferred, gatherResults

from tests.harness import Server

# PostgreSQL's own words for a deadlock, at every second statement; a sequence does not forget with the transaction.
INJECT = """
create sequence attempts;
create function collide() returns trigger language plpgsql as $$
begin
    if nextval('attempts') % {every} = 0 then
        raise exception 'deadlock detected' using errcode = '{state}';
    end if;
    return null;
end
$$;
create trigger collides after insert on access_tokens for each statement execute function collide();
"""
CALM = "create or replace function collide() returns trigger language plpgsql as 'begin return null; end'"
REMOVE = "drop trigger collides on access_tokens; drop function collide; drop sequence attempts"


@pytest.fixture
def inject(admin: Any) -> Iterator[Any]:
    """Lets statements that store access tokens fail."""
    yield lambda every, state: admin.execute(INJECT.format(every=every, state=state))
    admin.execute(REMOVE)


@pytest.mark.parametrize("state", ["40P01", "40001"])
async def test_h43_deadlocks_cost_no_client_an_error(server: Server, inject: Any, admin: Any, state: str) -> None:
    app = await server.app()
    inject(2, state)

    replies = await gatherResults(
        [Deferred.fromCoroutine(server.token(app, grant_type="client_credentials")) for _ in range(30)]
    )

    assert {reply.status for reply in replies} == {200}
    admin.execute("select count(*) from access_tokens")
    assert admin.fetchone() == (30,)


async def test_h43_a_redemption_that_met_a_deadlock_is_done_once(server: Server, inject: Any, admin: Any) -> None:
    app, person = await server.app(), await server.person()
    code = await server.code(app, person)
    inject(2, "40P01")
    admin.execute("select nextval('attempts')")

    reply = await server.redeem(app, code)

    assert reply.status == 200
    admin.execute("select last_value from attempts")
    assert admin.fetchone() == (3,)
    admin.execute("select (select count(*) from access_tokens), (select count(*) from refresh_tokens)")
    assert admin.fetchone() == (1, 1)


async def test_h43_a_collision_without_end_is_503_after_four_attempts_and_spends_no_code(
    server: Server, inject: Any, admin: Any
) -> None:
    app, person = await server.app(), await server.person()
    code = await server.code(app, person)
    inject(1, "40P01")

    refused = await server.redeem(app, code)

    admin.execute("select last_value from attempts")
    attempts = admin.fetchone()
    admin.execute(CALM)
    reply = await server.redeem(app, code)
    assert (refused.status, refused.json["error"]) == (503, "temporarily_unavailable")
    assert attempts == (4,)
    assert reply.status == 200


async def test_h43_no_other_error_is_tried_again(server: Server, inject: Any, admin: Any) -> None:
    app = await server.app()
    inject(1, "53100")  # the disk is full

    reply = await server.token(app, grant_type="client_credentials")

    assert reply.status == 503
    admin.execute("select last_value from attempts")
    assert admin.fetchone() == (1,)
