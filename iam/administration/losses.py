"""What a destructive action takes away: shown to the person who wants it, before it is done."""

from collections.abc import Awaitable, Callable, Collection, Sequence
from typing import Final, TypeVar

from attrs import frozen

from iam.database.errors import Unavailable

FEW: Final = 5  # names that are listed; the rest are only counted
KNOWN: Final = 50  # things that are looked at one by one; of more than these the others are only counted
MOST: Final = 1000  # of more than these it is only said that they are more

T = TypeVar("T")


@frozen
class Section:
    """A heading, and the items it is about."""

    heading: str
    items: Sequence[str] = ()


@frozen
class Losses:
    """The question to confirm, and what is lost if the person agrees.

    Losses `for_good` cannot be made good again: the action is done only if a person agrees to it.
    """

    question: str
    sections: Sequence[Section]
    for_good: bool = False


def nameless(_: object) -> None:
    """Names nothing, so that `count` tells only the number."""


def count(
    things: Collection[T] | None,
    noun: str,
    name: Callable[[T], str | None] = nameless,
    number: int | None = None,
) -> list[str]:
    """Returns how many things there are with the first names, as one item; no item if there are none.

    None means that they could not be counted in time, and the item says so. `number` is how many they are, if these are
    only some of them.
    """
    if things is None:
        return [f"{noun}s, which could not be counted in time"]
    if not things:
        return []
    names = sorted({each for each in map(name, things) if each})
    more = f" and {len(names) - FEW} more" if len(names) > FEW else ""
    listed = f": {', '.join(names[:FEW])}{' and others' if number else more}" if names else ""
    return [f"{written(number or len(things))} {noun}{'s' if len(things) > 1 else ''}{listed}"]


def written(number: int) -> str:
    """Returns a number as it is told, or that it is more than MOST."""
    return f"more than {MOST:,}" if number > MOST else str(number)


async def try_in_time(listing: Awaitable[list[T]]) -> list[T] | None:
    """Returns the list, or None if the database takes too long to make it (Unavailable)."""
    try:
        return await listing
    except Unavailable:
        return None
