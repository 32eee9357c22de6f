"""Pages of tables by the key of the last row (keyset paging), and the range of an index that begins with a text."""

from typing import Final

LAST: Final = "\U0010ffff"  # no text has it, since it is no character


def beyond(prefix: str) -> str:
    """Returns a text behind all that begin with `prefix`, in the order of their bytes."""
    return prefix + LAST
