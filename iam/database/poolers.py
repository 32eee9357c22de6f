"""Is there a pooler in between that lends each transaction another connection? Then nothing that we set on one would last."""

from typing import Final

from twisted.internet.defer import Deferred
from twisted.internet.defer import TimeoutError as TimedOut
from twisted.internet.task import deferLater

from iam.database.connection import Connection
from iam.database.errors import Rejected, Timeout, Unsuitable
from iam.reactor import Timer

POOLER: Final = "this is a pooler in transaction mode; iam needs session mode or a direct connection"
HEARING: Final = 2.0  # seconds for a notification to come
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
# Whoever notifies waits for those that have notified and commit: in a stall of synchronous replication without an end.
CALL: Final = "set local lock_timeout = '1s'; notify iam_pooler"


async def examine(reactor: Timer, one: Connection, other: Connection, *, reading: bool = False) -> None:
    """Raise Unsuitable unless settings, prepared statements and LISTEN last on `one` while `other` is at work.

    A server that is only read notifies nobody (`reading`), so there only processes and settings are looked at.
    Nothing is left behind on a connection that is not ours alone, as far as its process shows that.
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
    """Has each a process of PostgreSQL to itself? A pooler lends the same one to both, or another for each transaction."""
    ours = await one.run(PROCESS)
    await other.run("begin")
    theirs = await other.run(PROCESS)
    kept = theirs != ours and await one.run(PROCESS) == ours
    await other.run("rollback")
    return kept


async def heard(reactor: Timer, one: Connection, other: Connection) -> bool:
    """Does a notification from the other connection arrive? Where none can be sent now, that tells nothing about a pooler."""
    arrival: Deferred[None] = Deferred()
    before = one.heard
    one.heard = lambda *_: None if arrival.called else arrival.callback(None)
    try:
        await other.run(CALL)
        await arrival.addTimeout(HEARING, reactor)
        await deferLater(reactor, 0)  # psycopg2 is still about to deliver it
    except Timeout:
        return True
    except TimedOut:
        return False
    finally:
        one.heard = before
    return True
