"""What goes with something that is destroyed: told to whoever wants to do it, before it is done."""

from collections.abc import Awaitable, Iterable, Sequence
from typing import Final, TypeVar

from attrs import frozen

from iam.database.errors import Unavailable

FEW: Final = 5  # names that are told; of the others the number

T = TypeVar("T")


@frozen
class Section:
    """A sentence, and the things it is about."""

    heading: str
    items: Sequence[str] = ()


@frozen
class Losses:
    """The question whether it is meant, and what goes if it is.

    What is lost `for_good` cannot be given anew: it is done only on somebody's word.
    """

    question: str
    sections: Sequence[Section]
    for_good: bool = False


def counted(number: int | None, noun: str, names: Iterable[str | None] = ()) -> list[str]:
    """So many of something, and the names of the first; nothing where there is none; None: they could not be counted in time."""
    if number is None:
        return [f"{noun}s, which could not be counted in time"]
    if not number:
        return []
    known = sorted({name for name in names if name})
    more = f" and {len(known) - FEW} more" if len(known) > FEW else ""
    listed = f": {', '.join(known[:FEW])}{more}" if known else ""
    return [f"{number} {noun}{'s' if number > 1 else ''}{listed}"]


async def in_time(listing: Awaitable[list[T]]) -> list[T] | None:
    """The list; None where a large database takes too long to make it."""
    try:
        return await listing
    except Unavailable:
        return None
