"""Detects a pooler that lends each transaction another connection, on which no setting of ours would last."""

from typing import Final

from twisted.internet.defer import Deferred
from twisted.internet.defer import TimeoutError as TimedOut
from twisted.internet.task import deferLater

from iam.database.connection import Connection
from iam.database.errors import Rejected, Timeout, Unsuitable
from iam.reactor import Timer

POOLER: Final = "this is a pooler in transaction mode; iam needs session mode or a direct connection"
HEARING: Final = 2.0  # seconds for a notification to arrive
PROCESS: Final = "select pg_backend_pid()"
LEAVE: Final = "set iam.pooler = 'kept'; prepare iam_pooler as select 1"
FIND: Final = """
select current_setting('iam.pooler', true) = 'kept'
    and exists (select from pg_prepared_statements where name = 'iam_pooler')
"""
TAKE: Final = "deallocate iam_pooler; reset iam.pooler"
LISTENING: Final = "and exists (select from pg_listening_channels() as channel where channel = 'iam_pooler')"
READING: Final = (LEAVE, FIND, TAKE)
ALL: Final = (LEAVE + "; listen iam_pooler", FIND + LISTENING, "unlisten iam_pooler; " + TAKE)
# NOTIFY waits for the commits of others that have notified: forever, while synchronous replication stalls.
CALL: Final = "set local lock_timeout = '1s'; notify iam_pooler"


async def examine(reactor: Timer, one: Connection, other: Connection, *, reading: bool = False) -> None:
    """Raises Unsuitable unless settings, prepared statements and LISTEN last on `one` while `other` is in use.

    A read-only server (`reading`) sends no notifications, so there LISTEN is not checked. Nothing is left behind on a
    connection that is shared with others, as far as its process shows that.
    """
    if not await alone(one, other):
        raise Unsuitable(POOLER)
    try:
        leave, find, take = READING if reading else ALL
        await one.run(leave)
        await other.run("begin")
        found = await one.run(find)
        await other.run("rollback")
        if found != [(True,)] or not (reading or await heard(reactor, one, other)):
            raise Unsuitable(POOLER)
        await one.run(take)
    except Rejected:
        raise Unsuitable(POOLER) from None


async def alone(one: Connection, other: Connection) -> bool:
    """Tells whether each connection has a PostgreSQL process to itself.

    A pooler lends the same process to both, or another one for each transaction.
    """
    ours = await one.run(PROCESS)
    await other.run("begin")
    theirs = await other.run(PROCESS)
    kept = theirs != ours and await one.run(PROCESS) == ours
    await other.run("rollback")
    return kept


async def heard(reactor: Timer, one: Connection, other: Connection) -> bool:
    """Tells whether a notification from the other connection arrives.

    True also if none can be sent now, which says nothing about a pooler.
    """
    arrival: Deferred[None] = Deferred()
    before = one.heard
    one.heard = lambda *_: None if arrival.called else arrival.callback(None)
    try:
        await other.run(CALL)
        await arrival.addTimeout(HEARING, reactor)
        await deferLater(reactor, 0)  # psycopg2 is still delivering it
    except Timeout:
        return True
    except TimedOut:
        return False
    finally:
        one.heard = before
    return True
