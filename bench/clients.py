"""What many clients cost: client_credentials by a thousand and by a hundred times as many, and after a start; see README.md."""

import argparse
import os
import statistics
import sys
from collections.abc import Sequence
from contextlib import ExitStack, closing
from pathlib import Path

from attrs import define, frozen

sys.path.insert(0, str(Path(__file__).parent.parent))

from bench import cluster, figures, ours, results, stock
from bench.cluster import Cluster
from bench.load import Row
from bench.served import server
from bench.side import Side, Turn
from bench.turns import CONNECTIONS, ROUNDS, SECONDS
from tests.harness import SERVER_KEY

COUNTS = (1_000, 10_000, 100_000)
LIMITS = {10_000: 1.05, 100_000: 1.15}  # times the CPU, of server and PostgreSQL, with a thousand
WARM = 10  # seconds of a load, of those in which every client asks once before it counts
COLD = 1_000  # clients that ask at once after a start
NAME = "client_credentials"

# Reads of clients, and rows that they gave.
READS = """
select coalesce(sum(calls), 0), coalesce(sum(rows), 0) from pg_stat_statements
where query like '%clients c%' and query like '%client_secrets%' and query not like '%insert into%'
"""


@frozen
class Seen:
    """A turn, and how often clients were read in it."""

    turn: Turn
    reads: int
    rows: int

    @property
    def cpu(self) -> float:
        """CPU microseconds of server and PostgreSQL for a request."""
        return self.turn.cpu + self.turn.postgres_cpu


@define
class Deck:
    """Clients that take turns evenly: who asked longest ago is the next one, since a turn is too short for all."""

    rows: Sequence[Row]
    asked: int = 0

    def deal(self, _: str) -> list[Row]:
        """All rows, from the next one on."""
        first = self.asked % len(self.rows)
        return [*self.rows[first:], *self.rows[:first]]


Player = tuple[Side, Deck]


def seen(player: Player, seconds: int) -> Seen:
    """Load a server once."""
    side, deck = player
    before = reads(side)
    turn = side.turn(NAME, CONNECTIONS, seconds)
    deck.asked += turn.requests
    calls, rows = (now - then for now, then in zip(reads(side), before, strict=True))
    return Seen(turn, calls, rows)


def warm(player: Player) -> None:
    """Let every client ask once."""
    _, deck = player
    while deck.asked < len(deck.rows):
        seen(player, WARM)


def reads(side: Side) -> tuple[int, int]:
    side.cursor.execute(READS)
    calls, rows = side.cursor.fetchone()
    return int(calls), int(rows)


def begin(stack: ExitStack, shared: Cluster, rows: Sequence[Row], count: int) -> Player:
    """A server of its own for so many of the clients, all in one database."""
    environment = {**os.environ, "IAM_SECRET_KEY": SERVER_KEY}
    dsn = shared.dsn(user="iam", dbname="ours")
    url, process, _ = stack.enter_context(server("--database", dsn, environment=environment))
    cursor = stack.enter_context(closing(shared.cursor("ours")))
    deck = Deck(rows[:count])
    return Side(f"{count:,}", url, process.pid, shared, cursor, ours.OPERATIONS, deck.deal), deck


def growth(players: Sequence[Player], counts: Sequence[int], rounds: int) -> list[list[str]]:
    """In turns, and the medians of the ratios to the fewest, whose rounds are next to each other."""
    for player in players:
        warm(player)
    turns = [[seen(player, SECONDS) for player in players] for _ in range(rounds)]
    table = []
    for place, ((side, _), count) in enumerate(zip(players, counts, strict=True)):
        mine = [each[place] for each in turns]
        rate, p99, cpu, postgres = (
            statistics.median(getattr(each.turn, key) for each in mine)
            for key in ("per_second", "p99", "cpu", "postgres_cpu")
        )
        ratio = statistics.median(each[place].cpu / each[0].cpu for each in turns)
        read = sum(each.rows for each in mine) / sum(each.turn.requests for each in mine)
        limit = f" (≤ {LIMITS[count]})" if count in LIMITS else ""
        table.append(
            [
                *(side.name, f"{rate:,.0f}", f"{p99:.1f}", f"{cpu:.0f}", f"{postgres:.0f}", f"{ratio:.2f}{limit}"),
                *(f"{read:.3f}", f"{figures.memory(side.pid):.0f}"),
            ]
        )
    return table


def cold(shared: Cluster, rows: Sequence[Row], count: int, seconds: int = SECONDS) -> str:
    """A sentence on the first seconds after a start, everybody asking at once."""
    with ExitStack() as stack:
        player = begin(stack, shared, rows, count)
        first, second = seen(player, seconds), seen(player, seconds)
    return (
        f"In the first {seconds} s after a start, with {count:,} clients: {first.reads:,} reads of {first.rows:,} clients for"
        f" {first.turn.requests:,} requests, p99 {first.turn.p99:.1f} ms; in the next {seconds} s {second.reads:,} reads,"
        f" p99 {second.turn.p99:.1f} ms."
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=ROUNDS, help=f"how many ({ROUNDS})")
    parser.add_argument("--most", type=int, default=COUNTS[-1], help=f"clients at most ({COUNTS[-1]})")
    arguments = parser.parse_args()
    counts = [count for count in COUNTS if count <= arguments.most]
    with cluster.running(shared_preload_libraries="pg_stat_statements") as shared, ExitStack() as stack:
        shared.database("ours")
        with server(
            "--database",
            shared.dsn(user="iam", dbname="ours"),
            environment={**os.environ, "IAM_SECRET_KEY": SERVER_KEY},
        ):
            pass  # which makes the tables
        cursor = stack.enter_context(closing(shared.cursor("ours")))
        cursor.execute("create extension pg_stat_statements")
        rows = [(client.authorization, "") for client in stock.clients(cursor, counts[-1])]
        cursor.execute("analyze")
        players = [begin(stack, shared, rows, count) for count in counts]
        table = growth(players, counts, arguments.rounds)
        told = cold(shared, rows, COLD)
    head = (
        "clients",
        "per second",
        "p99 ms",
        "CPU us",
        "CPU us of PostgreSQL",
        "both, of those with 1,000",
        "clients read",
        "MB",
    )
    about = (
        f"client_credentials by clients that take turns evenly, of {counts[-1]:,} in the database."
        f" CPU and reads are those of a request. {told}"
    )
    results.keep("clients", about, results.table(head, table), table)


if __name__ == "__main__":
    main()
