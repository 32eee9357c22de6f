"""The pair itself: a replica that follows, is promoted, is lost and comes again."""

from concurrent.futures import ThreadPoolExecutor

import psycopg2
import pytest

from tests.faults.pair import Pair
from tests.waiting import wait_until

TABLE = "create table notes (n int)"
NOTES = "select n from notes order by n"


def test_what_was_acknowledged_synchronously_is_there_after_a_promotion(pair: Pair) -> None:
    pair.synchronous()
    pair.primary.ask(TABLE)
    pair.primary.ask("insert into notes values (1)")
    pair.primary.kill()

    pair.promote()

    assert pair.primary.ask(NOTES) == [(1,)]
    assert pair.primary.timeline() == 2


def test_a_replica_only_reads_and_says_so(pair: Pair) -> None:
    with pytest.raises(psycopg2.errors.ReadOnlySqlTransaction):
        pair.replica.ask(TABLE)
    with pytest.raises(psycopg2.OperationalError):
        psycopg2.connect(pair.dsn(pair.replica, target_session_attrs="read-write"))


def test_strict_synchronous_replication_waits_for_as_long_as_there_is_no_replica(pair: Pair) -> None:
    pair.synchronous()
    pair.primary.ask(TABLE)
    pair.stall()
    commit = ThreadPoolExecutor().submit(pair.primary.ask, "insert into notes values (1)")
    wait_until(lambda: pair.primary.ask("select pid from pg_stat_activity where wait_event = 'SyncRep'") != [])
    invisible = pair.primary.ask(NOTES) == []

    pair.unstall()
    commit.result(10)

    assert invisible
    assert pair.primary.ask(NOTES) == [(1,)]


def test_a_frozen_primary_answers_nothing_and_after_a_promotion_there_are_two_of_them(pair: Pair) -> None:
    pair.primary.ask(TABLE)
    wait_until(pair.caught_up)
    pair.primary.freeze()
    with pytest.raises(psycopg2.OperationalError, match="timeout expired"):
        psycopg2.connect(pair.dsn(pair.primary, connect_timeout=2))

    old = pair.promote()
    old.thaw()

    old.ask("insert into notes values (1)")
    pair.primary.ask("insert into notes values (2)")
    assert (old.ask(NOTES), pair.primary.ask(NOTES)) == ([(1,)], [(2,)])
    assert (old.timeline(), pair.primary.timeline()) == (1, 2)


def test_a_deposed_primary_becomes_a_replica_and_forgets_what_it_alone_had(pair: Pair) -> None:
    pair.primary.ask(TABLE)
    wait_until(pair.caught_up)
    old = pair.promote()
    old.ask("insert into notes values (1)")

    pair.rebuild()
    pair.synchronous()
    pair.primary.ask("insert into notes values (2)")

    assert pair.replica is old
    assert old.in_recovery()
    wait_until(lambda: old.ask(NOTES) == [(2,)])


def test_a_member_that_is_stopped_or_killed_starts_again(pair: Pair) -> None:
    pair.primary.stop()
    stopped = not pair.primary.alive
    pair.primary.start()
    wait_until(pair.follows)
    pair.primary.kill()
    pair.primary.start()

    assert stopped
    wait_until(pair.follows)
