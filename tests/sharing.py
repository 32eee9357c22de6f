"""What the processes of one run share: things that take long to make are made by the first who needs them."""

import fcntl
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest


@contextmanager
def alone(file: Path) -> Iterator[None]:
    """Let in one process at a time."""
    with file.open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def shared(factory: pytest.TempPathFactory, name: str, make: Callable[[Path], None]) -> Path:
    """A directory that `make` fills, once in a run, whichever process comes first."""
    ours = factory.getbasetemp()
    base = ours.parent if "PYTEST_XDIST_WORKER" in os.environ else ours
    with alone(base / f"{name}.lock"):
        directory, made = base / name, base / f"{name}.made"
        if not made.exists():
            directory.mkdir()
            make(directory)
            made.touch()
    return directory
