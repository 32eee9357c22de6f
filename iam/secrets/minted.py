"""Secrets that we make: minted from 256 random bits, recognised by their form, stored as digests (H25, H26)."""

import hashlib
import os
import time
import uuid
from base64 import urlsafe_b64encode
from datetime import date, datetime, timedelta
from enum import StrEnum
from functools import lru_cache
from typing import Final
from zlib import crc32

ALPHABET = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
DIGITS = {digit: value for value, digit in enumerate(ALPHABET)}
PAIRS = [first + second for first in ALPHABET for second in ALPHABET]
# A random byte below 248 = 4 * 62 gives a digit, and the others are passed over, so that all digits are equally likely.
DIGIT_OF = (ALPHABET * 5)[:256].encode()
PASSED_OVER = bytes(range(248, 256))
SPARE = 21  # more random bytes than digits, so that a second draw is as good as never needed
PREFIX_LENGTH = 7  # characters of `iam_at_`
DAY_LENGTH = 3  # base62 digits of a day
SECRET_LENGTH = 43  # base62 digits of 256 bits
CLIENT_ID_LENGTH = 22  # base62 digits, more than 128 bits
CHECKSUM_LENGTH = 6  # base62 digits of 32 bits
STEP_LENGTH = (
    4 + 6 + 43
)  # base62 digits of a later step of a session: its number, its time, and the check that it is ours
RANDOM_OF_UUID = (1 << 76) - 1 - (3 << 62)  # the bits below version and variant that are random (RFC 9562 §5.7)
FIRST_DAY = date(2000, 1, 1)
KNOWN_DAYS = 1024  # remembered, of those that secrets from outside name


class Kind(StrEnum):
    """What a secret is for; the second part of its text.

    `prefix` is how its secrets begin, `length` how long they are. Rows of `dated` kinds lie in partitions: their text holds the day
    after which nobody needs them, which names the partition.
    """

    prefix: str
    dated: bool
    length: int

    ACCESS_TOKEN = "at"
    REFRESH_TOKEN = "rt"
    AUTHORIZATION_CODE = "ac"
    ONLINE_CODE = "ao"  # an authorization code for which there is no refresh token
    DEVICE_CODE = "dc"
    SESSION = "se"
    VISITOR = "vi"
    CLIENT_SECRET = "cs"
    SETUP = "su"
    PENDING_LOGIN = "pl"
    INITIAL_ACCESS_TOKEN = "ia"
    REGISTRATION_ACCESS_TOKEN = "ra"
    PERSONAL_TOKEN = "pt"
    SERVICE_TOKEN = "st"
    PASSWORD_RESET = "rp"
    INVITATION = "iv"
    SIGN_UP = "sg"
    VERIFICATION = "ve"
    EMAIL_CHANGE = "ec"
    EMAIL_UNDO = "eu"
    PUSHED_REQUEST = "pr"

    def __init__(self, text: str) -> None:
        self.prefix = f"iam_{text}_"
        self.dated = text in ("at", "rt", "ac", "ao", "dc", "se")
        self.length = PREFIX_LENGTH + DAY_LENGTH * self.dated + SECRET_LENGTH + 1 + CHECKSUM_LENGTH


CODES: Final = (Kind.AUTHORIZATION_CODE, Kind.ONLINE_CODE)


def mint(kind: Kind) -> str:
    """Makes a new secret `iam_<kind>_<43 base62 digits>_<6 base62 digits of CRC-32>`, a form that secret scanners find."""
    return assemble(kind, None, draw(SECRET_LENGTH))


def mint_until(kind: Kind, end: datetime) -> str:
    """Makes a new secret whose first three digits are the day (UTC) on which it ends at the latest."""
    return assemble(kind, end.date(), draw(SECRET_LENGTH))


def compose(kind: Kind, entropy: bytes, day: date | None = None) -> str:
    """Returns the text of the secret with these 32 bytes; a day is given for dated kinds alone, or ValueError is raised."""
    return assemble(kind, day, base62(entropy, SECRET_LENGTH))


