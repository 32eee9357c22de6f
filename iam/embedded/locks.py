"""Locks that say who uses a data directory; the kernel frees them when their processes die (H49, H50)."""

import fcntl
import os
from pathlib import Path
from typing import Self


class Lock:
    """A lock on a file, held by this object; programs that inherit the descriptor `file` hold it too."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.file = -1

    @property
    def held(self) -> bool:
        """Whether this object holds the lock, shared or exclusive."""
        return self.file >= 0

    def take(self, *, shared: bool = False) -> bool:
        """Takes the lock, or makes a shared one exclusive; False, and nothing is held, if another process is in the way."""
        if not self.held:
            self.file = os.open(self.path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
        try:
            fcntl.flock(self.file, (fcntl.LOCK_SH if shared else fcntl.LOCK_EX) | fcntl.LOCK_NB)
        except BlockingIOError:
            self.close()
            return False
        return True

    def close(self) -> None:
        """Lets go of the lock; programs that inherited it still hold it."""
        if self.held:
            os.close(self.file)
            self.file = -1

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()
