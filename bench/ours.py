"""Our server as one side of a comparison: the one of this tree, or of a revision before."""

import os
import subprocess
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import quote

from bench import stock
from bench.cluster import Cluster
from bench.load import Operation, Order, Row
from bench.served import BIN, CODES, server
from bench.side import Side
from iam.oauth.grant_types import DEVICE_CODE
from tests.harness import SERVER_KEY

ROOT = Path(__file__).parent.parent
OPERATIONS = {
    operation.name: operation
    for operation in (
        Operation("client_credentials", "/token", "grant_type=client_credentials"),
        Operation("introspection", "/introspect", "token="),
        Operation("resource", "/resource", method="GET"),
        Operation("refresh", "/token", "grant_type=refresh_token&refresh_token=", order=Order.FROM_ANSWERS),
        Operation(
            "code",
            "/token",
            f"grant_type=authorization_code&redirect_uri={stock.REDIRECT_URI}&code=",
            order=Order.ONCE,
        ),
        Operation(
            "pushed_request",
            "/par",
            f"response_type=code&scope=read&state=x&redirect_uri={stock.REDIRECT_URI}"
            f"&code_challenge_method=S256&code_challenge={'x' * 43}",
        ),
        Operation(
            "device_poll",
            "/token",
            f"grant_type={quote(DEVICE_CODE)}&device_code=",
            order=Order.ONCE,
            refused=True,  # since nobody has decided yet
        ),
    )
}


class Stock:
    """Clients in our tables, and what they spend."""

    def __init__(self, cursor: Any, clients: int) -> None:
        self._cursor = cursor
        self.clients = stock.clients(cursor, clients)
        self._user = stock.person(cursor)

    def rows(self, name: str, codes: int = CODES) -> list[Row]:
        """Fresh rows for an operation, spread evenly over the clients."""
        ids = [client.id for client in self.clients]
        if name in ("client_credentials", "pushed_request"):
            return self._with([""] * len(ids))
        if name == "introspection":
            return self._with(stock.access_tokens_of(self._cursor, [client.grant_id for client in self.clients]))
        if name == "resource":
            grants = stock.grants(self._cursor, ids, self._user)
            return [(f"Bearer {token}", "") for token in stock.access_tokens_of(self._cursor, grants)]
        if name == "refresh":
            return self._with(stock.refresh_tokens_of(self._cursor, ids, self._user))
        whose = [ids[n % len(ids)] for n in range(codes)]
        if name == "device_poll":
            return self._with(stock.device_codes_of(self._cursor, whose))
        return self._with(stock.codes_of(self._cursor, whose, self._user))

    def _with(self, values: list[str]) -> list[Row]:
        """Each value with the header of the next client."""
        return [(self.clients[n % len(self.clients)].authorization, value) for n, value in enumerate(values)]


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


def environment(path: Path) -> dict[str, str]:
    """What a server of these files is started with."""
    return {**os.environ, "PYTHONPATH": str(path), "IAM_SECRET_KEY": SERVER_KEY}


@contextmanager
def side(
    cluster: Cluster, name: str, clients: int, path: Path = ROOT, program: Sequence[str | Path] = (BIN / "twist",)
) -> Iterator[Side]:
    """The server of these files, with a database of its own; its libraries are those installed here."""
    with (
        server("--database", cluster.database(name), environment=environment(path), program=program) as (
            url,
            process,
            _,
        ),
        closing(cluster.cursor(name)) as cursor,
    ):
        yield Side(name, url, process.pid, cluster, cursor, OPERATIONS, Stock(cursor, clients).rows)
