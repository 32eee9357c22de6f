"""The oauthlib under us: only one that was tested.

Our validator relies on the order in which oauthlib asks it, which no oauthlib promises. tests/oauth/test_hook_order.py keeps
that order for the versions allowed here, which are those that our package requires.
"""

import re
from typing import Final

import oauthlib

FIRST: Final = (4, 0, 1)
BEFORE: Final = (4, 1)


class LibraryError(Exception):
    """This oauthlib is none that our checks were tested with."""


def check(version: str = oauthlib.__version__) -> None:
    """Raise LibraryError unless this version of oauthlib was tested: another one might ask less than we rely on."""
    numbers = re.match(r"(\d+)\.(\d+)\.(\d+)$", version)
    if numbers is None or not FIRST <= tuple(map(int, numbers.groups())) < BEFORE:
        raise LibraryError(
            f"This server is tested with oauthlib {text(FIRST)} up to, but not including, {text(BEFORE)}, and here is "
            f"{version}: install one of those (pip install 'oauthlib>={text(FIRST)},<{text(BEFORE)}')."
        )


def text(version: tuple[int, ...]) -> str:
    """The version as people write it."""
    return ".".join(map(str, version))
