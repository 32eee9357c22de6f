"""Retention: every server deletes rows that nobody needs any more, in small steps (H39)."""

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

INTERVAL: Final = 600.0  # seconds on average; varied, so that servers that start together do not work at the same time
STEPS: Final = 200  # of one task in one round; the next round goes on from there
PERSISTENT: Final = 3  # failures of one task in a row after which they are logged as errors

KEPT: Final = timedelta(days=1)  # that an ended grant is kept
ENDED: Final = timedelta(days=7)  # that a mail is kept after it was sent or given up
REMEMBERED: Final = timedelta(days=7)  # that a link is kept after its end, for who opens it late
REPEATED: Final = timedelta(days=1)  # that the answer to a request with an Idempotency-Key is kept
WHOLE: Final = timedelta(days=30)  # that an address in the audit log is kept unshortened

log = Logger()


@frozen
class Task:
    """A task of retention: `step` does a part of it and returns how much it did; 0 means that it is finished."""

    name: str
    step: Callable[[datetime], Awaitable[int]]


@define
class Record:
    """How often a task has failed: in all, and in a row."""

    failures: int = 0
    in_a_row: int = 0


class Retention:
    """Works on each task every INTERVAL seconds or so; the failure of one does not affect the others."""

    def __init__(self, reactor: Timer, tasks: Sequence[Task], clock: Clock) -> None:
        self.records = {task.name: Record() for task in tasks}
        self._reasons: dict[
            str, list[str]
        ] = {}  # reasons for failures in this round, and the tasks that failed for each
        self._tasks = tasks
        self._clock = clock
        self._call = LoopingCall(self._work)
        self._call.clock = reactor

    def start(self) -> None:
        """Begins to work in rounds."""
        self._call.start(INTERVAL * SystemRandom().uniform(0.75, 1.25), now=False)

    def stop(self) -> None:
        """Begins no more rounds."""
        if self._call.running:
            self._call.stop()

    def _work(self) -> Deferred[None]:
        return Deferred.fromCoroutine(self.work())

    async def work(self) -> None:
        """Does one round, and logs one line for each reason why tasks failed; the next round tries them again."""
        self._reasons.clear()
        for task in self._tasks:
            await self._attempt(task)
        for reason, names in self._reasons.items():
            self._say(reason, names)

    async def _attempt(self, task: Task) -> None:
        """Works on one task, and records whether it failed."""
        try:
            await self._finish(task)
        except (Rejected, Unavailable) as error:
            self._failed(task, str(error))
        except Exception as error:  # noqa: BLE001 - whatever fails, the next round must take place
            log.failure("{task}: a mistake of ours", task=task.name)
            self._failed(task, type(error).__name__)
        else:
            self.records[task.name].in_a_row = 0

    async def _finish(self, task: Task) -> None:
        """Takes steps until the task is finished, STEPS at most."""
        done = 0
        for _ in range(STEPS):
            count = await task.step(self._clock.now())
            done += count
            if not count:
                break
        if done:
            log.info("{task}: {count} done", task=task.name, count=done)

    def _failed(self, task: Task, reason: str) -> None:
        """Counts a failure, and notes its reason for the end of the round."""
        record = self.records[task.name]
        record.failures += 1
        record.in_a_row += 1
        self._reasons.setdefault(reason, []).append(task.name)

    def _say(self, reason: str, names: Sequence[str]) -> None:
        """Logs the tasks that failed for this reason, as an error if one of them has failed PERSISTENT times in a row."""
        times = max(self.records[name].in_a_row for name in names)
        emit = log.error if times >= PERSISTENT else log.warn
        emit(
            "retention.failed: {task}, {times} times in a row: {reason}",
            task=", ".join(names),
            times=times,
            reason=reason,
        )


def tasks(store: Store, keys: Keys) -> tuple[Task, ...]:
    """Returns the tasks of retention, one line each."""
    audit, partitions = store.audit, store.partitions
    return (
        *(Task(f"keys of {alg}", making(keys, alg)) for alg in KINDS),
        *(Task(f"partitions of {table}", tending(partitions, table)) for table in partitions.tables),
        Task("addresses in the audit log", lambda now: audit.shorten(now - WHOLE)),
        Task("grants that ended", lambda now: partitions.sweep(now - KEPT)),
        Task("mail that was sent", lambda now: store.outbox.sweep(now - ENDED)),
        Task("links that nobody used in time", lambda now: store.links.sweep(now - REMEMBERED)),
        Task("buckets that are full again", store.buckets.sweep),
        Task("what devices asked for", store.device_codes.sweep),
        Task("logins that came to nothing", store.pending_logins.sweep),
        Task("requests that were pushed", store.pushed_requests.sweep),
        Task("logins that were refused", store.refused_logins.sweep),
        Task("accounts to delete", store.deletions.sweep),
        Task("browsers that were remembered", store.remembered_browsers.sweep),
        Task("requests that came again", lambda now: store.repeated_requests.sweep(now - REPEATED)),
        Task("uses of clients", store.strangers.write),
        Task("uses of consents", store.consent_uses.write),
        Task("clients that nobody uses", store.strangers.sweep),
        Task("sizes of tables", lambda _: nothing_left(say_sizes(partitions))),
    )


def making(keys: Keys, alg: str) -> Callable[[datetime], Awaitable[int]]:
    """Returns the step that makes the next key of this algorithm, if it is due."""
    return lambda _: nothing_left(keys.tend_one(alg))


def tending(partitions: Partitions, table: str) -> Callable[[datetime], Awaitable[int]]:
    """Returns the step that makes and drops partitions of this table."""
    return lambda now: nothing_left(partitions.tend_one(table, now))


async def nothing_left(work: Awaitable[object]) -> int:
    """Does work that is finished after one step, and returns 0."""
    await work
    return 0


async def say_sizes(partitions: Partitions) -> None:
    """Logs the rows, bytes and partitions of each table."""
    for fill in await partitions.fills():
        log.info(
            "table {table}: about {rows} rows, {bytes} bytes, in {partitions} partitions",
            table=fill.table,
            rows=fill.rows,
            bytes=fill.bytes,
            partitions=fill.partitions,
        )
