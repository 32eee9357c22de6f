"""How near the server is to what it stands on: an empty Klein route, and the least SQL of each operation; see README.md."""

import argparse
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import product
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent.parent))

from bench import cluster, minimal, ours, results
from bench.load import Operation, load
from bench.served import ready
from bench.side import Side
from bench.turns import CLIENTS
from tests.harness import free_port

ROUNDS = 3
SECONDS = 2
CONNECTIONS = (1, 16, 64)
GOALS_AT = 16
OF_EMPTY = {"client_credentials": 0.65, "introspection": 0.80, "refresh": 0.70, "code": 0.55, "resource": 1.0}
HEAD = ("operation", "connections", "per second", "p50 ms", "p99 ms", "of the empty Klein route", "of the least SQL")


@contextmanager
def empty_route() -> Iterator[str]:
    """An empty Klein route in a process of its own."""
    port = free_port()
    process = subprocess.Popen([sys.executable, Path(__file__).parent / "empty.py", str(port)])
    try:
        ready(f"http://127.0.0.1:{port}/")
        yield f"http://127.0.0.1:{port}"
    finally:
        process.terminate()
        process.wait(30)


def row(side: Side, empty_url: str, name: str, connections: int, rounds: int) -> list[str]:
    """Take turns, and tell the medians."""
    asked = side.operations[name]
    plain = Operation("empty", "/", asked.body, asked.method)
    turns, empty, least = [], [], []
    for _ in range(rounds):
        with tempfile.TemporaryDirectory(prefix="iam-bench-") as directory:
            empty.append(load(empty_url, plain, [("Bearer x", "x")], connections, Path(directory)).per_second)
            dsn = side.cluster.dsn(dbname=side.name)
            least.append(minimal.pgbench(name, dsn, connections, SECONDS, Path(directory)))
        turns.append(side.turn(name, connections, SECONDS))
    rate, p50, p99 = (statistics.median(getattr(turn, key) for turn in turns) for key in ("per_second", "p50", "p99"))
    goal = f" (≥ {OF_EMPTY[name]})" if connections == GOALS_AT else ""
    return [
        *(name, str(connections), f"{rate:,.0f}", f"{p50:.2f}", f"{p99:.1f}"),
        *(f"{rate / statistics.median(empty):.2f}{goal}", f"{rate / statistics.median(least):.2f}"),
    ]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=ROUNDS, help=f"how many ({ROUNDS})")
    parser.add_argument("operations", nargs="*", metavar="OPERATION", help="only these (default: all)")
    arguments = parser.parse_args()
    wanted = arguments.operations or list(OF_EMPTY)
    with cluster.running() as shared, ours.side(shared, "ours", CLIENTS) as side, empty_route() as empty_url:
        side.cursor.execute(minimal.TABLES)
        rows = [row(side, empty_url, *each, arguments.rounds) for each in product(wanted, CONNECTIONS)]
    about = f"Rates as ratios to an empty Klein route and to the least SQL by pgbench; medians of {arguments.rounds} rounds."
    results.keep("floor", about, results.table(HEAD, rows), rows)


if __name__ == "__main__":
    main()
