"""Programs run without making the reactor wait, and processes found in /proc instead of in lists of numbers (H50)."""

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
PACE: Final = 0.01  # seconds between two looks at a process that will soon have done its work
ENVIRONMENT: Final = {"PATH": os.defpath, "LC_ALL": "C"}  # and no PG… variable of whoever started us


@frozen
class Outcome:
    """How a program ended, and what it said."""

    code: int
    output: str

    @property
    def last(self) -> str:
        """The last line, which is where programs say why."""
        return (self.output.strip().splitlines() or [f"exit status {self.code}"])[-1]


@frozen
class Process:
    """A process that need not be our child; its start time tells it from a later one with the same number."""

    pid: int
    started: str

    @property
    def alive(self) -> bool:
        """Is it still this process, and not a zombie?"""
        return process(self.pid) == self

    def send(self, signal: Signals) -> None:
        """Send a signal, if it is still there."""
        if self.alive:
            with suppress(ProcessLookupError):
                os.kill(self.pid, signal)


def fields(pid: int) -> list[str]:
    """What /proc/PID/stat says behind the name, which may itself contain spaces and parentheses; empty if it is gone."""
    try:
        return (PROC / str(pid) / "stat").read_text().rpartition(")")[2].split()
    except OSError:
        return []


def process(pid: int) -> Process | None:
    """The living process of this number."""
    match fields(pid):
        case [state, *others] if state not in "ZX":
            return Process(pid, others[18])
        case _:
            return None


def parent(pid: int) -> int:
    """The number of the process that started this one; 0 if it is gone."""
    return int((fields(pid) or "00")[1])


def arguments(pid: int, uid: int) -> list[str]:
    """The command line of a process of this user. Even root in a container may read no more of another user's process."""
    directory = PROC / str(pid)
    try:
        if directory.stat().st_uid != uid:
            return []
        return (directory / "cmdline").read_bytes().decode(errors="replace").split("\0")
    except OSError:
        return []


def belongs(pid: int, uid: int, tag: str) -> bool:
    """Is this a process of the cluster? A postmaster has `tag` in its arguments, the others have it in their title."""
    words = arguments(pid, uid)
    return f"cluster_name={tag}" in words or any(word.startswith(f"postgres: {tag}:") for word in words[:1])


def belonging(uid: int, tag: str) -> Iterator[int]:
    """All processes of the cluster."""
    numbers = [int(entry.name) for entry in PROC.iterdir() if entry.name.isdecimal()]
    return (pid for pid in numbers if belongs(pid, uid, tag))


def works_in(pid: int, uid: int, directory: Path) -> bool:
    """Is this a postmaster in that directory, whoever started it?"""
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
    """Run a program to its end; `given` is its input, and `keep` are files that it inherits."""
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
    """Start a program in a session of its own, so that Ctrl-C in our terminal does not reach it."""
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
