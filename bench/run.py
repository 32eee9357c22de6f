"""What each operation costs: ours, the server of a revision before and a peer, in turns; see README.md."""

import argparse
import sys
from contextlib import ExitStack
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent.parent))

from bench import cluster, ours, peer, picture, results
from bench.side import Side
from bench.turns import CLIENTS, CONNECTIONS, ROUNDS, SECONDS, Medians, measure

TITLES = {
    "client_credentials": "client_credentials",
    "introspection": "introspection",
    "resource": "GET /resource",
    "refresh": "refresh",
    "code": "code",
    "pushed_request": "pushed request",
    "device_poll": "device poll",
}
NEWER = ("pushed_request", "device_poll")
USUAL = tuple(name for name in TITLES if name not in NEWER)  # those that servers of before and the peer have too
# At least so many times the rate of the peer; and against a revision before at most so many times its CPU and its p99.
OF_PEER = {"client_credentials": 2.2, "introspection": 3.8, "resource": 4.3, "refresh": 3.5, "code": 3.5}
CPU_OF_BEFORE = 1.05
P99_OF_BEFORE = 1.2
HEAD = (
    *("operation", "server", "per second", "p50 ms", "p99 ms", "CPU us", "CPU us of PostgreSQL", "statements"),
    *("WAL bytes", "rate", "CPU", "p99"),
)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--against", metavar="REV", help="a revision, whose server takes part")
    parser.add_argument("--peer", action="store_true", help="oidc-provider takes part")
    parser.add_argument("--clients", type=int, default=CLIENTS, help=f"how many ({CLIENTS})")
    parser.add_argument("--rounds", type=int, default=ROUNDS, help=f"how many ({ROUNDS})")
    parser.add_argument("--seconds", type=int, default=SECONDS, help=f"of one turn ({SECONDS})")
    parser.add_argument(
        "operations", nargs="*", metavar="OPERATION", help=f"only these ({', '.join(USUAL)}): {', '.join(TITLES)}"
    )
    arguments = parser.parse_args()
    wanted = arguments.operations or list(USUAL)
    if unknown := set(wanted) - set(TITLES):
        parser.error(f"there is no {', '.join(unknown)}")
    with ExitStack() as stack:
        sides = begin(stack, arguments)
        measured = {name: measure(sides, name, arguments.rounds, arguments.seconds) for name in wanted}
    report(measured, arguments)


def begin(stack: ExitStack, arguments: argparse.Namespace) -> list[Side]:
    """Start the servers that take part, ours first."""
    shared = stack.enter_context(cluster.running())
    sides = [stack.enter_context(ours.side(shared, "ours", arguments.clients))]
    if arguments.against:
        path = stack.enter_context(ours.tree(arguments.against))
        sides.append(stack.enter_context(ours.side(shared, "before", arguments.clients, path)))
    if arguments.peer:
        sides.append(stack.enter_context(peer.side(shared, arguments.clients)))
    return sides


def report(measured: dict[str, Medians], arguments: argparse.Namespace) -> None:
    """Print the table, keep the figures, and draw the rates."""
    about = (
        f"{CONNECTIONS} connections, {arguments.clients:,} clients; medians of {arguments.rounds} rounds of"
        f" {arguments.seconds} s in turns, ratios of rounds next to each other: of ours to that server,"
        " with their limits in brackets. CPU, statements and WAL are those of one request."
    )
    if arguments.against:
        about += f" `before` is {results.revision(arguments.against)}."
    rows = [row for name, medians in measured.items() for row in rows_of(name, medians)]
    figures = {name: medians.figures for name, medians in measured.items()}
    results.keep("run", about, results.table(HEAD, rows), figures)
    rates = {TITLES[name]: {side: row["per_second"] for side, row in each.items()} for name, each in figures.items()}
    (results.DIRECTORY / "performance.svg").write_text(picture.bars(rates))


def rows_of(name: str, medians: Medians) -> list[list[str]]:
    """The rows of one operation, one for each side."""
    rows = []
    for side, row in medians.figures.items():
        ratios = medians.ratios.get(side, {})
        limits = {"per_second": f"≥ {OF_PEER[name]}"} if side == "peer" else {}
        if side == "before":
            limits = {"cpu": f"≤ {CPU_OF_BEFORE}", "p99": f"≤ {P99_OF_BEFORE}"}
        cells = [f"{row[key]:{form}}" for key, form in FORMS.items()]
        told = [ratio(ratios.get(key), limits.get(key, "")) for key in ("per_second", "cpu", "p99")]
        rows.append([TITLES[name], side, *cells, *told])
    return rows


FORMS = {
    "per_second": ",.0f",
    "p50": ".2f",
    "p99": ".1f",
    "cpu": ".0f",
    "postgres_cpu": ".0f",
    "statements": ".2f",
    "wal": ",.0f",
}


def ratio(value: float | None, limit: str) -> str:
    """A ratio with its limit; nothing where there is none."""
    if value is None:
        return ""
    return f"{value:.2f}" + (f" ({limit})" if limit else "")


if __name__ == "__main__":
    main()
