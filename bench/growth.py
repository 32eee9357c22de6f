"""What growth costs: a look-up among ten million tokens, and the end of a million that have expired; see README.md."""

import json
import sys
import tempfile
import time
from base64 import b64encode
from pathlib import Path
from typing import Any
from urllib.request import Request, urlopen

import psycopg2

sys.path.insert(0, str(Path(__file__).parent.parent))

from bench import figures, stock
from bench.load import Operation, Row, load
from bench.served import CLIENT, server
from tests.processes import created

FEW, MANY = 10_000, 10_000_000
EXPIRED = 1_000_000
STEP = 500_000  # rows in one statement
CONNECTIONS = 16
ROUNDS = 3
INTROSPECTION = Operation("introspection", "/introspect", "token=")
GOAL_LOOKUP, GOAL_DROP = 1.2, 1.0  # times the cost among few; seconds

# Random digests, as real ones are.
FILL = """
insert into access_tokens (day, digest, grant_id, scope, issued_at, expires_at)
select %(day)s::date, sha256(convert_to(%(salt)s || n, 'UTF8')), gen_random_uuid(), 'read write', now(), %(day)s::date + 1
from generate_series(1, %(count)s) n
"""


def fill(cursor: Any, day: str, count: int, salt: str) -> None:
    """Put rows into the partition of this day."""
    for start in range(0, count, STEP):
        cursor.execute(FILL, {"day": day, "count": min(STEP, count - start), "salt": f"{salt}{start}."})
    cursor.execute("analyze access_tokens")
    cursor.execute("checkpoint")


def living(url: str, client: Any) -> Row:
    """A token of this client, to be introspected by it."""
    credentials = b64encode(f"{client['client_id']}:{client['client_secret']}".encode()).decode()
    form = {"Authorization": f"Basic {credentials}", "Content-Type": "application/x-www-form-urlencoded"}
    with urlopen(Request(url + "/token", b"grant_type=client_credentials", form), timeout=10) as reply:
        return form["Authorization"], json.load(reply)["access_token"]


def cost(url: str, row: Row, pid: int, data_dir: str, cursor: Any, directory: Path) -> float:
    """CPU milliseconds of server and PostgreSQL for one request, the least of some rounds: noise only adds."""
    least = float("inf")
    for _ in range(ROUNDS):
        with figures.cost(pid, data_dir, cursor) as per_request:
            rate = load(url, INTROSPECTION, [row], CONNECTIONS, directory)
        measured = per_request(rate.requests)
        least = min(least, measured.server_cpu + measured.postgres_cpu)
    return least


def expiry(cursor: Any) -> None:
    """How long it takes a million expired tokens to go, and what that writes."""
    cursor.execute("select from tend_partitions('access_tokens', current_date - 3, 1, 3)")
    cursor.execute("select (current_date - 2)::text")
    (day,) = cursor.fetchone()
    fill(cursor, day, EXPIRED, "expired")
    _, wal = figures.totals(cursor)
    began = time.monotonic()
    cursor.execute("select sum(dropped) from tend_partitions('access_tokens', current_date, 1, 3)")
    took = time.monotonic() - began
    ((dropped,),) = cursor.fetchall()
    written = figures.totals(cursor)[1] - wal
    print(
        f"{EXPIRED:,} expired tokens gone in {took:.3f} s (goal {GOAL_DROP}), {dropped} partitions, {written / 1e6:.2f} MB of WAL"
    )


def main() -> None:
    with tempfile.TemporaryDirectory(prefix="iam-bench-") as name:
        directory = Path(name)
        directory.chmod(0o755)
        data_dir = str(directory / "data")
        with server("--data-dir", data_dir) as (url, process, _):
            connection = psycopg2.connect(stock.dsn_of(data_dir, "postgres"))
            connection.autocommit = True
            cursor = connection.cursor()
            expiry(cursor)
            row = living(url, created("--data-dir", data_dir, *CLIENT))
            cursor.execute("select (current_date + 1)::text")
            (day,) = cursor.fetchone()
            costs = []
            for count in (FEW, MANY):
                fill(cursor, day, count, f"among {count} ")
                costs.append(cost(url, row, process.pid, data_dir, cursor, directory))
                print(f"introspection among {count:,} tokens: {costs[-1]:.3f} CPU ms", flush=True)
            print(f"ratio {costs[1] / costs[0]:.2f} (goal at most {GOAL_LOOKUP})")
            connection.close()


if __name__ == "__main__":
    main()
