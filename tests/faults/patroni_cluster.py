"""Patroni on this machine: three nodes, etcd and HAProxy, each with the configuration that docs/examples has for it."""

import json
import os
import shutil
import signal
import subprocess
import tempfile
from contextlib import closing, suppress
from pathlib import Path
from typing import Any, Final
from urllib.error import HTTPError
from urllib.request import Request, urlopen

import psycopg2
from psycopg2.extensions import make_dsn

from tests.faults.mortal import PROGRAMS, lives
from tests.harness import free_port
from tests.waiting import wait_until

ROOT: Final = Path(__file__).parents[2]
EXAMPLES: Final = ROOT / "docs" / "examples"
PATH: Final = os.pathsep.join([str(ROOT / "build" / "patroni" / "bin"), os.environ["PATH"], "/usr/sbin"])
NODES: Final = (1, 2, 3)
PASSWORD: Final = "CHANGE-ME"
START: Final = 120.0  # seconds until all three are there


def missing() -> list[str]:
    """The programs that are not there."""
    return [name for name in ("patroni", "etcd", "haproxy") if shutil.which(name, path=PATH) is None]


def program(name: str) -> str:
    return str(shutil.which(name, path=PATH))


class Node:
    """A Patroni and its PostgreSQL."""

    def __init__(self, cluster: "Cluster", number: int) -> None:
        self.cluster = cluster
        self.name = f"node{number}"
        self.address = f"127.0.0.{number}"
        self.directory = cluster.directory / self.name
        self.directory.mkdir()
        self.patroni: subprocess.Popen[bytes] | None = None
        self.stopped: list[int] = []
        self.settings = cluster.example(
            "patroni.yml",
            ("name: node1", f"name: {self.name}"),
            ("10.0.0.1:8008", f"{self.address}:8008"),
            ("10.0.0.1:5432", f"{self.address}:5432"),
            ("/var/lib/postgresql/iam", str(self.directory)),
            ("/usr/lib/postgresql/18/bin", str(PROGRAMS)),
        )
        (self.directory / "patroni.yml").write_text(self.settings)

    def start(self) -> None:
        self.patroni = self.cluster.spawn(self.directory, "patroni", str(self.directory / "patroni.yml"))

    def postmaster(self) -> int:
        """The process id of its PostgreSQL; 0 if there is none."""
        with suppress(FileNotFoundError, ValueError):
            pid = int((self.directory / "data" / "postmaster.pid").read_text().split("\n", 1)[0])
            return pid if lives(pid) else 0
        return 0

    @property
    def alive(self) -> bool:
        return self.postmaster() != 0

    def processes(self) -> list[int]:
        """Those of PostgreSQL, the postmaster first."""
        pid = self.postmaster()
        with suppress(FileNotFoundError, ProcessLookupError):
            return [pid, *map(int, Path(f"/proc/{pid}/task/{pid}/children").read_text().split())]
        return []

    def kill_postmaster(self) -> None:
        os.kill(self.postmaster(), signal.SIGKILL)

    def kill(self) -> None:
        """As when the power goes."""
        assert self.patroni is not None
        self.freeze()
        for pid in self.stopped:
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        self.patroni.wait()
        wait_until(lambda: not any(map(lives, self.stopped)))
        self.stopped = []

    def halt(self, pids: list[int]) -> None:
        for pid in pids:
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGSTOP)
        self.stopped += pids

    def freeze_patroni(self) -> None:
        assert self.patroni is not None
        self.halt([self.patroni.pid])

    def freeze(self) -> None:
        """Everything stands still."""
        self.freeze_patroni()
        self.halt(self.processes()[:1])
        self.halt(self.processes()[1:])

    def thaw(self) -> None:
        for pid in self.stopped:
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGCONT)
        self.stopped = []

    def end(self) -> None:
        if self.patroni is not None and self.patroni.poll() is None:
            self.kill()


