"""Secrets that we make: minted from 256 random bits, recognised by their form, stored as digests (H25, H26)."""

import hashlib
import secrets
import time
import uuid
from datetime import date, datetime, timedelta
from enum import StrEnum
from zlib import crc32

ALPHABET = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
DIGITS = {digit: value for value, digit in enumerate(ALPHABET)}
PAIRS = [first + second for first in ALPHABET for second in ALPHABET]
DAY_LENGTH = 3  # base62 digits of a day
SECRET_LENGTH = 43  # base62 digits of 256 bits
CLIENT_ID_LENGTH = 22  # base62 digits, more than 128 bits
CHECKSUM_LENGTH = 6  # base62 digits of 32 bits
STEP_LENGTH = (
    4 + 6 + 43
)  # base62 digits of a later step of a session: its number, its time, and the check that it is ours
FIRST_DAY = date(2000, 1, 1)


class Kind(StrEnum):
    """What a secret is for; the second part of its text."""

    ACCESS_TOKEN = "at"
    REFRESH_TOKEN = "rt"
    AUTHORIZATION_CODE = "ac"
    SESSION = "se"
    VISITOR = "vi"
    CLIENT_SECRET = "cs"
    SETUP = "su"
    INITIAL_ACCESS_TOKEN = "ia"
    REGISTRATION_ACCESS_TOKEN = "ra"


# Secrets whose rows lie in partitions: their text holds the day after which nobody needs them, which names the partition.
DATED = frozenset({Kind.ACCESS_TOKEN, Kind.REFRESH_TOKEN, Kind.AUTHORIZATION_CODE, Kind.SESSION})


def mint(kind: Kind) -> str:
    """Make a new secret `iam_<kind>_<43 base62 digits>_<6 base62 digits of CRC-32>`, a form that secret scanners find."""
    return compose(kind, secrets.token_bytes(32))


def mint_until(kind: Kind, end: datetime) -> str:
    """Make a new secret whose first three digits are the day (UTC) on which it ends at the latest."""
    return compose(kind, secrets.token_bytes(32), end.date())


def compose(kind: Kind, entropy: bytes, day: date | None = None) -> str:
    """Return the text of the secret with these 32 bytes; a day is given for DATED kinds alone, or ValueError is raised."""
    if (day is not None) != (kind in DATED):
        raise ValueError("a secret that lies in a partition tells its day, no other does")
    return restored(kind, (day_digits(day) if day else "") + base62(entropy, SECRET_LENGTH))


def well_formed(text: str, kind: Kind) -> bool:
    """Whether `text` has the form of our secrets of this kind; tells truncated, mistyped and mixed-up secrets without a query."""
    body, _, check = text.rpartition("_")
    length = 4 + len(kind.value) + 1 + DAY_LENGTH * (kind in DATED) + SECRET_LENGTH + 1 + CHECKSUM_LENGTH
    return (
        len(text) == length
        and text.isascii()
        and text.startswith(f"iam_{kind.value}_")
        and check == checksum(body)
        and body[5 + len(kind.value) :].isalnum()
    )


def core(text: str) -> str:
    """Return the day and random digits of a well-formed secret, without prefix and checksum."""
    return text.split("_", 2)[2].partition("_")[0]


def restored(kind: Kind, digits: str) -> str:
    """Return the secret of this kind whose `core` these digits are."""
    body = f"iam_{kind.value}_{digits}"
    return f"{body}_{checksum(body)}"


def series(text: str) -> str:
    """Return the secret that began the session of which `text`, by its form, is a later step; any other text as it is."""
    prefix = f"iam_{Kind.SESSION}_"
    length = DAY_LENGTH + SECRET_LENGTH
    if len(text) != len(prefix) + length + STEP_LENGTH + 1 + CHECKSUM_LENGTH or not text.startswith(prefix):
        return text
    return restored(Kind.SESSION, core(text)[:length])


def digest(text: str) -> bytes:
    """Return the SHA-256 digest (32 bytes) that stands for a secret in the database."""
    return hashlib.sha256(text.encode()).digest()


def day_of(text: str) -> date:
    """Return the day in a well-formed secret of a DATED kind."""
    return day_from(core(text)[:DAY_LENGTH])


def day_digits(day: date) -> str:
    """Write a day in three base62 digits, good until the year 2652."""
    return base62(((day - FIRST_DAY).days).to_bytes(4, "big"), DAY_LENGTH)


def day_from(digits: str) -> date:
    """Parse a day that `day_digits` wrote."""
    return FIRST_DAY + timedelta(days=number(digits))


def number(digits: str) -> int:
    """Parse a number that `base62` wrote."""
    value = 0
    for digit in digits:
        value = value * len(ALPHABET) + DIGITS[digit]
    return value


def checksum(body: str) -> str:
    """Return the CRC-32 of `body` in six base62 digits."""
    return base62(crc32(body.encode()).to_bytes(4, "big"), CHECKSUM_LENGTH)


def base62(octets: bytes, length: int) -> str:
    """Write a big-endian number in exactly `length` base62 digits."""
    rest = int.from_bytes(octets, "big")
    pairs = []
    for _ in range((length + 1) // 2):
        rest, pair = divmod(rest, 3844)
        pairs.append(PAIRS[pair])
    return "".join(reversed(pairs))[-length:]


def client_id(entropy: bytes) -> str:
    """Return the id of a new client from these 32 bytes; it is no secret, but cannot be guessed."""
    return base62(entropy, CLIENT_ID_LENGTH)


def identifier() -> uuid.UUID:
    """Make a UUIDv7 (RFC 9562 §5.7): milliseconds, then 74 random bits, so that new rows are neighbours in an index."""
    milliseconds = time.time_ns() // 1_000_000
    number = (milliseconds << 80) | (7 << 76) | (secrets.randbits(12) << 64) | (2 << 62) | secrets.randbits(62)
    return uuid.UUID(int=number)
