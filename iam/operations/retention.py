"""What nobody needs any longer goes, by itself, on any number of servers (H39)."""

from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime, timedelta
from secrets import SystemRandom
from typing import Final

from attrs import define, frozen
from twisted.internet.defer import Deferred
from twisted.internet.task import LoopingCall
from twisted.logger import Logger

from iam.clock import Clock
from iam.database.errors import Rejected, Unavailable
from iam.reactor import Timer
from iam.secrets.signing_keys import KINDS, Keys
from iam.store.partitions import Partitions
from iam.store.store import Store

INTERVAL: Final = 600.0  # seconds, about: servers that started together need not work together
STEPS: Final = 200  # of one task in one round: what is left then, is left to the next one
PERSISTENT: Final = 3  # failures of one task in a row that are more than a bad moment

KEPT: Final = timedelta(days=1)  # that a grant stays which has ended
WHOLE: Final = timedelta(days=30)  # that an address in the audit log stays whole

log = Logger()


@frozen
class Task:
    """Something to tidy up: `step` does a little of it at this moment and tells how much that was, until it is nothing."""

    name: str
    step: Callable[[datetime], Awaitable[int]]


@define
class Record:
    """What became of a task so far: how often it failed, and how often in a row."""

    failures: int = 0
    in_a_row: int = 0


class Retention:
    """Does each task now and then, whatever becomes of the others."""

    def __init__(self, reactor: Timer, tasks: Sequence[Task], clock: Clock) -> None:
        self.records = {task.name: Record() for task in tasks}
        self._reasons: dict[str, list[str]] = {}  # of this round, and the tasks that failed for each
        self._tasks = tasks
        self._clock = clock
        self._call = LoopingCall(self._work)
        self._call.clock = reactor

    def start(self) -> None:
        """Work now and then."""
        self._call.start(INTERVAL * SystemRandom().uniform(0.75, 1.25), now=False)

    def stop(self) -> None:
        """Work no more."""
        if self._call.running:
            self._call.stop()

    def _work(self) -> Deferred[None]:
        return Deferred.fromCoroutine(self.work())

    async def work(self) -> None:
        """One round; what is not possible now is left to the next one, and is a line for each reason."""
        self._reasons.clear()
        for task in self._tasks:
            await self._attempt(task)
        for reason, names in self._reasons.items():
            self._say(reason, names)

    async def _attempt(self, task: Task) -> None:
        """One task, which holds up no other."""
        try:
            await self._finish(task)
        except (Rejected, Unavailable) as error:
            self._failed(task, str(error))
        except Exception as error:  # noqa: BLE001 - a round that goes wrong must not be the last one
            log.failure("{task}: a mistake of ours", task=task.name)
            self._failed(task, type(error).__name__)
        else:
            self.records[task.name].in_a_row = 0

    async def _finish(self, task: Task) -> None:
        """Step after step, until there is nothing left or it is enough for one round."""
        done = 0
        for _ in range(STEPS):
            count = await task.step(self._clock.now())
            done += count
            if not count:
                break
        if done:
            log.info("{task}: {count} done", task=task.name, count=done)

    def _failed(self, task: Task, reason: str) -> None:
        """Count it, and have it told at the end of the round."""
        record = self.records[task.name]
        record.failures += 1
        record.in_a_row += 1
        self._reasons.setdefault(reason, []).append(task.name)

    def _say(self, reason: str, names: Sequence[str]) -> None:
        """Say what fails for this reason, and louder where it goes on."""
        times = max(self.records[name].in_a_row for name in names)
        emit = log.error if times >= PERSISTENT else log.warn
        emit(
            "retention.failed: {task}, {times} times in a row: {reason}",
            task=", ".join(names),
            times=times,
            reason=reason,
        )


def tasks(store: Store, keys: Keys) -> tuple[Task, ...]:
    """What there is to tidy up, one line each."""
    audit, partitions = store.audit, store.partitions
    return (
        *(Task(f"keys of {alg}", making(keys, alg)) for alg in KINDS),
        *(Task(f"partitions of {table}", tending(partitions, table)) for table in partitions.tables),
        Task("addresses in the audit log", lambda now: audit.shorten(now - WHOLE)),
        Task("grants that ended", lambda now: partitions.sweep(now - KEPT)),
        Task("buckets that are full again", store.buckets.sweep),
        Task("uses of clients", store.strangers.write),
        Task("clients that nobody uses", store.strangers.sweep),
        Task("sizes of tables", lambda _: nothing_left(say_sizes(partitions))),
    )


def making(keys: Keys, alg: str) -> Callable[[datetime], Awaitable[int]]:
    """The step that makes the key of this algorithm which is due."""
    return lambda _: nothing_left(keys.tend_one(alg))


def tending(partitions: Partitions, table: str) -> Callable[[datetime], Awaitable[int]]:
    """The step that tends the partitions of this table, all at once."""
    return lambda now: nothing_left(partitions.tend_one(table, now))


async def nothing_left(work: Awaitable[object]) -> int:
    """Work that is done after one step."""
    await work
    return 0


async def say_sizes(partitions: Partitions) -> None:
    """How much there is of each table."""
    for fill in await partitions.fills():
        log.info(
            "table {table}: about {rows} rows, {bytes} bytes, in {partitions} partitions",
            table=fill.table,
            rows=fill.rows,
            bytes=fill.bytes,
            partitions=fill.partitions,
        )
