"""The check that the installed oauthlib is a version that was tested.

The validator relies on the order in which oauthlib calls its hooks, which oauthlib does not promise.
tests/oauth/test_hook_order.py checks that order for the versions allowed here, the same as those the package requires.
"""

import re
from typing import Final

import oauthlib

FIRST: Final = (4, 0, 1)
BEFORE: Final = (4, 1)


class LibraryError(Exception):
    """The installed version of oauthlib was not tested with our checks."""


def check(version: str = oauthlib.__version__) -> None:
    """Raises LibraryError unless this version of oauthlib was tested: another one might skip hooks that we rely on."""
    numbers = re.match(r"(\d+)\.(\d+)\.(\d+)$", version)
    if numbers is None or not FIRST <= tuple(map(int, numbers.groups())) < BEFORE:
        raise LibraryError(
            f"This server is tested with oauthlib {text(FIRST)} up to, but not including, {text(BEFORE)}, and here is "
            f"{version}: install one of those (pip install 'oauthlib>={text(FIRST)},<{text(BEFORE)}')."
        )


def text(version: tuple[int, ...]) -> str:
    """Returns the version with dots, such as `4.0.1`."""
    return ".".join(map(str, version))
