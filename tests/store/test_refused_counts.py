"""Counts of what was refused, while the database does not take them."""

from collections.abc import Mapping
from typing import Any

from attrs import define, field
from twisted.internet.defer import Deferred
from twisted.internet.task import Clock as Reactor

from iam.clock import Clock
from iam.database.errors import Unavailable
from iam.store.refused_counts import KNOWN, LOGIN, RefusedCounts
from tests.harness import TurnedClock


@define
class Slow:
    """A database that answers when a test says so."""

    reactor: Any = field(factory=Reactor)
    told: list[Mapping[str, Any]] = field(factory=list)
    answers: list[Deferred[list[Any]]] = field(factory=list)

    def aside(self, _: str, told: Mapping[str, Any]) -> Deferred[list[Any]]:
        self.told.append(told)
        self.answers.append(Deferred())
        return self.answers[-1]


def counts_on(database: Slow, most: int = 5_000) -> RefusedCounts:
    return RefusedCounts(database, Clock(TurnedClock().seconds), most)  # type: ignore[arg-type]


def test_what_could_not_be_stored_uses_up_nothing_of_the_day() -> None:
    database = Slow()
    counts = counts_on(database, most=2)
    for number in range(5):
        counts.add(LOGIN, f"192.0.2.{number % 2}")
        database.reactor.advance(60)
        database.answers[-1].errback(Unavailable("It is away."))

    counts.add(LOGIN, "192.0.2.0")
    database.reactor.advance(60)

    assert sorted(database.told[-1]["networks"]) == ["192.0.2.0", "192.0.2.1"]
    assert sum(database.told[-1]["counts"]) == 6


def test_however_long_the_database_is_away_so_many_counts_are_held() -> None:
    database = Slow()
    counts = counts_on(database)
    for minute in range(3):
        for number in range(KNOWN):
            counts.add(LOGIN, f"2001:db8:{minute}:{number:x}::")
        database.reactor.advance(60)
        for number in range(KNOWN):
            counts.add(LOGIN, f"2001:db9:{minute}:{number:x}::")
        database.answers[-1].errback(Unavailable("It is away."))

    assert len(counts._counts) <= KNOWN + 1
    assert sum(counts._counts.values()) == 6 * KNOWN
