"""argon2id, by which passwords are kept (H16, RFC 9106)."""

import re
from base64 import b64encode
from functools import cache
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from argon2 import PasswordHasher

MEMORY: Final = 19_456  # KiB
PASSES: Final = 2
LANES: Final = 1
OWN: Final = "$argon2id$"  # with this begin our hashes, and those of no other program

# A stored hash determines the cost of checking it. A hash that costs more than this (KiB, passes) is not checked.
MOST_MEMORY: Final = 262_144
MOST_PASSES: Final = 16
STORED: Final = re.compile(
    r"\$argon2id\$v=19\$m=(\d{1,6}),t=(\d{1,2}),p=[1-8]\$[A-Za-z0-9+/]{11,86}\$[A-Za-z0-9+/]{22,86}"
)


def unpad(octets: bytes) -> str:
    """Returns base64 without padding, as in argon2's encoded hashes."""
    return b64encode(octets).decode().rstrip("=")


# A hash for unknown people, so that checking their passwords costs the same.
PARAMETERS: Final = f"{OWN}v=19$m={MEMORY},t={PASSES},p={LANES}$"
NOBODY: Final = f"{PARAMETERS}{unpad(bytes(16))}${unpad(bytes(32))}"


def cheap(found: re.Match[str]) -> bool:
    """Tells whether the check of this hash does not cost too much."""
    return int(found[1]) <= MOST_MEMORY and int(found[2]) <= MOST_PASSES


def matches(found: re.Match[str], password: bytes) -> bool:
    """Tells whether the password belongs to the hash."""
    from argon2.exceptions import VerificationError

    try:
        return hasher().verify(found[0], password)
    except VerificationError:
        return False


def hash_octets(password: bytes) -> str:
    """Returns the encoded argon2id hash."""
    return hasher().hash(password)


@cache
def hasher() -> "PasswordHasher":
    """Returns argon2's hasher, loaded at the first password, so that the server starts without it."""
    from argon2 import PasswordHasher

    return PasswordHasher(PASSES, MEMORY, LANES)
