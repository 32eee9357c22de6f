"""How well a person has proved who they are: classes (acr, OpenID Connect Core §2) of methods (amr, RFC 8176)."""

from collections.abc import Collection, Iterable
from typing import Final

ONE_FACTOR: Final = "1"
TWO_FACTORS: Final = "2"
PHISHING_RESISTANT: Final = "phr"  # OpenID Connect Extended Authentication Profile ACR Values 1.0

LEVELS: Final = (ONE_FACTOR, TWO_FACTORS, PHISHING_RESISTANT)  # each includes those before it

PASSWORD: Final = "pwd"
ONE_TIME: Final = "otp"
SEVERAL: Final = "mfa"
KEYS: Final = frozenset({"hwk", "swk"})
VERIFIED: Final = "user"  # the key was unlocked by the person's finger, face or PIN


def of(amr: Collection[str]) -> str:
    """Returns the class of a login by these methods."""
    if VERIFIED in amr and not KEYS.isdisjoint(amr):
        return PHISHING_RESISTANT
    return TWO_FACTORS if SEVERAL in amr else ONE_FACTOR


def reaches(had: str, wanted: str | None) -> bool:
    """Whether a class is at least the one that is wanted; None is reached by all."""
    return wanted is None or LEVELS.index(had) >= LEVELS.index(wanted)


def highest(levels: Iterable[str | None]) -> str | None:
    """Returns the highest of these classes; None if there is none among them."""
    return max((level for level in levels if level is not None), key=LEVELS.index, default=None)


def lowest(levels: Iterable[object]) -> str | None:
    """Returns the lowest of the classes among these values, others being passed over; None if there is none."""
    given = list(levels)  # of clients: not all of it can be in a set
    return next((level for level in LEVELS if level in given), None)


def told(had: str, asked: Collection[object]) -> str:
    """Returns the class to tell a client that asked for one of these: the highest that is reached; else what it is."""
    return highest(level for level in LEVELS if level in asked and reaches(had, level)) or had


def add(amr: Iterable[str], more: Iterable[str]) -> tuple[str, ...]:
    """Returns the methods of a login to which a factor by other methods was added, each once."""
    return tuple(dict.fromkeys((*amr, *more, SEVERAL)))
