"""Who uses a data directory: kept by the kernel, which forgets nobody who dies (H49, H50)."""

import fcntl
import os
from pathlib import Path
from typing import Self


class Lock:
    """A lock on a file, of this object alone; programs that inherit its `file` hold it too."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.file = -1

    @property
    def held(self) -> bool:
        """Do we hold it, shared or not?"""
        return self.file >= 0

    def take(self, *, shared: bool = False) -> bool:
        """Take it, or change it from shared to exclusive; False, and nothing held, if others are in the way."""
        if not self.held:
            self.file = os.open(self.path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
        try:
            fcntl.flock(self.file, (fcntl.LOCK_SH if shared else fcntl.LOCK_EX) | fcntl.LOCK_NB)
        except BlockingIOError:
            self.close()
            return False
        return True

    def close(self) -> None:
        """Hold it no more; who inherited it still does."""
        if self.held:
            os.close(self.file)
            self.file = -1

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()