class Cluster:
    """Three nodes, etcd and HAProxy."""

    def __init__(self) -> None:
        self.directory = Path(tempfile.mkdtemp(prefix="iam-patroni-"))
        self.who: dict[str, Any] = {}
        if os.geteuid() == 0:  # PostgreSQL does not run as root
            self.who = {"user": "nobody", "group": "nogroup", "extra_groups": []}
        self.ports = {name: free_port() for name in ("5432", "8008", "2379", "proxy")}
        self.nodes = [Node(self, number) for number in NODES]
        (self.directory / "haproxy.cfg").write_text(
            self.example("haproxy.cfg", ("10.0.0.9:5432", f"127.0.0.9:{self.ports['proxy']}"))
        )
        if self.who:
            for path in (self.directory, *self.directory.rglob("*")):
                shutil.chown(path, "nobody", "nogroup")
        self.others: list[subprocess.Popen[bytes]] = []

    def example(self, name: str, *changes: tuple[str, str]) -> str:
        """A file of docs/examples, on the addresses and ports that we have here."""
        text = (EXAMPLES / name).read_text()
        own = (
            ("10.0.0.1:2379,10.0.0.2:2379,10.0.0.3:2379", f"127.0.0.1:{self.ports['2379']}"),
            ("10.0.0.", "127.0.0."),
            (":5432", f":{self.ports['5432']}"),
            ("port=5432", f"port={self.ports['5432']}"),
            ("port 8008", f"port {self.ports['8008']}"),
            (":8008", f":{self.ports['8008']}"),
        )
        for old, _ in changes:
            assert old in text, old
        for old, new in (*changes, *own):
            text = text.replace(old, new)
        return text

    def dsn(self) -> str:
        """All nodes, as docs/examples/iam.toml names them."""
        text = self.example("iam.toml")
        return text.split('database = "', 1)[1].split('"', 1)[0]

    def proxy_dsn(self) -> str:
        return make_dsn(self.dsn(), host="127.0.0.9", port=self.ports["proxy"])

    def spawn(self, directory: Path, name: str, *arguments: str) -> subprocess.Popen[bytes]:
        with (directory / f"{name}.log").open("ab") as log:
            return subprocess.Popen(
                [program(name), *arguments],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                cwd=directory,
                env={"PATH": PATH, "HOME": str(directory)},
                start_new_session=True,
                **self.who,
            )

    def start(self) -> None:
        url, peer = f"http://127.0.0.1:{self.ports['2379']}", f"http://127.0.0.1:{free_port()}"
        urls = ("--listen-client-urls", url, "--advertise-client-urls", url)
        peers = ("--listen-peer-urls", peer, "--initial-advertise-peer-urls", peer)
        data = ("--data-dir", str(self.directory / "etcd"), "--unsafe-no-fsync")
        self.others.append(
            self.spawn(self.directory, "etcd", *data, *urls, *peers, "--initial-cluster", f"default={peer}")
        )
        for node in self.nodes:
            node.start()
        wait_until(self.healthy, START)
        self.others.append(self.spawn(self.directory, "haproxy", "-db", "-f", str(self.directory / "haproxy.cfg")))
        leader = self.leader()
        assert leader is not None
        self.ask(leader, f"create role iam login password '{PASSWORD}'")
        self.ask(leader, "create database iam owner iam encoding 'UTF8' template template0")

    def end(self) -> None:
        for node in self.nodes:
            node.end()
        for other in self.others:
            other.kill()
            other.wait()
        shutil.rmtree(self.directory)

    def ask(self, node: Node, sql: str) -> list[tuple[Any, ...]]:
        """Run a statement as the superuser."""
        where = {"host": node.address, "port": self.ports["5432"], "connect_timeout": 5}
        dsn = make_dsn(user="postgres", password=PASSWORD, dbname="postgres", **where)
        with closing(psycopg2.connect(dsn)) as connection, connection.cursor() as cursor:
            connection.autocommit = True
            cursor.execute(sql)
            return cursor.fetchall() if cursor.description else []

    def rest(self, node: Node, path: str, form: Any = None) -> Any:
        """What a Patroni answers."""
        body = json.dumps(form).encode() if form is not None else None
        request = Request(
            f"http://{node.address}:{self.ports['8008']}{path}", body, {"Content-Type": "application/json"}
        )
        try:
            with urlopen(request, timeout=30) as reply:
                return reply.read().decode()
        except HTTPError as error:
            with error:
                return error.read().decode()

    def members(self) -> list[dict[str, Any]]:
        """The members as one of the nodes that go on sees them."""
        for node in self.nodes:
            if node.patroni is not None and node.patroni.poll() is None and not node.stopped:
                with suppress(OSError, ValueError):
                    return list(json.loads(self.rest(node, "/cluster"))["members"])
        return []

    def leader(self) -> Node | None:
        """The node that is the leader, as far as the others know; none while there is none."""
        names = [member["name"] for member in self.members() if member["role"] == "leader"]
        return next((node for node in self.nodes if node.name in names), None)

    def deposed(self, old: Node) -> bool:
        """Is another node the leader, and does it take writes?"""
        leader = self.leader()
        return leader not in (None, old) and self.ask(leader, "select pg_is_in_recovery()") == [(False,)]

    def healthy(self) -> bool:
        """Is there a leader, with two replicas that stream from it, one of them synchronous?"""
        roles = sorted((member["role"], member["state"]) for member in self.members())
        return roles == [("leader", "running"), ("replica", "streaming"), ("sync_standby", "streaming")]

    def restore(self) -> None:
        """All nodes go on, as at the beginning."""
        for node in self.nodes:
            node.thaw()
            if node.patroni is None or node.patroni.poll() is not None:
                node.start()
        wait_until(self.healthy, START)

    def switch_over(self) -> None:
        """Ask the leader to make room."""
        leader = self.leader()
        assert leader is not None
        self.rest(leader, "/switchover", {"leader": leader.name})
