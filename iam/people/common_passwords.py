"""The passwords that are tried first: those of eight characters or more among the 100,000 most common (H13).

common_passwords.license says where the list is from.
"""

import gzip
from functools import cache
from pathlib import Path
from typing import Final

LIST: Final = Path(__file__).with_suffix(".txt.gz")


def common(password: str) -> bool:
    """Tells whether this is one of them, whatever its case."""
    return f"\n{password.lower()}\n".encode() in lines()


@cache
def lines() -> bytes:
    """Returns the list, a password a line, with a line break at its beginning too; 355 kB, read at the first use.

    To search a text of this size takes tens of microseconds; a set would take ten times the memory.
    """
    return gzip.decompress(LIST.read_bytes())