def assemble(kind: Kind, day: date | None, digits: str) -> str:
    """Returns the text of the secret with these digits; a day is given for dated kinds alone, or ValueError is raised."""
    if (day is not None) != kind.dated:
        raise ValueError("a secret that lies in a partition tells its day, no other does")
    return restored(kind, day_digits(day) + digits if day else digits)


def draw(length: int) -> str:
    """Draws so many random base62 digits."""
    drawn = b""
    while len(drawn) < length:
        drawn += os.urandom(length + SPARE).translate(DIGIT_OF, PASSED_OVER)
    return drawn[:length].decode()


def well_formed(text: str, kind: Kind) -> bool:
    """Whether `text` has the form of our secrets of this kind; tells truncated, mistyped and mixed-up secrets without a query."""
    if len(text) != kind.length or not text.startswith(kind.prefix) or not text.isascii():
        return False
    body = text[: -1 - CHECKSUM_LENGTH]
    return body[PREFIX_LENGTH:].isalnum() and text == f"{body}_{checksum(body)}"


def core(text: str) -> str:
    """Returns the day and random digits of a well-formed secret, without prefix and checksum."""
    return text[PREFIX_LENGTH : -1 - CHECKSUM_LENGTH]


def restored(kind: Kind, digits: str) -> str:
    """Returns the secret of this kind whose `core` these digits are."""
    body = kind.prefix + digits
    return f"{body}_{checksum(body)}"


def series(text: str) -> str:
    """Returns the secret that began the session of which `text`, by its form, is a later step; any other text as it is."""
    if len(text) != Kind.SESSION.length + STEP_LENGTH or not text.startswith(Kind.SESSION.prefix):
        return text
    return restored(Kind.SESSION, core(text)[:-STEP_LENGTH])


def digest(text: str) -> bytes:
    """Returns the SHA-256 digest (32 bytes) that stands for a secret in the database."""
    return hashlib.sha256(text.encode()).digest()


def day_of(text: str) -> date:
    """Returns the day in a well-formed secret of a dated kind."""
    return day_from(text[PREFIX_LENGTH : PREFIX_LENGTH + DAY_LENGTH])


@lru_cache(KNOWN_DAYS)
def day_digits(day: date) -> str:
    """Writes a day in three base62 digits, good until the year 2652."""
    return base62(((day - FIRST_DAY).days).to_bytes(4, "big"), DAY_LENGTH)


@lru_cache(KNOWN_DAYS)
def day_from(digits: str) -> date:
    """Parses a day that `day_digits` wrote."""
    return FIRST_DAY + timedelta(days=number(digits))


def number(digits: str) -> int:
    """Parses a number that `base62` wrote."""
    value = 0
    for digit in digits:
        value = value * len(ALPHABET) + DIGITS[digit]
    return value


def checksum(body: str) -> str:
    """Returns the CRC-32 of `body` in six base62 digits."""
    value = crc32(body.encode())
    return PAIRS[value // 3844**2] + PAIRS[value // 3844 % 3844] + PAIRS[value % 3844]


def base62(octets: bytes, length: int) -> str:
    """Writes a big-endian number in exactly `length` base62 digits."""
    rest = int.from_bytes(octets, "big")
    pairs = []
    for _ in range((length + 1) // 2):
        rest, pair = divmod(rest, 3844)
        pairs.append(PAIRS[pair])
    return "".join(reversed(pairs))[-length:]


def base64url(octets: bytes) -> str:
    """Returns the octets as base64url text without padding (RFC 7515 §2)."""
    return urlsafe_b64encode(octets).rstrip(b"=").decode()


def client_id(entropy: bytes) -> str:
    """Returns the id of a new client from these 32 bytes; it is no secret, but cannot be guessed."""
    return base62(entropy, CLIENT_ID_LENGTH)


def identifier() -> uuid.UUID:
    """Makes a UUIDv7 (RFC 9562 §5.7): milliseconds, then 74 random bits, so that new rows are neighbours in an index."""
    milliseconds, drawn = time.time_ns() // 1_000_000, int.from_bytes(os.urandom(10), "big")
    return uuid.UUID(int=(milliseconds << 80) | (7 << 76) | (2 << 62) | (drawn & RANDOM_OF_UUID))
