"""What each operation costs, and its rate as a ratio to an empty Klein route and to the least SQL; see README.md."""

import argparse
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import product
from pathlib import Path
from typing import Any

import psycopg2
from attrs import astuple, frozen

sys.path.insert(0, str(Path(__file__).parent.parent))

from bench import against, figures, minimal, stock
from bench.figures import Cost
from bench.load import SECONDS, Operation, Rate, wrk
from bench.served import CLIENT, operations, ready, server, values
from tests.harness import free_port
from tests.processes import created

ROUNDS = 3
CONNECTIONS = (1, 16, 64)
GOALS_AT = 16
FORMS = (".2f", ".0f", ".2f", ".2f")
OF_EMPTY = {"client_credentials": 0.65, "introspection": 0.80, "refresh": 0.70, "code": 0.55, "resource": 1.0}
GOALS = {  # at 16 connections: statements, WAL bytes, CPU ms of the server, CPU ms of PostgreSQL
    "client_credentials": (0.3, 400, 0.55, 0.2),
    "introspection": (0.3, None, 0.45, 0.12),
    "refresh": (0.3, 900, 0.55, 0.25),
    "code": (None, 1200, 0.65, None),
    "resource": (None, None, None, None),
}


@frozen
class Measured:
    """One operation at one number of connections: ours, the empty route's and pgbench's rate."""

    ours: Rate
    empty: float
    minimal: float


@frozen
class Bench:
    """A running server with its database, and an empty Klein route."""

    directory: Path
    data_dir: str
    url: str
    empty_url: str
    server: subprocess.Popen[bytes]
    cursor: Any
    values: dict[str, Callable[[], list[str]]]

    def measure(self, operation: Operation, connections: int) -> Measured:
        """Take turns, and keep the medians."""
        plain = Operation(
            "empty", "/", operation.headers, operation.method, operation.body + "x" * bool(operation.fresh)
        )
        ours, empty, least = [], [], []
        for _ in range(ROUNDS):
            empty.append(wrk(self.empty_url, plain.script(self.directory, ()), connections).per_second)
            least.append(
                minimal.pgbench(operation.name, stock.dsn_of(self.data_dir), connections, SECONDS, self.directory)
            )
            ours.append(astuple(self.load(operation, connections)))
        median = Rate(*map(statistics.median, zip(*ours, strict=True)))
        return Measured(median, statistics.median(empty), statistics.median(least))

    def cost(self, operation: Operation, connections: int) -> Cost:
        """What one request costs."""
        with figures.cost(self.server.pid, self.data_dir, self.cursor) as per_request:
            rate = self.load(operation, connections)
        return per_request(rate.requests)

    def load(self, operation: Operation, connections: int) -> Rate:
        """Load the server with fresh values, where the operation spends them."""
        script = operation.script(self.directory, self.values.get(operation.name, list)())
        return wrk(self.url + operation.path, script, connections)


@contextmanager
def empty_route() -> Iterator[str]:
    """An empty Klein route in a process of its own."""
    port = free_port()
    process = subprocess.Popen([sys.executable, Path(__file__).parent / "empty.py", str(port)])
    try:
        ready(f"http://127.0.0.1:{port}/")
        yield f"http://127.0.0.1:{port}/"
    finally:
        process.terminate()
        process.wait(30)


def starts(data_dir: str) -> None:
    """How long starts take: the median of three, schema there."""
    options = ("--data-dir", data_dir)
    with server(*options) as (_, _, took):
        print(f"first start, which makes the database: {took:.2f} s")
    embedded, external = [], []
    for _ in range(3):
        with server(*options) as (_, process, took):
            embedded.append(took)
            idle = figures.memory(process.pid)
            with server(*options, "--database", stock.dsn_of(data_dir)) as (_, _, other):
                external.append(other)
    print(f"warm start with the embedded database: {statistics.median(embedded):.2f} s (goal 3)")
    print(f"start with a database that is there:   {statistics.median(external):.2f} s (goal 1.2)")
    print(f"memory after the start: {idle:.0f} MB (goal 75)", flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--against", metavar="REV", help="a revision, whose server runs beside ours, in turns, instead")
    parser.add_argument("operations", nargs="*", metavar="OPERATION", help="only these (default: all)")
    arguments = parser.parse_args()
    if arguments.against:
        against.compare(arguments.against, arguments.operations)
    else:
        measure(arguments.operations)


def measure(wanted: list[str]) -> None:
    """Print starts, rates and costs of the server here."""
    with tempfile.TemporaryDirectory(prefix="iam-bench-") as name:
        directory = Path(name)
        directory.chmod(0o755)
        data_dir = str(directory / "data")
        starts(data_dir)
        with server("--data-dir", data_dir) as (url, process, _), empty_route() as empty_url:
            connection = psycopg2.connect(stock.dsn_of(data_dir))
            connection.autocommit = True
            cursor = connection.cursor()
            cursor.execute(minimal.TABLES)
            client = created("--data-dir", data_dir, *CLIENT)
            bench = Bench(directory, data_dir, url, empty_url, process, cursor, values(cursor, client))
            report(bench, [each for each in operations(url, client) if not wanted or each.name in wanted])
            connection.close()


def report(bench: Bench, wanted: list[Operation]) -> None:
    """Print each line as it is known: rates, then what a request costs, which is steadier."""
    print(
        "\n| operation | connections | per second | p50 ms | p99 ms | of the empty Klein route | goal | of the least SQL |"
    )
    print("|---|---|---|---|---|---|---|---|")
    for operation, connections in product(wanted, CONNECTIONS):
        got = bench.measure(operation, connections)
        ours, goal = got.ours, OF_EMPTY[operation.name] if connections == GOALS_AT else ""
        row = (
            *(operation.name, connections, f"{ours.per_second:.0f}", f"{ours.p50:.2f}", f"{ours.p99:.2f}"),
            *(f"{ours.per_second / got.empty:.2f}", goal, f"{ours.per_second / got.minimal:.2f}"),
        )
        print("| " + " | ".join(map(str, row)) + " |", flush=True)
    print(f"\nPer request (goals at {GOALS_AT} connections in brackets; each statement is one commit):\n")
    print("| operation | connections | statements | WAL bytes | CPU ms | CPU ms of PostgreSQL |")
    print("|---|---|---|---|---|---|")
    time.sleep(figures.SETTLE)
    for operation, connections in product(wanted, CONNECTIONS):
        cost = astuple(bench.cost(operation, connections))
        goals = GOALS[operation.name] if connections == GOALS_AT else (None,) * 4
        cells = [
            f"{value:{form}}" + (f" ({goal})" if goal else "")
            for value, form, goal in zip(cost, FORMS, goals, strict=True)
        ]
        print(f"| {operation.name} | {connections} | {' | '.join(cells)} |", flush=True)
    print(f"\nmemory after the load: {figures.memory(bench.server.pid):.0f} MB (goal 95)")


if __name__ == "__main__":
    main()
