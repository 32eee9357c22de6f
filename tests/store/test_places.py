"""How many connections there may be, while some of them hang; time is turned."""

from typing import Final

import pytest
from twisted.internet.task import Clock

from iam.database.connection import Connection, Place
from iam.database.errors import Unavailable
from iam.database.places import PAUSE, SILENCE, Places

MOST: Final = 4
HERE: Final = ("db.example", "192.0.2.1", "5432")
ELSEWHERE: Final = ("db.example", "192.0.2.2", "5432")


class Scene:
    """Places, and connections that hang in them."""

    def __init__(self) -> None:
        self.clock = Clock()
        self.clock.advance(1000)
        self.places = Places(self.clock, MOST)

    def hang(self, pid: int = 0, place: Place = HERE) -> Connection:
        """One more connection, which is lost at once without a word of PostgreSQL."""
        connection = Connection(self.clock)
        connection.place, connection.pid = place, pid
        self.places.take(connection)
        connection.overdue, connection.since = True, self.clock.seconds()
        return connection

    def full(self) -> list[Connection]:
        """As many as there are places for, one after another."""
        connections = []
        for pid in range(101, 101 + MOST):
            connections.append(self.hang(pid))
            self.clock.advance(PAUSE)
        return connections


@pytest.fixture
def scene() -> Scene:
    return Scene()


def test_where_all_places_are_taken_one_connection_in_a_second_is_opened_to_look(scene: Scene) -> None:
    scene.full()
    look = Connection(scene.clock)
    look.place = HERE

    scene.places.take(look)
    scene.clock.advance(PAUSE / 2)
    with pytest.raises(Unavailable):
        scene.hang()
    scene.clock.advance(PAUSE)
    scene.hang()

    assert scene.places.count(HERE) == MOST + 1


def test_a_look_that_hangs_too_is_the_last_one(scene: Scene) -> None:
    scene.full()
    scene.hang()

    for _ in range(20):
        scene.clock.advance(PAUSE)
        with pytest.raises(Unavailable, match="do not answer"):
            scene.hang()

    assert scene.places.count(HERE) == MOST + 1


def test_another_address_has_places_of_its_own(scene: Scene) -> None:
    scene.full()

    for _ in range(MOST):
        scene.hang(place=ELSEWHERE)

    assert scene.places.count(ELSEWHERE) == MOST


def test_what_has_no_backend_any_more_counts_no_longer(scene: Scene) -> None:
    first, *others = scene.full()

    scene.places.settle(scene.places.overdue(HERE), [(other.pid, False) for other in others])

    assert not first.held
    assert scene.places.count(HERE) == MOST - 1


def test_an_idle_backend_whose_connection_was_cut_counts_until_postgresql_notices(scene: Scene) -> None:
    connections = scene.full()

    scene.places.settle(connections, [(connection.pid, True) for connection in connections])
    noticed = scene.places.count(HERE)
    scene.places.settle(connections, [])

    assert (noticed, scene.places.count(HERE)) == (MOST, 0)


def test_who_was_still_logging_in_counts_for_a_minute_since_nobody_knows_the_process(scene: Scene) -> None:
    scene.hang()
    scene.clock.advance(SILENCE / 2)
    scene.places.settle(scene.places.overdue(HERE), [])
    early = scene.places.count(HERE)

    scene.clock.advance(SILENCE)
    scene.places.settle(scene.places.overdue(HERE), [])

    assert (early, scene.places.count(HERE)) == (1, 0)


def test_where_nothing_answers_for_a_minute_the_oldest_make_room(scene: Scene) -> None:
    first, second, *_ = scene.full()
    scene.hang()
    scene.clock.advance(SILENCE - MOST * PAUSE)

    scene.hang()

    assert (first.held, second.held) == (False, True)
    assert scene.places.count(HERE) == MOST + 1


def test_while_the_database_answers_those_that_hang_make_no_room_however_long_it_takes(scene: Scene) -> None:
    connections = scene.full()
    scene.hang(999)

    for _ in range(10):
        scene.clock.advance(SILENCE / 2)
        scene.places.settle(scene.places.overdue(HERE), [(pid, False) for pid in (*range(101, 101 + MOST), 999)])
        with pytest.raises(Unavailable):
            scene.hang()

    assert all(connection.held for connection in connections)
