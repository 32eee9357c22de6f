"""Rows that are asked together travel together, and everyone gets his own answer."""

from collections.abc import Sequence
from typing import Any

import pytest
from attrs import define, field, frozen
from hypothesis import given, settings
from hypothesis import strategies as st
from twisted.internet.defer import CancelledError, Deferred
from twisted.internet.task import Clock

from iam.database.batches import FEW, FLIGHTS, PATIENCE, QUEUE, ROWS, Statement
from iam.database.connection import Row, Rows
from iam.database.errors import ConnectionLost, Overloaded, Rejected, Timeout
from iam.database.pool import Statistics

BAD = 13  # a value that the database rejects


@frozen
class Pair:
    """A row of two columns."""

    key: int
    value: int


SQL = "select i.n, i.key, i.value from {input}"


@define(eq=False)
class Flight:
    """A batch on its way."""

    rows: list[tuple[int, int]]
    answer: Deferred[Rows] = field(factory=Deferred)

    def land(self) -> None:
        """Answer as PostgreSQL would: all rows or none. An odd value gives no row, the order is any order."""
        if any(value == BAD for _, value in self.rows):
            self.answer.errback(Rejected("23514", "not_bad", "CheckViolation"))
            return
        numbered = [(number, key, value) for number, (key, value) in enumerate(self.rows, 1) if value % 2 == 0]
        self.answer.callback(numbered[::-1])


@define
class Database:
    """A database of two integer columns which answers when it is told to."""

    clock: Clock = field(factory=Clock)
    flights: list[Flight] = field(factory=list)
    sent: list[list[tuple[int, int]]] = field(factory=list)

    async def run(self, _sql: str, columns: Sequence[str]) -> Rows:
        keys, values = (list(map(int, column.strip("{}").split(","))) for column in columns)
        flight = Flight(list(zip(keys, values, strict=True)))
        self.sent.append(flight.rows)
        self.flights.append(flight)
        return await flight.answer

    def land(self, index: int = 0) -> None:
        self.flights.pop(index).land()

    def turn(self) -> None:
        """One turn of the reactor."""
        self.clock.advance(0)

    def statement(self, *, shared: bool = False) -> Statement[Pair]:
        return Statement(self.clock, self.run, Statistics(), "name", Pair, SQL, shared=shared)

    def settle(self) -> None:
        self.turn()
        while self.flights:
            self.land()
            self.turn()


def outcome(answer: Deferred[Row | None]) -> Any:
    """What a caller got: a row, None or an exception."""
    results: list[Any] = []
    answer.addBoth(results.append)
    assert results, "the caller still waits"
    return getattr(results[0], "value", results[0])


ASK = st.tuples(st.integers(0, 9), st.integers(0, 20))
STEPS = st.lists(ASK | st.just("turn") | st.sampled_from([0, 1]), max_size=150)


@settings(max_examples=300, deadline=None)
@given(STEPS, st.booleans())
def test_everyone_gets_his_own_answer_and_equal_keys_never_travel_together(steps: list[Any], shared: bool) -> None:
    database = Database()
    statement = database.statement(shared=shared)
    asked = []
    for step in steps:
        if isinstance(step, tuple):
            asked.append((step, statement(Pair(*step))))
        elif step == "turn":
            database.turn()
        elif step < len(database.flights):
            database.land(step)
        keys = [key for flight in database.flights for key, _ in flight.rows]
        assert len(database.flights) <= FLIGHTS
        assert shared or len(keys) == len(set(keys))
    database.settle()

    for (key, value), answer in asked:
        if value == BAD:
            assert isinstance(outcome(answer), Rejected)
        else:
            assert outcome(answer) == (None if value % 2 else (key, value))
    assert all(len(rows) <= ROWS for rows in database.sent)
    assert all(keys == sorted(keys) for keys in ([key for key, _ in rows] for rows in database.sent))


def test_the_rows_of_a_turn_are_one_statement() -> None:
    database = Database()
    statement = database.statement()

    for key in range(5):
        statement(Pair(key, 0))
    assert database.sent == []
    database.turn()

    assert database.sent == [[(key, 0) for key in range(5)]]


def test_a_full_batch_does_not_wait_for_the_end_of_the_turn() -> None:
    database = Database()
    statement = database.statement()

    for key in range(100, 100 + ROWS + 1):
        statement(Pair(key, 0))

    assert [len(rows) for rows in database.sent] == [ROWS]


def test_few_rows_gather_while_a_batch_is_under_way() -> None:
    database = Database()
    statement = database.statement()
    for key in range(FEW):
        statement(Pair(key, 0))
        database.turn()

    database.land()

    assert database.sent == [[(0, 0)], [(key, 0) for key in range(1, FEW)]]


def test_many_rows_go_beside_a_batch_that_is_under_way_and_more_gather_for_its_end() -> None:
    database = Database()
    statement = database.statement()
    for key in range(1 + FEW + FEW):
        statement(Pair(key, 0))
        database.turn()

    assert [len(rows) for rows in database.sent] == [1, FEW]
    database.land()

    assert [len(rows) for rows in database.sent] == [1, FEW, FEW]


@pytest.mark.parametrize("shared", [False, True])
def test_few_rows_wait_for_a_batch_no_longer_than_their_patience(shared: bool) -> None:
    database = Database()
    statement = database.statement(shared=shared)
    statement(Pair(0, 0))
    database.turn()
    statement(Pair(1, 0))
    database.clock.advance(PATIENCE / 2)
    statement(Pair(2, 0))
    assert len(database.sent) == 1

    database.clock.advance(PATIENCE / 2)

    assert database.sent == [[(0, 0)], [(1, 0), (2, 0)]]


