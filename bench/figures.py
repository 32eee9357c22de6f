"""What a load cost: CPU of the server and of PostgreSQL, commits, WAL, memory."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from attrs import frozen

from tests.processes import postmasters

SETTLE = 10.5  # seconds after which an idle backend has told its statistics


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
    cursor.execute(
        "select xact_commit, pg_wal_lsn_diff(pg_current_wal_insert_lsn(), '0/0')"
        " from pg_stat_database where datname = current_database()"
    )
    commits, wal = cursor.fetchone()
    return int(commits), int(wal)


def cpu(pid: int) -> float:
    """CPU seconds that a process has used."""
    fields = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / 100


def memory(pid: int) -> float:
    """Resident megabytes."""
    return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * 4096 / 1e6
