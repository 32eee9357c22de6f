"""The pool's pace and the share of writes; time is turned, and no socket is open."""

from typing import Any

import pytest
from twisted.internet.defer import Deferred
from twisted.internet.task import Clock

from iam.database.connection import Connection, Parameters, Rows
from iam.database.errors import GivenUp, Timeout
from iam.database.pool import ACQUIRE, Pool

SIZE = 8
SHARE = 6
STEP = 0.01


class Made(Connection):
    """A connection whose statements end when they are told to."""

    def __init__(self, clock: Clock) -> None:
        super().__init__(clock)
        self.alive = True
        self.answer: Deferred[Rows] | None = None

    def run(self, _sql: str, _parameters: Parameters | None = None) -> Deferred[Rows]:
        self.answer = Deferred()
        return self.answer

    def end(self) -> None:
        """Its statement is answered."""
        assert self.answer is not None
        self.answer.callback([])

    def hang(self) -> None:
        """Its statement is given up."""
        self.alive, self.overdue = False, True
        self.lost(self, GivenUp("late"))
        if self.answer is not None:
            self.answer.errback(GivenUp("late"))


class Scene:
    """A full pool of connections that are made at once."""

    def __init__(self) -> None:
        self.clock = Clock()
        self.made: list[Made] = []
        self.pool = Pool(self.clock, SIZE, 200, self.connect, lambda _: None)
        Deferred.fromCoroutine(self.pool.start())
        self.turn(10)

    async def connect(self) -> Connection:
        self.made.append(Made(self.clock))
        return self.made[-1]

    def turn(self, seconds: float) -> None:
        self.clock.pump([STEP] * round(seconds / STEP))

    def ask(self, *, writes: bool) -> Deferred[Any]:
        asked = Deferred.fromCoroutine(self.pool.run("statement", writes=writes))
        asked.addErrback(lambda failure: failure.value)
        return asked

    def busy(self) -> list[Made]:
        """The connections with a statement under way."""
        return [made for made in self.made if made.alive and made not in self.pool.idle]


@pytest.fixture
def scene() -> Scene:
    return Scene()


def test_a_single_connection_that_hangs_is_replaced_at_once(scene: Scene) -> None:
    scene.made[0].hang()

    scene.turn(0.1)

    assert (len(scene.made), scene.pool.absent) == (SIZE + 1, 0)


def test_where_many_connections_hang_new_ones_come_slowly(scene: Scene) -> None:
    for made in scene.made[:]:
        made.hang()

    scene.turn(3)

    assert 3 <= len(scene.made) - SIZE <= 1 + 3 / 0.5


def test_when_those_that_hang_have_ended_the_pool_is_full_at_once(scene: Scene) -> None:
    for made in scene.made[:]:
        made.hang()
    scene.turn(0.1)
    for made in scene.made[:SIZE]:
        made.overdue = False
        made.ended()

    scene.turn(0.5)

    assert scene.pool.absent == 0


def test_connections_that_hang_at_another_address_slow_nobody_down(scene: Scene) -> None:
    for made in scene.made[:]:
        made.place = ("before",)
        made.hang()

    scene.turn(0.5)

    assert scene.pool.absent == 0


def test_writes_leave_a_quarter_of_the_connections_to_reads(scene: Scene) -> None:
    writes = [scene.ask(writes=True) for _ in range(SIZE)]
    under_way = len(scene.busy())
    reads = [scene.ask(writes=False) for _ in range(SIZE - SHARE)]

    assert (under_way, len(scene.busy())) == (SHARE, SIZE)
    assert len(scene.pool.waiters) == SIZE - SHARE
    next(made for made in scene.busy() if made in scene.pool.writers).end()
    assert sum(write.called for write in writes) == 1
    assert not any(read.called for read in reads)
    assert len(scene.pool.waiters) == SIZE - SHARE - 1


def test_a_read_overtakes_the_writes_that_wait(scene: Scene) -> None:
    for _ in range(SIZE - SHARE):
        scene.ask(writes=False)
    for _ in range(SHARE + 1):
        scene.ask(writes=True)
    scene.ask(writes=False)

    next(made for made in scene.busy() if made not in scene.pool.writers).end()

    assert [waiter.writes for waiter in scene.pool.waiters] == [True]


@pytest.mark.parametrize("hanging", range(SHARE + 1))
def test_a_write_beyond_those_that_hang_is_refused_at_once(scene: Scene, hanging: int) -> None:
    for _ in range(SHARE):
        scene.ask(writes=True)
    for made in scene.busy()[:hanging]:
        made.hang()
    scene.turn(10)

    refused: list[object] = []
    scene.ask(writes=True).addCallback(refused.append)
    at_once = len(refused)
    scene.turn(ACQUIRE)

    assert at_once == (hanging == SHARE)
    assert [type(reason) for reason in refused] == [Timeout]


def test_a_write_that_is_answered_at_last_lets_the_next_begin(scene: Scene) -> None:
    for _ in range(SHARE):
        scene.ask(writes=True)
    hanging = scene.busy()
    for made in hanging:
        made.hang()
    scene.turn(10)
    hanging[0].overdue = False
    hanging[0].ended()

    scene.ask(writes=True)

    assert len(scene.busy()) == 1


def test_a_database_elsewhere_is_written_to_whatever_hangs_here(scene: Scene) -> None:
    for _ in range(SHARE):
        scene.ask(writes=True)
    for made in scene.busy():
        made.place = ("before",)
        made.hang()
    scene.turn(10)

    scene.ask(writes=True)

    assert len(scene.busy()) == 1
