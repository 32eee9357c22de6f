"""What goes with something that is destroyed: told to whoever wants to do it, before it is done."""

from collections.abc import Awaitable, Callable, Collection, Sequence
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


def nameless(_: object) -> None:
    """No name: the number says it all."""


def count(things: Collection[T] | None, noun: str, name: Callable[[T], str | None] = nameless) -> list[str]:
    """How many things there are, and the first names; nothing where there are none; None: they could not be counted in time."""
    if things is None:
        return [f"{noun}s, which could not be counted in time"]
    if not things:
        return []
    names = sorted({each for each in map(name, things) if each})
    more = f" and {len(names) - FEW} more" if len(names) > FEW else ""
    listed = f": {', '.join(names[:FEW])}{more}" if names else ""
    return [f"{len(things)} {noun}{'s' if len(things) > 1 else ''}{listed}"]


async def try_in_time(listing: Awaitable[list[T]]) -> list[T] | None:
    """The list; None where a large database takes too long to make it."""
    try:
        return await listing
    except Unavailable:
        return None
