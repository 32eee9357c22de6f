"""How long a start takes, what it imports, and how much memory a server has, before a load and after; see README.md."""

import argparse
import os
import re
import statistics
import subprocess
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path

from attrs import asdict, frozen

sys.path.insert(0, str(Path(__file__).parent.parent))

from bench import cluster, figures, ours, results
from bench.served import BIN, ready, server
from bench.turns import CLIENTS, CONNECTIONS
from tests.harness import SERVER_KEY, free_port

STARTS = 9
SECONDS = 3  # of load by each operation
SOON = 2  # seconds after a start
DEAREST = 15
HEAD = ("", "median", "least", "most", "limit")
LIMITS = {"start": 0.4, "idle": 70, "loaded": 80}  # seconds, megabytes, megabytes
ENVIRONMENT = {**os.environ, "IAM_SECRET_KEY": SERVER_KEY}
IMPORT = re.compile(r"^import time:\s+(\d+) \|\s+\d+ \|\s+([\w.]+)$", re.MULTILINE)


@frozen
class Start:
    """Seconds from exec until readiness was answered, CPU seconds until then, and megabytes soon after."""

    seconds: float
    cpu: float
    memory: float


def start(dsn: str) -> Start:
    """Start once, and stop."""
    with server("--database", dsn, environment=ENVIRONMENT) as (_, process, seconds):
        cpu = figures.cpu(process.pid)
        time.sleep(SOON)
        return Start(seconds, cpu, figures.memory(process.pid))


def imports(dsn: str) -> str:
    """What imports cost by the package that they are of: `python -X importtime`, which itself costs about as much again."""
    port = free_port()
    command = [sys.executable, "-X", "importtime", BIN / "twist", "iam", "--port", str(port), "--database", dsn]
    with tempfile.TemporaryFile("w+") as said:
        process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=said, env=ENVIRONMENT)
        ready(f"http://localhost:{port}/readyz")
        process.terminate()
        process.wait(30)
        said.seek(0)
        return dearest(said.read())


def dearest(text: str) -> str:
    """A table of the packages whose modules took longest."""
    by_package: Counter[str] = Counter()
    modules: Counter[str] = Counter()
    for microseconds, module in IMPORT.findall(text):
        package = module.partition(".")[0]
        by_package[package] += int(microseconds)
        modules[package] += 1
    total = sum(by_package.values())
    rows = [(name, modules[name], f"{took / 1000:.1f}") for name, took in by_package.most_common(DEAREST)]
    return results.table(("package", "modules", "ms"), [*rows, ("all", sum(modules.values()), f"{total / 1000:.1f}")])


def row(name: str, values: list[float], form: str, limit: float | None = None) -> list[str]:
    """The median of what was measured, and how far it went."""
    told = [f"{value:{form}}" for value in (statistics.median(values), min(values), max(values))]
    return [name, *told, f"≤ {limit}" if limit else ""]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--starts", type=int, default=STARTS, help=f"how many ({STARTS})")
    parser.add_argument("--imports", action="store_true", help="only tell what the dearest imports cost")
    arguments = parser.parse_args()
    with cluster.running() as shared:
        dsn = shared.database("started")
        if arguments.imports:
            start(dsn)
            print(imports(dsn))
            return
        start(dsn)  # the first one makes the tables
        starts = [start(dsn) for _ in range(arguments.starts)]
        with ours.side(shared, "ours", CLIENTS) as side:
            for name in side.operations:
                side.turn(name, CONNECTIONS, SECONDS)
            loaded = figures.memory(side.pid)
    rows = [
        row("seconds until it is ready", [each.seconds for each in starts], ".2f", LIMITS["start"]),
        row("CPU seconds until then", [each.cpu for each in starts], ".2f"),
        row("idle, MB", [each.memory for each in starts], ".0f", LIMITS["idle"]),
        row("after load, MB", [loaded], ".0f", LIMITS["loaded"]),
    ]
    about = (
        f"From exec until readiness is answered, the database being there and the schema in it; {arguments.starts} starts."
        f" Memory is what is resident, {SOON} s after the start, and after {SECONDS} s of each operation with {CLIENTS:,} clients."
    )
    told = [asdict(each) for each in starts]
    results.keep("start", about, results.table(HEAD, rows), {"starts": told, "loaded": loaded})


if __name__ == "__main__":
    main()
