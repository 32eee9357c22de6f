"""`twist iam` as a process that says what it does, on a database that need not be there."""

import os
import signal
import subprocess
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from itertools import count
from pathlib import Path

from attrs import define, field

from tests.harness import SERVER_KEY, free_port
from tests.processes import BIN, PATIENCE
from tests.waiting import wait_until

ENVIRONMENT = {name: value for name, value in os.environ.items() if not name.startswith(("IAM_", "PG"))} | {
    "IAM_SECRET_KEY": SERVER_KEY
}


@define
class Launched:
    """`twist iam`, and what it says."""

    url: str
    process: subprocess.Popen[str]
    lines: list[str] = field(factory=list)

    def listen(self) -> None:
        """Read what it says until it ends."""
        assert self.process.stderr is not None
        self.lines.extend(line.rstrip("\n") for line in self.process.stderr)

    def says(self, beginning: str) -> str:
        """The first line that begins so, as soon as it is there."""
        wait_until(lambda: bool(self.saying(beginning)) or self.process.poll() is not None)
        wait_until(lambda: bool(self.saying(beginning)), 5)
        return self.saying(beginning)[0]

    def saying(self, beginning: str) -> list[str]:
        return [line for line in list(self.lines) if line.startswith(beginning)]

    def end(self, number: int = signal.SIGTERM) -> int:
        """Its exit status after this signal."""
        self.process.send_signal(number)
        return self.ended()

    def ended(self) -> int:
        """Its exit status, when it ends by itself."""
        return self.process.wait(PATIENCE)


Launch = Callable[..., Launched]


@contextmanager
def speaking() -> Iterator[Launch]:
    """Starts processes that are listened to; they are gone afterwards."""
    launched: list[tuple[Launched, threading.Thread]] = []

    def launch(command: Sequence[str | Path], environment: Mapping[str, str], url: str = "") -> Launched:
        process = subprocess.Popen(
            command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True, cwd="/", env=environment
        )
        one = Launched(url, process)
        listening = threading.Thread(target=one.listen)
        listening.start()
        launched.append((one, listening))
        return one

    yield launch
    for one, listening in launched:
        if one.process.poll() is None:
            one.process.kill()
        one.process.wait()
        listening.join()
        one.process.stderr.close()  # type: ignore[union-attr]


@contextmanager
def launching(directory: Path) -> Iterator[Launch]:
    """Starts servers whose database need not be there; they are gone afterwards. Their logs are in the directory."""
    numbers = count()

    def launch(dsn: str, *options: str, **environment: str) -> Launched:
        port = free_port()
        log = ("--log-file", directory / f"log-{next(numbers)}")
        told = ("--port", str(port), "--data-dir", directory, "--database", dsn, *options)
        return begin((BIN / "twist", *log, "iam", *told), ENVIRONMENT | environment, f"http://localhost:{port}")

    with speaking() as begin:
        yield launch
