"""What a load cost: CPU of the server and of PostgreSQL, commits, WAL, memory."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from attrs import frozen

from tests.processes import postmasters

SETTLE = 10.5  # seconds after which an idle backend has told its statistics
TICKS = 100  # a second; /proc counts CPU in them
COMMITS = "select xact_commit from pg_stat_database where datname = current_database()"


@frozen
class Cost:
    """What one request cost: statements, bytes of WAL, CPU milliseconds of the server and of PostgreSQL."""

    statements: float
    wal: float
    server_cpu: float
    postgres_cpu: float


@contextmanager
def cost(pid: int, data_dir: str, cursor: Any) -> Iterator[Callable[[int], Cost]]:
    """The cost of what is done inside, given how many requests it was; a statement outside of a transaction is one commit."""
    processes = [[pid], postmasters(data_dir)]
    before = [sum(map(cpu, some)) for some in processes], totals(cursor)
    used: list[float] = []
    yield lambda requests: Cost(*(value / requests for value in used))
    after = [sum(map(cpu, some)) for some in processes]
    time.sleep(SETTLE)
    used += [now - then for now, then in zip(totals(cursor), before[1], strict=True)]
    used += [(now - then) * 1000 for now, then in zip(after, before[0], strict=True)]


def totals(cursor: Any) -> tuple[int, int]:
    """Commits and WAL bytes so far."""
    cursor.execute(f"select ({COMMITS}), pg_wal_lsn_diff(pg_current_wal_insert_lsn(), '0/0')")
    commits, wal = cursor.fetchone()
    return int(commits), int(wal)


def commits(cursor: Any) -> int:
    """Commits in this database, as far as its backends have told."""
    cursor.execute(COMMITS)
    return int(cursor.fetchone()[0])


def times(pid: int) -> tuple[float, float]:
    """CPU seconds that a process has used, and that its ended children have."""
    fields = [int(field) for field in Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[11:15]]
    return (fields[0] + fields[1]) / TICKS, (fields[2] + fields[3]) / TICKS


def cpu(pid: int) -> float:
    """CPU seconds that a process has used."""
    return times(pid)[0]


def cpu_of_family(pid: int) -> float:
    """CPU seconds that a process and all its children have used, those that have ended included."""
    used = sum(times(pid))
    for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split():
        with suppress(FileNotFoundError, ProcessLookupError):
            used += cpu(int(child))
    return used


def memory(pid: int) -> float:
    """Resident megabytes."""
    return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * 4096 / 1e6
