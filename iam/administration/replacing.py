"""Changes of objects that are read, changed in part and replaced, so that none undoes another that is made at the same time."""

from collections.abc import Awaitable, Callable
from typing import Final, TypeVar

from iam.administration.administration import Administration
from iam.records.invalid import Invalid
from iam.store.versions import Changed

TRIES: Final = 25  # each time that others were faster, one of them has come through
BUSY: Final = "Others change this at the same moment, again and again. Nothing is done: try again."

T = TypeVar("T")


class Busy(Invalid):
    """Others have changed the object each time that it was to be replaced."""

    def __init__(self) -> None:
        super().__init__({"": BUSY})


async def replaced(on: Administration, noun: str, key: str, replace: Callable[[], Awaitable[T]]) -> T:
    """Returns what `replace` returns, which reads the object with this key and writes it with a few members changed.

    If somebody else has changed it between these two, nothing is written and `replace` is called again. Where the caller
    asks for a version (`unchanged`), that is the one that is replaced. Raises Busy, and what `replace` raises.
    """
    versions = on.store.versions
    if versions.asked():
        return await replace()
    for _ in range(TRIES):
        version = await versions.read(noun, key)
        try:
            with versions.unchanged(noun, key, version):
                return await replace()
        except Changed:
            continue
    raise Busy
