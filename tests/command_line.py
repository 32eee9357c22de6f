"""The real `iam` on a database of the run's cluster: in this process on the reactor of the tests, or in one of its own."""

import json
import os
import select
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from inspect import iscoroutinefunction
from io import BytesIO, TextIOWrapper
from pathlib import Path
from typing import Any, Self

import psycopg2
import pytest
from attrs import define, frozen
from pytest_twisted import blockon
from twisted.internet import reactor
from twisted.internet.defer import Deferred

from iam.commands.main import iam as program
from iam.commands.running import Main
from iam.embedded.supervisor import Embedded
from tests import databases

IAM = Path(sys.executable).with_name("iam")
PATIENCE = 20.0  # seconds


@frozen
class Outcome:
    """What a command left behind."""

    status: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        assert self.status == 0, self.err
        return json.loads(self.out)

    @property
    def complaint(self) -> str:
        """The one sentence on standard error, with nothing on standard output."""
        assert (self.status, self.out) == (1, ""), self
        assert self.err.count("\n") == 1, self.err
        return self.err.removeprefix("Error: ").rstrip("\n")


@pytest.hookimpl(tryfirst=True)
def pytest_pyfunc_call(pyfuncitem: pytest.Function) -> bool | None:
    """Call a plain test of commands outside of the reactor, where it may stand still until one is done."""
    if iscoroutinefunction(pyfuncitem.obj) or not {"iam", "untouched"} & {*pyfuncitem.fixturenames}:
        return None
    pyfuncitem.obj(**{name: pyfuncitem.funcargs[name] for name in pyfuncitem._fixtureinfo.argnames})
    return True


@frozen
class Iam:
    """`iam` on one database; `wait` is how a command that runs in this process stands still for the reactor."""

    dsn: str
    data_dir: Path
    wait: Callable[[Deferred[Any]], Any] = blockon

    def __call__(self, *arguments: str, given: str | bytes = b"", **environment: str | None) -> Outcome:
        """Run a command in this process, with `given` on its standard input; what nobody expects is raised."""
        streams = {name: TextIOWrapper(BytesIO(), "utf-8") for name in ("stdout", "stderr")}
        streams["stdin"] = TextIOWrapper(BytesIO(octets(given)), "utf-8")
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(os, "environ", self.environment(**environment))
            for name, stream in streams.items():
                patch.setattr(sys, name, stream)
            with pytest.raises(SystemExit) as end:
                program.main(arguments, prog_name="iam", obj=self.on_reactor)
        return Outcome(end.value.code, written(streams["stdout"]), written(streams["stderr"]))

    def on_reactor(self, main: Main[Any]) -> Any:
        """Run a command's work on the reactor of the tests, which goes on afterwards."""
        return self.wait(Deferred.fromCoroutine(main(reactor)).addTimeout(PATIENCE, reactor))

    def process(self, *arguments: str, given: str | bytes = b"", **environment: str | None) -> Outcome:
        """Run a command in a process of its own, likewise."""
        ran = subprocess.run(
            [IAM, *arguments],
            input=octets(given),
            capture_output=True,
            env=self.environment(**environment),
            timeout=PATIENCE,
            check=False,
        )
        return Outcome(ran.returncode, ran.stdout.decode(), ran.stderr.decode())

    def environment(self, **more: str | None) -> dict[str, str]:
        """The environment of a command; None takes a variable away."""
        inherited = {name: value for name, value in os.environ.items() if not name.startswith("IAM_")}
        ours = {"IAM_DATABASE": self.dsn, "IAM_DATA_DIR": str(self.data_dir)}
        return {name: value for name, value in (inherited | ours | more).items() if value is not None}

    def start(self, *arguments: str, **environment: str | None) -> subprocess.Popen[bytes]:
        """Start a command without waiting for it."""
        return subprocess.Popen(
            [IAM, *arguments],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            env=self.environment(**environment),
        )

    def at_terminal(self, *arguments: str, **environment: str | None) -> "Terminal":
        """Start a command at a terminal."""
        here, there = os.openpty()
        process = subprocess.Popen(
            [IAM, *arguments],
            stdin=there,
            stdout=there,
            stderr=there,
            env=self.environment(TERM="xterm", COLUMNS="120", **environment),
            start_new_session=True,
        )
        os.close(there)
        return Terminal(process, here)

    def execute(self, sql: str, parameters: Any = ()) -> list[tuple[Any, ...]]:
        """Look into the tables, or change them."""
        with closing(psycopg2.connect(self.dsn)) as connection, connection, connection.cursor() as cursor:
            cursor.execute(sql, parameters)
            return cursor.fetchall() if cursor.description else []


def octets(given: str | bytes) -> bytes:
    return given.encode() if isinstance(given, str) else given


def written(stream: TextIOWrapper) -> str:
    stream.flush()
    return stream.buffer.getvalue().decode()


@define
class Terminal:
    """A person at a terminal; `screen` is all that they have seen."""

    process: subprocess.Popen[bytes]
    file: int
    screen: str = ""
    read: int = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.process.kill()
        self.process.wait()
        os.close(self.file)

    def answer(self, question: str, text: str) -> None:
        """Wait for the question, then type."""
        self.wait_for(question)
        os.write(self.file, text.encode() + b"\n")

    def wait_for(self, text: str) -> None:
        """Wait until `text` appears behind what was waited for before."""
        deadline = time.monotonic() + PATIENCE
        while (found := self.screen.find(text, self.read)) < 0:
            assert time.monotonic() < deadline, f"{text!r} did not appear in {self.screen!r}"
            assert self.more(0.1), f"{text!r} is not in {self.screen!r}"
        self.read = found + len(text)

    def end(self) -> int:
        """Wait for the end; the exit status."""
        while self.more(PATIENCE):
            pass
        return self.process.wait(PATIENCE)

    def more(self, patience: float) -> bool:
        """Read what came; False at the end."""
        if not select.select([self.file], [], [], patience)[0]:
            return True
        try:
            came = os.read(self.file, 4096)
        except OSError:  # nobody has the other end open
            return False
        self.screen += came.decode().replace("\r\n", "\n")
        return bool(came)


@pytest.fixture(scope="module")
def iam(cluster: Embedded, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Iam]:
    """The command line on one database for the module."""
    dsn = databases.make_database(cluster)
    yield Iam(dsn, tmp_path_factory.mktemp("data"))
    databases.discard(cluster, dsn)


@pytest.fixture
def untouched(cluster: Embedded, tmp_path: Path) -> Iterator[Iam]:
    """The command line on an empty database."""
    dsn = databases.copy(cluster, "template0")
    yield Iam(dsn, tmp_path)
    databases.discard(cluster, dsn)
