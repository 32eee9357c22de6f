"""The longest standstill of the reactor in a minute of mixed load, garbage collected as in production; see README.md."""

import argparse
import json
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

sys.path.insert(0, str(Path(__file__).parent.parent))

from bench import cluster, ours, results
from bench.load import load
from bench.side import Side
from bench.turns import CLIENTS

HERE = Path(__file__).parent
SECONDS = 60
LIMIT = 10  # milliseconds
CONNECTIONS = {"client_credentials": 4, "introspection": 4, "resource": 4, "refresh": 2, "code": 2}
CODES = 1500  # a second, more than two connections redeem
WARM = 3  # seconds


def mixed(side: Side, seconds: int) -> dict[str, float]:
    """Load everything at once; requests a second of each operation."""
    with tempfile.TemporaryDirectory(prefix="iam-bench-") as name, ThreadPoolExecutor() as threads:
        directory = Path(name)
        asked = {
            operation: threads.submit(
                load,
                side.url,
                side.operations[operation],
                side.rows(operation, CODES * seconds) if operation == "code" else side.rows(operation),
                connections,
                directory,
                seconds,
            )
            for operation, connections in CONNECTIONS.items()
        }
        return {operation: each.result().per_second for operation, each in asked.items()}


def started(*arguments: object) -> subprocess.Popen[str]:
    """The probe in a process of its own."""
    command = [sys.executable, HERE / "probe.py", *map(str, arguments)]
    return subprocess.Popen(command, stdout=subprocess.PIPE, text=True)


def watch(side: Side, seconds: int) -> tuple[dict[str, float], dict[str, list[float]]]:
    """Rates, and what was seen from outside, in milliseconds."""
    mixed(side, WARM)
    os.kill(side.pid, signal.SIGUSR1)
    probes = {
        "an answer of /healthz": started(seconds, urlsplit(side.url).port),
        "a process that only sleeps": started(seconds),
    }
    rates = mixed(side, seconds)
    return rates, {name: json.loads(each.communicate()[0]) for name, each in probes.items()}


def part(values: Sequence[float], share: float) -> float:
    """The value that this share of them does not exceed."""
    return sorted(values)[min(len(values) - 1, int(len(values) * share))]


def row(name: str, values: Sequence[float], limit: str = "") -> list[str]:
    """The longest of these milliseconds, and how long few of them are."""
    return [name, f"{max(values):.1f}{limit}", *(f"{part(values, share):.2f}" for share in (0.9999, 0.999, 0.99, 0.5))]


def report(rates: dict[str, float], outside: dict[str, list[float]], inside: dict[str, Any], seconds: int) -> None:
    """Print and keep what was seen."""
    late, own = ([value / 1000 for value in inside[key]] for key in ("late", "ours"))
    rows = [
        row("the reactor, without what it waited for a processor", own, f" (≤ {LIMIT})"),
        row("the reactor", late),
        *(row(name, values) for name, values in outside.items()),
        *(
            row(f"a collection of generation {generation} ({len(took)} of them)", [value / 1000 for value in took])
            for generation, took in sorted(inside["collections"].items())
        ),
    ]
    head = ("milliseconds of", "longest", "p99.99", "p99.9", "p99", "p50")
    longest = ", ".join(
        f"{o / 1000:.1f} (late {a / 1000:.1f}, CPU {u / 1000:.1f})" for o, a, u in inside["longest"][:5]
    )
    mixture = ", ".join(f"{name} {rate:,.0f}" for name, rate in rates.items())
    about = (
        f"{seconds} s of mixed load, a second: {mixture}. The reactor should come round each millisecond. The five longest that"
        f" are its own: {longest} ms."
    )
    figures = {"rates": rates, "longest": inside["longest"], "rows": rows}
    results.keep("tail", about, results.table(head, rows), figures)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=int, default=SECONDS, help=f"of load ({SECONDS})")
    seconds = parser.parse_args().seconds
    with tempfile.TemporaryDirectory(prefix="iam-bench-") as directory, cluster.running() as shared:
        file = Path(directory, "seen.json")
        with ours.side(shared, "ours", CLIENTS, program=(sys.executable, HERE / "watched.py", file)) as side:
            time.sleep(1)
            rates, outside = watch(side, seconds)
        report(rates, outside, json.loads(file.read_text()), seconds)


if __name__ == "__main__":
    main()
