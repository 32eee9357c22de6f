"""/readyz tells whether writes can succeed, within moments and in both directions."""

from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import psycopg2
from twisted.internet import reactor
from twisted.internet.defer import Deferred, gatherResults
from twisted.internet.threads import deferToThread

from tests.faults.conftest import Mortal
from tests.harness import App, Server, pause
from tests.waiting import until

STEP = 0.05  # seconds between two looks at /readyz
UNREADY = {"status": "not ready"}


async def becomes(served: Server, status: int) -> None:
    """Look at /readyz until it has this status."""
    statuses = []

    async def look() -> None:
        while not statuses or statuses[-1] != status:
            statuses.append((await served.get("/readyz")).status)
            await pause(STEP)

    began = reactor.seconds()
    await Deferred.fromCoroutine(look()).addTimeout(60, reactor)
    print(f"/readyz is {status} after {reactor.seconds() - began:.2f} s")


def begin(served: Server, app: App) -> Deferred[Any]:
    """Ask for a token, which writes a row."""
    return Deferred.fromCoroutine(served.token(app, grant_type="client_credentials"))


async def test_in_a_stall_of_synchronous_replication_the_server_is_not_ready_until_it_ends(
    served: Server, tuned: Callable[..., None]
) -> None:
    app = await served.app()
    await becomes(served, 200)

    tuned(synchronous_standby_names="nobody")
    asked = begin(served, app)
    await becomes(served, 503)
    given_up = await asked
    later = await served.get("/readyz")
    tuned(synchronous_standby_names="")
    await becomes(served, 200)

    assert (given_up.status, given_up.header("Retry-After")) == (503, "1")
    assert (later.status, later.json, later.header("Retry-After")) == (503, UNREADY, "1")


async def test_writes_that_change_nothing_and_end_well_in_a_stall_do_not_make_the_server_ready(
    served: Server, tuned: Callable[..., None]
) -> None:
    app = await served.app()
    nothing = "with changed as (update clients set name = name where false returning id) select count(*) from changed"
    await becomes(served, 200)

    tuned(synchronous_standby_names="nobody")
    asked = [begin(served, app) for _ in range(3)]
    await becomes(served, 503)
    seen = []
    for _ in range(10):
        rows = await served.store.database.query(nothing)
        seen.append((rows, (await served.get("/readyz")).status))
    tuned(synchronous_standby_names="")
    await gatherResults(asked)

    assert seen == [([(0,)], 503)] * 10


async def test_what_reads_is_answered_while_the_server_is_not_ready(served: Server, tuned: Callable[..., None]) -> None:
    app = await served.app()
    token = (await served.token(app, grant_type="client_credentials")).json["access_token"]

    tuned(default_transaction_read_only="on")
    await becomes(served, 503)
    answer = await served.introspect(app, token)
    refused = await served.token(app, grant_type="client_credentials")
    tuned(default_transaction_read_only="off")
    await becomes(served, 200)

    assert answer["active"]
    assert (refused.status, refused.header("Retry-After")) == (503, "1")
    assert (await served.token(app, grant_type="client_credentials")).status == 200


async def test_a_database_that_is_killed_is_not_ready_until_it_is_back(served: Server, mortal: Mortal) -> None:
    app = await served.app()
    await becomes(served, 200)

    mortal.kill()
    await becomes(served, 503)
    refused = [await served.token(app, grant_type="client_credentials") for _ in range(5)]
    await deferToThread(mortal.start)
    await becomes(served, 200)

    assert {(reply.status, reply.header("Retry-After")) for reply in refused} == {(503, "1")}


async def test_a_database_that_stands_still_is_not_ready_until_it_goes_on(served: Server, mortal: Mortal) -> None:
    app = await served.app()
    await becomes(served, 200)

    for pid in [*mortal.backends(), mortal.postmaster.pid]:
        mortal.halt(pid)
    asked = [begin(served, app) for _ in range(3)]
    await becomes(served, 503)
    replies = await gatherResults(asked)
    mortal.resume()
    await becomes(served, 200)

    assert {reply.status for reply in replies} == {503}


async def test_a_database_in_recovery_is_not_ready_until_it_is_promoted(served: Server, mortal: Mortal) -> None:
    await becomes(served, 200)

    mortal.end()
    signal = Path(mortal.data) / "standby.signal"
    signal.touch()
    await deferToThread(mortal.start)
    await becomes(served, 503)
    await until(lambda: served.store.database.main.absent == 0)
    reason = await served.store.database.unready()
    mortal.ask("select pg_promote()")
    await becomes(served, 200)

    assert "in recovery" in reason


async def test_a_locked_table_that_lets_no_write_through_is_not_ready(served: Server, mortal: Mortal) -> None:
    app = await served.app()
    await becomes(served, 200)

    with closing(psycopg2.connect(mortal.dsn())) as connection:
        connection.cursor().execute("lock table access_tokens in share mode")
        asked = [begin(served, app) for _ in range(3)]
        await becomes(served, 503)
        await gatherResults(asked)
        still = await served.get("/readyz")
    again = await begin(served, app)
    ready = await served.get("/readyz")

    assert (still.status, again.status, ready.status) == (503, 200, 200)


async def test_one_slow_write_among_others_leaves_the_server_ready(served: Server, mortal: Mortal) -> None:
    database = served.store.database
    mortal.ask("create table if not exists slow (n int)")
    slow = database.query("with slept as (select pg_sleep(4)) insert into slow select 1 from slept returning n")
    statuses = set()

    while not slow.called:
        statuses.add((await served.get("/readyz")).status)
        await pause(STEP)

    assert await slow == [(1,)]
    assert statuses == {200}


async def test_nothing_is_written_to_find_out(served: Server, mortal: Mortal) -> None:
    await becomes(served, 200)
    mortal.ask("checkpoint")
    before = mortal.ask("select pg_current_xact_id()::text::bigint")[0][0]

    for _ in range(20):
        await served.get("/readyz")

    assert mortal.ask("select pg_current_xact_id()::text::bigint")[0][0] == before + 1


async def test_a_long_task_on_the_spare_connection_leaves_the_server_ready(served: Server) -> None:
    sleeping = served.store.database.aside("select pg_sleep(3)")
    statuses = set()

    while not sleeping.called:
        statuses.add((await served.get("/readyz")).status)
        await pause(STEP)

    assert statuses == {200}