def test_patience_begins_anew_with_each_row_that_waits() -> None:
    database = Database()
    statement = database.statement()
    statement(Pair(0, 0))
    database.turn()
    statement(Pair(1, 0))
    database.land()
    database.clock.advance(PATIENCE / 2)
    statement(Pair(2, 0))

    database.clock.advance(PATIENCE / 2)
    early = len(database.sent)
    database.clock.advance(PATIENCE / 2)

    assert (early, database.sent[2:]) == (2, [[(2, 0)]])


def test_few_rows_that_found_two_batches_under_way_go_after_both_their_patience_and_the_first_end() -> None:
    database = Database()
    statement = database.statement()
    for key in range(1 + FEW):
        statement(Pair(key, 0))
        database.turn()
    statement(Pair(99, 0))
    database.clock.advance(PATIENCE)
    assert len(database.sent) == FLIGHTS

    database.land()
    database.clock.advance(PATIENCE)

    assert database.sent[FLIGHTS:] == [[(99, 0)]]


def test_those_with_an_equal_key_go_in_the_order_of_asking() -> None:
    database = Database()
    statement = database.statement()
    answers = [statement(Pair(7, value)) for value in (0, 2, 4)]

    database.settle()

    assert database.sent == [[(7, 0)], [(7, 2)], [(7, 4)]]
    assert [outcome(answer) for answer in answers] == [(7, 0), (7, 2), (7, 4)]


def test_those_who_only_read_share_a_batch_under_an_equal_key() -> None:
    database = Database()
    statement = database.statement(shared=True)
    answers = [statement(Pair(7, 0)) for _ in range(3)]

    database.settle()

    assert database.sent == [[(7, 0)] * 3]
    assert [outcome(answer) for answer in answers] == [(7, 0)] * 3


def test_a_rejected_row_hurts_only_itself() -> None:
    database = Database()
    statement = database.statement()
    answers = {key: statement(Pair(key, BAD if key == 1 else 0)) for key in range(4)}

    database.settle()

    assert isinstance(outcome(answers.pop(1)), Rejected)
    assert [outcome(answer) for answer in answers.values()] == [(key, 0) for key in answers]
    assert database.sent[1:] == [[(0, 0)], [(1, BAD)], [(2, 0)], [(3, 0)]]


def test_a_lost_batch_is_reported_to_all_and_never_sent_again() -> None:
    database = Database()
    statement = database.statement()
    answers = [statement(Pair(key, 0)) for key in range(3)]
    database.turn()

    database.flights.pop().answer.errback(ConnectionLost("gone"))
    database.settle()

    assert [type(outcome(answer)) for answer in answers] == [ConnectionLost] * 3
    assert len(database.sent) == 1


def test_h42_a_caller_who_leaves_stops_nothing_that_is_under_way() -> None:
    database = Database()
    statement = database.statement()
    leaver, stayer = statement(Pair(1, 0)), statement(Pair(2, 0))
    database.turn()

    leaver.cancel()
    database.settle()

    assert isinstance(outcome(leaver), CancelledError)
    assert outcome(stayer) == (2, 0)
    assert database.sent == [[(1, 0), (2, 0)]]


def test_the_row_of_a_caller_who_left_before_is_not_sent() -> None:
    database = Database()
    statement = database.statement()
    leaver, _ = statement(Pair(1, 0)), statement(Pair(2, 0))

    leaver.cancel()
    database.settle()

    assert isinstance(outcome(leaver), CancelledError)
    assert database.sent == [[(2, 0)]]


def test_h44_rows_wait_two_seconds_for_a_batch() -> None:
    database = Database()
    statement = database.statement()
    first = [statement(Pair(key, 0)) for key in (1, 2)]
    database.turn()
    database.clock.advance(1)
    late = statement(Pair(1, 0))
    database.turn()
    database.clock.advance(1.5)
    assert late.called is False
    later = statement(Pair(1, 2))

    database.clock.advance(0.5)

    assert isinstance(outcome(late), Timeout)
    database.settle()
    assert [outcome(answer) for answer in [*first, later]] == [(1, 0), (2, 0), (1, 2)]


def test_h45_beyond_a_limit_rows_are_refused_at_once() -> None:
    database = Database()
    statement = database.statement()
    answers = [statement(Pair(key, 0)) for key in range(FLIGHTS * ROWS + QUEUE)]

    with pytest.raises(Overloaded):
        statement(Pair(-1, 0))

    database.settle()
    assert all(outcome(answer) for answer in answers)


def test_a_row_that_cannot_be_sent_is_its_callers_error() -> None:
    database = Database()
    statement = database.statement()
    good = statement(Pair(1, 0))

    with pytest.raises(ValueError, match="NUL"):
        statement(Pair("\0", 0))  # type: ignore[arg-type]

    database.settle()
    assert outcome(good) == (1, 0)


def test_a_long_queue_of_equal_keys_survives_a_database_that_refuses_at_once() -> None:
    async def refuse(_sql: str, _columns: Sequence[str]) -> Rows:
        raise ConnectionLost("gone")

    clock = Clock()
    statement = Statement(clock, refuse, Statistics(), "name", Pair, SQL, shared=False)
    answers = [statement(Pair(7, 0)) for _ in range(1000)]

    clock.advance(0)

    assert [type(outcome(answer)) for answer in answers] == [ConnectionLost] * 1000


def test_h45_those_who_have_left_are_not_counted() -> None:
    database = Database()
    statement = database.statement()
    answers = [statement(Pair(7, 0)) for _ in range(QUEUE)]
    for answer in answers:
        answer.cancel()

    stayer = statement(Pair(8, 0))

    database.settle()
    assert outcome(stayer) == (8, 0)
    assert {type(outcome(answer)) for answer in answers} == {CancelledError}
