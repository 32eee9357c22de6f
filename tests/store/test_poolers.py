"""A pooler in transaction mode is recognized; in session mode it does no harm."""

import os
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import closing, suppress
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from attrs import frozen
from psycopg2.extensions import make_dsn, parse_dsn
from pytest_twisted import blockon
from twisted.internet import reactor
from twisted.internet.threads import deferToThread
from twisted.protocols.portforward import ProxyFactory, ProxyServer

from iam.database.errors import Unavailable
from iam.database.poolers import POOLER
from tests.harness import free_port
from tests.processes import BIN
from tests.store.conftest import Start
from tests.waiting import until

PGBOUNCER = shutil.which("pgbouncer") or "/usr/sbin/pgbouncer"
PATIENCE = 20.0  # seconds


@frozen
class Pooler:
    """A PgBouncer before the run's PostgreSQL, which can be ended and begun anew in another mode at the same port."""

    directory: Path
    port: int
    relay: int
    dsn: str
    began: list[subprocess.Popen[bytes]]

    def begin(self, mode: str, **settings: object) -> None:
        """Listen, and be there."""
        more = "".join(f"{name} = {value}\n" for name, value in settings.items())
        configuration = self.directory / "pgbouncer.ini"
        configuration.write_text(
            f"[databases]\n* = host=127.0.0.1 port={self.relay} user={parse_dsn(self.dsn)['user']}\n"
            f"[pgbouncer]\nlisten_addr = 127.0.0.1\nlisten_port = {self.port}\nunix_socket_dir =\n"
            f"auth_type = any\npool_mode = {mode}\n{more}"
        )
        as_nobody = ["setpriv", "--reuid=nobody", "--regid=nogroup", "--clear-groups"] if os.geteuid() == 0 else []
        program = [*as_nobody, PGBOUNCER, "-q", str(configuration)]
        self.began.append(subprocess.Popen(program, stderr=subprocess.DEVNULL))
        end = time.monotonic() + PATIENCE
        while not self.listens():
            assert time.monotonic() < end
            time.sleep(0.02)

    def listens(self) -> bool:
        with suppress(OSError), closing(socket.create_connection(("127.0.0.1", self.port), 1)):
            return True
        return False

    def end(self) -> None:
        """End it, and all connections through it."""
        self.began[-1].kill()
        self.began[-1].wait()

    @property
    def through(self) -> str:
        """The way to the database through it."""
        return make_dsn(
            host="127.0.0.1", port=self.port, dbname=parse_dsn(self.dsn)["dbname"], user=parse_dsn(self.dsn)["user"]
        )


class Relay(ProxyServer):
    """To PostgreSQL's socket, which lets only this process's user in: PgBouncer will not be root."""

    @property
    def reactor(self) -> Any:
        return SimpleNamespace(connectTCP=lambda path, _, factory: reactor.connectUNIX(path, factory))


@pytest.fixture
def pooler(empty_dsn: str) -> Iterator[Pooler]:
    told = parse_dsn(empty_dsn)
    factory = ProxyFactory(f"{told['host']}/.s.PGSQL.{told['port']}", 0)
    factory.protocol, factory.noisy = Relay, False
    relay = reactor.listenTCP(0, factory, interface="127.0.0.1")
    directory = Path(tempfile.mkdtemp())
    directory.chmod(0o755)
    pooler = Pooler(directory, free_port(), relay.getHost().port, empty_dsn, [])
    yield pooler
    pooler.end()
    blockon(relay.stopListening())
    shutil.rmtree(directory)


@pytest.mark.parametrize("settings", [{}, {"server_round_robin": 1, "min_pool_size": 5}, {"default_pool_size": 1}])
async def test_a_pooler_in_transaction_mode_is_refused(start: Start, pooler: Pooler, settings: dict[str, Any]) -> None:
    pooler.begin("transaction", **settings)

    with pytest.raises(Unavailable) as refused:
        await start(dsn=pooler.through)

    assert POOLER in str(refused.value)


async def test_a_pooler_in_session_mode_is_as_good_as_none(start: Start, pooler: Pooler) -> None:
    pooler.begin("session")
    heard: list[str] = []

    database = await start(lambda one: one.listen("iam_changed", heard.append, lambda: None), dsn=pooler.through)
    await database.query("select pg_notify('iam_changed', 'clients')")

    assert await database.query("show jit") == [("off",)]
    await until(lambda: heard == ["clients"])


async def test_a_connection_that_was_lost_is_there_again_without_being_examined(
    start: Start, pooler: Pooler, admin: Any
) -> None:
    """What is slow to be heard while a database comes back must not keep it away."""
    pooler.begin("session")
    database = await start(dsn=pooler.through)

    admin(
        "select pg_terminate_backend(pid) from pg_stat_activity where backend_type = 'client backend' and pid <> pg_backend_pid()"
    )
    await until(lambda: not database.main.absent and not database.spare.absent)

    assert database.connector.examined
    assert not await database.unready()


async def test_the_server_says_so_and_does_not_start(pooler: Pooler, tmp_path: Path) -> None:
    pooler.begin("transaction")
    command = [BIN / "twist", "iam", "--data-dir", tmp_path, "--port", str(free_port()), "--database", pooler.through]

    ran = await deferToThread(subprocess.run, command, capture_output=True, text=True, timeout=60)

    assert ran.returncode == 1
    assert POOLER in ran.stderr.splitlines()[-1]
