"""Ours beside the server of a revision before: the same load in turns, and the ratios of what it costs."""

import os
import statistics
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import psycopg2
from attrs import frozen

from bench import figures, stock
from bench.load import Operation, wrk
from bench.served import CLIENT, operations, server, values
from tests.processes import created, postmasters

ROOT = Path(__file__).parent.parent
ROUNDS = 5
CONNECTIONS = 16
MOST = 1.05  # times the CPU of the server of before


@frozen
class Side:
    """A server with a database of its own, and what it is asked."""

    directory: Path
    url: str
    pid: int
    data_dir: str
    operations: dict[str, Operation]
    values: dict[str, Any]

    def run(self, name: str) -> tuple[float, float, float, float]:
        """Load it once: requests a second, p99 in milliseconds, CPU microseconds of the server and of PostgreSQL a request."""
        operation = self.operations[name]
        script = operation.script(self.directory, self.values.get(name, list)())
        before = self._used()
        rate = wrk(self.url + operation.path, script, CONNECTIONS)
        used = [(now - then) * 1e6 / rate.requests for now, then in zip(self._used(), before, strict=True)]
        return rate.per_second, rate.p99, used[0], used[1]

    def _used(self) -> tuple[float, float]:
        """CPU seconds of the server and of PostgreSQL so far."""
        return figures.cpu(self.pid), sum(map(figures.cpu, postmasters(self.data_dir)))


@contextmanager
def tree(revision: str) -> Iterator[Path]:
    """The files of a revision, in a worktree that goes again."""
    with tempfile.TemporaryDirectory(prefix="iam-against-") as name:
        path = Path(name, "tree")
        subprocess.run(["git", "worktree", "add", "--quiet", "--detach", path, revision], cwd=ROOT, check=True)
        try:
            yield path
        finally:
            subprocess.run(["git", "worktree", "remove", "--force", path], cwd=ROOT, check=True)


@contextmanager
def side(path: Path) -> Iterator[Side]:
    """The server of these files; its libraries are those installed here."""
    with tempfile.TemporaryDirectory(prefix="iam-bench-") as name, ExitStack() as stack:
        directory = Path(name)
        directory.chmod(0o755)
        data_dir, environment = str(directory / "data"), {**os.environ, "PYTHONPATH": str(path)}
        url, process, _ = stack.enter_context(server("--data-dir", data_dir, environment=environment))
        connection = psycopg2.connect(stock.dsn_of(data_dir))
        connection.autocommit = True
        stack.callback(connection.close)
        client = created("--data-dir", data_dir, *CLIENT, environment=environment)
        known = {operation.name: operation for operation in operations(url, client)}
        yield Side(directory, url, process.pid, data_dir, known, values(connection.cursor(), client))


def compare(revision: str, wanted: list[str]) -> None:
    """Print the medians of ours and the median of the ratios, whose rounds are next to each other in time."""
    with tree(revision) as path, side(path) as before, side(ROOT) as ours:
        print(
            f"\nAgainst {revision}, {CONNECTIONS} connections, {ROUNDS} rounds in turns; ratios are ours by theirs.\n"
        )
        print(
            "| operation | per second | p99 ms | CPU us | CPU us of PostgreSQL | rate | p99 | CPU | CPU of PostgreSQL |"
        )
        print("|---|---|---|---|---|---|---|---|---|")
        for name in [name for name in ours.operations if not wanted or name in wanted]:
            rounds = [(ours.run(name), before.run(name)) for _ in range(ROUNDS)]
            here = [statistics.median(column) for column in zip(*(mine for mine, _ in rounds), strict=True)]
            ratios = [
                statistics.median(mine[n] / theirs[n] if theirs[n] else 1 for mine, theirs in rounds) for n in range(4)
            ]
            cells = [f"{here[0]:.0f}", f"{here[1]:.1f}", *(f"{value:.0f}" for value in here[2:])]
            told = [f"{ratio:.2f}" for ratio in ratios]
            told[2] += f" (goal {MOST})"
            print(f"| {name} | {' | '.join([*cells, *told])} |", flush=True)
