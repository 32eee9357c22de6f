"""One, two and three server processes on one database: what scales and what does not; see README.md."""

import argparse
import os
import statistics
import sys
import tempfile
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path

from attrs import asdict, frozen

sys.path.insert(0, str(Path(__file__).parent.parent))

from bench import cluster, figures, ours, results
from bench.load import load
from bench.served import server
from bench.side import Side
from bench.turns import CLIENTS, ROUNDS, SECONDS
from tests.harness import SERVER_KEY

MOST = 3
CONNECTIONS = 48  # in all, spread over the processes
OPERATIONS = ("client_credentials", "introspection", "resource", "refresh", "code")


@frozen
class Seen:
    """Requests a second of all processes, the worst p99 of them, and CPU microseconds of a request."""

    per_second: float
    p99: float
    cpu: float
    postgres_cpu: float


def together(side: Side, servers: Sequence[tuple[str, int]], name: str, seconds: int) -> Seen:
    """Load these servers at once, each with its part of the clients."""
    rows, operation = side.rows(name), side.operations[name]
    with ExitStack() as stack, ThreadPoolExecutor() as threads:
        places = [Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="iam-bench-"))) for _ in servers]
        before = used(side, servers)
        asked = [
            threads.submit(load, url, operation, rows[n :: len(servers)], CONNECTIONS // len(servers), place, seconds)
            for n, ((url, _), place) in enumerate(zip(servers, places, strict=True))
        ]
        rates = [each.result() for each in asked]
        after = used(side, servers)
    requests = sum(rate.requests for rate in rates)
    cpu, postgres = ((now - then) * 1e6 / requests for now, then in zip(after, before, strict=True))
    return Seen(sum(rate.per_second for rate in rates), max(rate.p99 for rate in rates), cpu, postgres)


def used(side: Side, servers: Sequence[tuple[str, int]]) -> tuple[float, float]:
    """CPU seconds of the servers and of PostgreSQL so far."""
    return sum(figures.cpu(pid) for _, pid in servers), side.cluster.cpu()


def rows_of(side: Side, servers: Sequence[tuple[str, int]], name: str, rounds: int) -> list[list[str]]:
    """One, two and more in turns; medians, and the median ratio to one."""
    counts = range(1, len(servers) + 1)
    together(side, servers, name, 1)  # which warms them up
    turns = [[together(side, servers[:count], name, SECONDS) for count in counts] for _ in range(rounds)]
    rows = []
    for place, count in enumerate(counts):
        median = {key: statistics.median(asdict(each[place])[key] for each in turns) for key in asdict(turns[0][0])}
        ratio = statistics.median(each[place].per_second / each[0].per_second for each in turns)
        busy = median["per_second"] * (median["cpu"] + median["postgres_cpu"]) / 1e6
        rows.append(
            [
                *(name, str(count), f"{median['per_second']:,.0f}", f"{ratio:.2f}", f"{median['p99']:.1f}"),
                *(f"{median['cpu']:.0f}", f"{median['postgres_cpu']:.0f}", f"{busy:.2f}"),
            ]
        )
    return rows


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--processes", type=int, default=MOST, help=f"at most ({MOST})")
    parser.add_argument("--rounds", type=int, default=ROUNDS, help=f"how many ({ROUNDS})")
    parser.add_argument("operations", nargs="*", metavar="OPERATION", help="only these (default: all)")
    arguments = parser.parse_args()
    environment = {**os.environ, "IAM_SECRET_KEY": SERVER_KEY}
    with cluster.running() as shared, ExitStack() as stack:
        side = stack.enter_context(ours.side(shared, "ours", CLIENTS))
        servers = [(side.url, side.pid)]
        for _ in range(arguments.processes - 1):
            dsn = shared.dsn(user="iam", dbname="ours")
            url, process, _ = stack.enter_context(server("--database", dsn, environment=environment))
            servers.append((url, process.pid))
        table = [
            row for name in arguments.operations or OPERATIONS for row in rows_of(side, servers, name, arguments.rounds)
        ]
    head = (
        "operation",
        "processes",
        "per second",
        "of one",
        "p99 ms",
        "CPU us",
        "CPU us of PostgreSQL",
        "processors busy",
    )
    about = (
        f"Processes on one database, {CONNECTIONS} connections in all; CPU is that of one request. Where the processors are busy"
        " with servers and PostgreSQL, more processes cannot help; what the load itself takes is not in that figure."
    )
    results.keep("processes", about, results.table(head, table), table)


if __name__ == "__main__":
    main()
