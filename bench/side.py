"""One of several servers that are measured in turns, and what one turn of it cost."""

import json
import tempfile
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any
from urllib.error import HTTPError
from urllib.request import Request, urlopen

from attrs import frozen

from bench import figures
from bench.cluster import Cluster
from bench.load import Operation, Row, load

# A member of the right answer to each operation.
SAYS = {
    "client_credentials": "access_token",
    "introspection": "active",
    "resource": "sub",
    "refresh": "refresh_token",
    "code": "refresh_token",
    "pushed_request": "request_uri",
    "device_poll": "error",
}


@frozen
class Turn:
    """What was measured: milliseconds, and a request's CPU microseconds and bytes of WAL."""

    per_second: float
    p50: float
    p99: float
    cpu: float
    postgres_cpu: float
    wal: float
    requests: int


@frozen
class Side:
    """A server with a database of its own in the cluster, and what it is asked."""

    name: str
    url: str
    pid: int
    cluster: Cluster
    cursor: Any
    operations: Mapping[str, Operation]
    rows: Callable[..., list[Row]]

    def turn(self, name: str, connections: int, seconds: int) -> Turn:
        """Load it once, after one request whose answer has to be the one that is meant."""
        *rows, first = self.rows(name)
        self.verify(name, first)
        with tempfile.TemporaryDirectory(prefix="iam-bench-") as directory:
            before = figures.cpu(self.pid), self.cluster.cpu(), self.cluster.wal()
            rate = load(self.url, self.operations[name], rows, connections, Path(directory), seconds)
            after = figures.cpu(self.pid), self.cluster.cpu(), self.cluster.wal()
        cpu, postgres_cpu, wal = ((now - then) / rate.requests for now, then in zip(after, before, strict=True))
        return Turn(rate.per_second, rate.p50, rate.p99, cpu * 1e6, postgres_cpu * 1e6, wal, rate.requests)

    def verify(self, name: str, row: Row) -> None:
        """Ask once; the load itself only sees that answers are 2xx, and a token that is not active is 200 too."""
        operation = self.operations[name]
        body = (operation.body + row[1]).encode() if operation.method == "POST" else None
        answer = answered(Request(self.url + operation.path, body, {"Authorization": row[0]}))
        if not answer.get(SAYS[name]):
            raise SystemExit(f"{self.name} answers {name} with {answer}")

    def commits(self) -> int:
        """Commits in its database so far: each statement is one."""
        return figures.commits(self.cursor)


def answered(request: Request) -> Any:
    """The JSON of an answer, of whatever status."""
    try:
        with urlopen(request, timeout=10) as reply:
            return json.load(reply)
    except HTTPError as error:
        return json.load(error)
