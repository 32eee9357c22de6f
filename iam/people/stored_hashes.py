"""The formats of stored hashes: our own, and those of Django until their people's next login (H16)."""

import re
from collections.abc import Callable
from time import perf_counter
from typing import Final

from attrs import frozen

from iam.people import argon2id, django_hashes

UNKNOWN: Final = (
    "Give a hash that can be checked here: argon2id as it is, or what Django writes as pbkdf2_sha256, argon2 (of argon2id), "
    "bcrypt_sha256 or scrypt."
)
COSTLY: Final = "Give a hash that costs less to check: this one would hold up the logins of others."


@frozen
class Format:
    """How a hash is written, whether a check of one costs too much, and the check."""

    pattern: re.Pattern[str]
    cheap: Callable[[re.Match[str]], bool]
    matches: Callable[[re.Match[str], bytes], bool]


FORMATS: Final = {
    "": Format(argon2id.STORED, argon2id.cheap, argon2id.matches),
    "pbkdf2_sha256": Format(django_hashes.PBKDF2, django_hashes.pbkdf2_cheap, django_hashes.pbkdf2_matches),
    "bcrypt_sha256": Format(django_hashes.BCRYPT, django_hashes.bcrypt_cheap, django_hashes.bcrypt_matches),
    "scrypt": Format(django_hashes.SCRYPT, django_hashes.scrypt_cheap, django_hashes.scrypt_matches),
}


def parse(stored: str) -> tuple[Format, re.Match[str]] | None:
    """Returns the format of a hash and what is found in it, or None; Django's argon2 has a name before ours."""
    text = stored.removeprefix("argon2")
    known = FORMATS.get(text.partition("$")[0])
    found = known.pattern.fullmatch(text) if known else None
    return (known, found) if known and found else None


def complaint(stored: str) -> str | None:
    """Returns why a hash cannot be taken, in a sentence, or None."""
    parsed = parse(stored)
    if parsed is None:
        return UNKNOWN
    known, found = parsed
    return None if known.cheap(found) else COSTLY


def affordable(stored: str) -> bool:
    """Tells whether this is a hash that can be checked, and whose check does not cost too much."""
    return complaint(stored) is None


def outdated(stored: str) -> bool:
    """Tells whether this hash was made with an algorithm or with parameters other than today's."""
    return not stored.startswith(argon2id.PARAMETERS)


def foreign(stored: str) -> bool:
    """Tells whether another program has made this hash."""
    return not stored.startswith(argon2id.OWN)


def cost(stored: str) -> float:
    """Returns the seconds that a check of this hash takes here: the less of two, since other work may fall upon one."""

    def measure() -> float:
        began = perf_counter()
        matches(stored, b"")
        return perf_counter() - began

    return min(measure(), measure())


def matches(stored: str, password: bytes) -> bool:
    """Tells whether the password belongs to the hash."""
    parsed = parse(stored)
    return parsed is not None and parsed[0].matches(parsed[1], password)
