"""An outage is a few lines in the log: that it began, why, how many had to go, and that it is over after so many seconds."""

from collections.abc import Callable

from twisted.internet import reactor
from twisted.internet.defer import Deferred, gatherResults
from twisted.internet.threads import deferToThread
from twisted.logger import LogEvent, LogLevel, formatEvent

from iam.operations.retention import Retention, tasks
from iam.secrets import minted
from iam.server.log import json_line
from tests.faults.conftest import Mortal
from tests.harness import Server, pause
from tests.waiting import until


def lines(events: list[LogEvent]) -> list[str]:
    """What an operator reads: our own lines at info level and above."""
    return [
        formatEvent(event)
        for event in events
        if event.get("log_namespace", "").startswith("iam.") and event["log_level"] >= LogLevel.info
    ]


def beginning(events: list[LogEvent], *words: str) -> list[str]:
    """The first words of those lines that begin with one of these."""
    return [word for line in lines(events) for word in words if line.startswith(word)]


async def test_five_hundred_requests_of_an_outage_are_a_handful_of_lines(
    served: Server, mortal: Mortal, events: list[LogEvent]
) -> None:
    app, person = await served.app(), await served.person(minted.identifier().hex)
    token = (await served.token(app, grant_type="client_credentials")).json["access_token"]
    await until(lambda: served.store.database.main.absent == 0)
    events.clear()

    mortal.kill()
    replies = []
    for _ in range(50):
        replies += await gatherResults(
            [
                Deferred.fromCoroutine(work)
                for work in (
                    *[served.token(app, grant_type="client_credentials") for _ in range(4)],
                    served.get("/readyz"),
                    served.get("/applications", headers=person.headers),
                    served.get("/resource", headers={"Authorization": f"Bearer {token}"}),
                    served.post("/introspect", {"token": token}, headers=app.basic),
                    served.post("/revoke", {"token": token}, headers=app.basic),
                    served.authorize(app, person),
                )
            ]
        )
    during = lines(events)
    await deferToThread(mortal.start)
    await until(lambda: any(line.startswith("database.back after") for line in lines(events)))

    refused = [reply for reply in replies if reply.status == 503]
    assert len(refused) >= 400
    assert {reply.header("Retry-After") for reply in refused} == {"1"}
    assert len(during) <= 10


async def test_what_the_server_does_by_itself_is_a_line_for_each_reason_in_an_outage(
    served: Server, mortal: Mortal, events: list[LogEvent]
) -> None:
    store, clock = served.store, served.clock_of_store()
    retention = Retention(reactor, tasks(store, served.keys), clock)
    back_channel = served.application.back_channel
    await until(lambda: store.database.main.absent == 0)
    mortal.kill()
    await until(lambda: not store.database.main.members and not store.database.spare.members)
    events.clear()

    for _ in range(50):
        await store.partitions.tend(clock.now())
        back_channel.look()
    await retention.work()

    told = beginning(events, "partitions", "logout notices", "retention.failed")
    assert told.count("retention.failed") <= 2
    assert told.count("logout notices") == 1
    assert len(told) <= 5


async def test_a_stall_of_writes_has_a_line_when_it_begins_and_one_when_it_ends(
    served: Server, tuned: Callable[..., None], events: list[LogEvent]
) -> None:
    app = await served.app()
    await until(lambda: served.store.database.main.absent == 0)
    events.clear()

    tuned(synchronous_standby_names="nobody")
    for _ in range(3):
        await gatherResults(
            [Deferred.fromCoroutine(served.token(app, grant_type="client_credentials")) for _ in range(20)]
        )
    tuned(synchronous_standby_names="")
    await until(lambda: any(line.startswith("writes.back after") for line in lines(events)))

    words = ("writes.stalled: no write has come through for", "writes.back after")
    assert beginning(events, *words) == list(words)
    assert "Commits wait for a standby" in "".join(lines(events))
    assert beginning(events, "database.lost", "database.back") == []
    assert len(lines(events)) <= 10


async def test_a_database_that_is_only_read_has_a_line_when_that_begins_and_one_when_it_ends(
    served: Server, tuned: Callable[..., None], events: list[LogEvent]
) -> None:
    app = await served.app()
    await until(lambda: served.store.database.main.absent == 0)
    events.clear()

    tuned(default_transaction_read_only="on")
    while not beginning(events, "writes.stalled"):
        await served.token(app, grant_type="client_credentials")
        await pause(0.1)
    tuned(default_transaction_read_only="off")
    await until(lambda: bool(beginning(events, "writes.back")))

    stalled = next(event for event in events if formatEvent(event).startswith("writes.stalled"))
    assert beginning(events, "writes.stalled", "writes.back") == ["writes.stalled", "writes.back"]
    assert stalled["reason"] == "The database is only read: default_transaction_read_only is on."
    assert '"seconds": ' in json_line(stalled)
    assert len(lines(events)) <= 10


async def test_connections_that_come_and_go_are_two_lines_and_then_a_count(
    served: Server, mortal: Mortal, events: list[LogEvent]
) -> None:
    database = served.store.database
    await until(lambda: database.main.absent == 0)
    events.clear()

    for _ in range(10):
        mortal.terminate()
        await until(lambda: database.main.absent > 0)
        await until(lambda: not database.losses.away)
    await until(lambda: bool(beginning(events, "database.lost again")))

    again = next(event for event in events if formatEvent(event).startswith("database.lost again"))
    assert again["count"] == 9
    assert beginning(events, "database.lost again", "database.lost:", "database.back") == [
        "database.lost:",
        "database.back",
        "database.lost again",
    ]
