"""Running programs without blocking the reactor, and finding processes in /proc instead of trusting pid files (H50)."""

import os
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from signal import Signals
from typing import Any, Final

from attrs import frozen
from twisted.internet.task import deferLater

from iam.reactor import Timer

PROC: Final = Path("/proc")
PACE: Final = 0.01  # seconds between two looks at a program that runs
ENVIRONMENT: Final = {"PATH": os.defpath, "LC_ALL": "C"}  # without the PG… variables of our own environment


@frozen
class Outcome:
    """The exit status of a program, and its output."""

    code: int
    output: str

    @property
    def last(self) -> str:
        """The last line of output, where programs usually give the reason; without one, the exit status."""
        return (self.output.strip().splitlines() or [f"exit status {self.code}"])[-1]


@frozen
class Process:
    """A process, not necessarily our child; its start time tells it from a later one with the same number."""

    pid: int
    started: str

    @property
    def alive(self) -> bool:
        """Whether this process still runs and is no zombie."""
        return process(self.pid) == self

    def send(self, signal: Signals) -> None:
        """Sends a signal, if the process still runs."""
        if self.alive:
            with suppress(ProcessLookupError):
                os.kill(self.pid, signal)


def fields(pid: int) -> list[str]:
    """Returns the fields of /proc/PID/stat behind the name, which may hold spaces and parentheses; empty if the process is gone."""
    try:
        return (PROC / str(pid) / "stat").read_text().rpartition(")")[2].split()
    except OSError:
        return []


def process(pid: int) -> Process | None:
    """Returns the process of this number, or None if it is gone or a zombie."""
    match fields(pid):
        case [state, *others] if state not in "ZX":
            return Process(pid, others[18])
        case _:
            return None


def parent(pid: int) -> int:
    """Returns the number of this process's parent; 0 if the process is gone."""
    return int((fields(pid) or "00")[1])


def arguments(pid: int, uid: int) -> list[str]:
    """Returns the command line of a process of this user, or []: even root in a container may not read those of others."""
    directory = PROC / str(pid)
    try:
        if directory.stat().st_uid != uid:
            return []
        return (directory / "cmdline").read_bytes().decode(errors="replace").split("\0")
    except OSError:
        return []


def belongs(pid: int, uid: int, tag: str) -> bool:
    """Whether this is a process of the cluster: a postmaster has `tag` in its arguments, its children have it in their title."""
    words = arguments(pid, uid)
    return f"cluster_name={tag}" in words or any(word.startswith(f"postgres: {tag}:") for word in words[:1])


def belonging(uid: int, tag: str) -> Iterator[int]:
    """Returns the numbers of all processes of the cluster."""
    numbers = [int(entry.name) for entry in PROC.iterdir() if entry.name.isdecimal()]
    return (pid for pid in numbers if belongs(pid, uid, tag))


def works_in(pid: int, uid: int, directory: Path) -> bool:
    """Whether this is a postmaster on that directory, whoever started it."""
    words = arguments(pid, uid)
    if not words or Path(words[0]).name != "postgres":
        return False
    try:
        return (PROC / str(pid) / "cwd").samefile(directory)
    except OSError:
        return str(directory) in words


async def run(
    reactor: Timer,
    command: Sequence[str],
    switch: Mapping[str, Any] | None = None,
    *,
    given: str = "",
    keep: Sequence[int] = (),
) -> Outcome:
    """Runs a program to its end; `given` is its input, and `keep` are the descriptors that it inherits."""
    source, sink = os.memfd_create("input"), os.memfd_create("output")
    try:
        os.pwrite(source, given.encode(), 0)
        child = spawn(command, switch or {}, source, sink, keep)
        try:
            while child.poll() is None:
                await deferLater(reactor, PACE)
        finally:
            child.kill()
            child.wait()
        return Outcome(child.returncode, os.pread(sink, 1 << 20, 0).decode(errors="replace"))
    finally:
        os.close(source)
        os.close(sink)


def spawn(
    command: Sequence[str], switch: Mapping[str, Any], source: int, sink: int, keep: Sequence[int]
) -> subprocess.Popen[bytes]:
    """Starts a program in a session of its own, so that Ctrl-C in our terminal does not reach it."""
    return subprocess.Popen(  # noqa: S603 (no shell, and the words are ours)
        command,
        stdin=source,
        stdout=sink,
        stderr=sink,
        cwd="/",
        env=ENVIRONMENT,
        start_new_session=True,
        umask=0o077,
        pass_fds=keep,
        **switch,
    )
