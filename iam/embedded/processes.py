"""Processes without waiting for them on the reactor, and the ones found in /proc instead of in lists of numbers (H50)."""

import os
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from signal import Signals
from typing import Any, Final

from attrs import frozen
from twisted.internet.task import deferLater

PROC: Final = Path("/proc")
PACE: Final = 0.01  # seconds between two looks at a process that will soon have done its work
ENVIRONMENT: Final = {"PATH": os.defpath, "LC_ALL": "C"}  # and no PG… variable of whoever starts us


@frozen
class Outcome:
    """How a program ended."""

    code: int
    output: str


@frozen
class Process:
    """A process that is not our child; its start time tells it from a later one with the same number."""

    pid: int
    started: str

    @property
    def alive(self) -> bool:
        """Is it still this process, and not a zombie?"""
        return status(self.pid) == self

    def send(self, signal: Signals) -> None:
        """Send a signal, if it is still there."""
        if self.alive:
            with suppress(ProcessLookupError):
                os.kill(self.pid, signal)


def status(pid: int) -> Process | None:
    """The living process of this number."""
    try:
        fields = (PROC / str(pid) / "stat").read_text().rpartition(")")[2].split()
    except OSError:
        return None
    return None if fields[0] in "ZX" else Process(pid, fields[19])


def parent(pid: int) -> int:
    """The number of the process that started this one; 0 if it is gone."""
    try:
        return int((PROC / str(pid) / "stat").read_text().rpartition(")")[2].split()[1])
    except OSError:
        return 0


def arguments(pid: int, uid: int) -> list[str]:
    """The command line of a process of this user; everybody may read it, other than its executable or directory."""
    directory = PROC / str(pid)
    try:
        if directory.stat().st_uid != uid:
            return []
        return (directory / "cmdline").read_bytes().decode(errors="replace").split("\0")
    except OSError:
        return []


def belonging(uid: int, tag: str) -> Iterator[int]:
    """The processes of a cluster: the postmaster has `tag` in its arguments, the others show it in their title."""
    for entry in PROC.iterdir():
        if entry.name.isdigit() and belongs(int(entry.name), uid, tag):
            yield int(entry.name)


def belongs(pid: int, uid: int, tag: str) -> bool:
    """Is this a process of the cluster?"""
    words = arguments(pid, uid)
    return f"cluster_name={tag}" in words or bool(words) and words[0].startswith(f"postgres: {tag}:")


async def run(
    reactor: Any, command: Sequence[str], switch: Mapping[str, Any] | None = None, *, given: str = "", keep: Sequence[int] = ()
) -> Outcome:
    """Run a program to its end, apart from our terminal; `keep` are files that it inherits."""
    source, sink = os.memfd_create("input"), os.memfd_create("output")
    try:
        os.pwrite(source, given.encode(), 0)
        child = spawn(command, switch or {}, source, sink, keep)
        try:
            while child.poll() is None:
                await deferLater(reactor, PACE)
        finally:
            if child.returncode is None:
                child.kill()
                child.wait()
        return Outcome(child.returncode, os.pread(sink, 1 << 20, 0).decode(errors="replace"))
    finally:
        os.close(source)
        os.close(sink)


def spawn(command: Sequence[str], switch: Mapping[str, Any], source: int, sink: int, keep: Sequence[int]) -> subprocess.Popen[bytes]:
    """Start a program in a session of its own, so that Ctrl-C in our terminal does not reach it."""
    return subprocess.Popen(  # noqa: S603 (no shell, and all words are ours)
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
