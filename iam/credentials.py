"""Secrets made by us: minted from 256 random bits, recognised by their form, stored as digests (H25, H26)."""

import hashlib
import secrets
import time
import uuid
from enum import StrEnum
from zlib import crc32

ALPHABET = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
PAIRS = [first + second for first in ALPHABET for second in ALPHABET]
SECRET_LENGTH = 43  # base62 digits of 256 bits
CHECKSUM_LENGTH = 6  # base62 digits of 32 bits


class Kind(StrEnum):
    """What a secret is for; the second part of its text."""

    ACCESS_TOKEN = "at"
    REFRESH_TOKEN = "rt"
    AUTHORIZATION_CODE = "ac"
    CLIENT_SECRET = "cs"
    SESSION = "se"
    SETUP = "su"


def mint(kind: Kind) -> str:
    """A new secret `iam_<kind>_<43 base62 digits>_<6 base62 digits of CRC-32>`, so that secret scanners find it."""
    return compose(kind, secrets.token_bytes(32))


def compose(kind: Kind, entropy: bytes) -> str:
    """The text of the secret with these 32 bytes."""
    body = f"iam_{kind.value}_{base62(entropy, SECRET_LENGTH)}"
    return f"{body}_{checksum(body)}"


def well_formed(text: str, kind: Kind) -> bool:
    """Could we have made `text` as a secret of this kind? Refuses prefixes, mixed-up kinds and typing errors without a query."""
    body, _, check = text.rpartition("_")
    return (
        len(text) == 4 + len(kind.value) + 1 + SECRET_LENGTH + 1 + CHECKSUM_LENGTH
        and text.isascii()
        and text.startswith(f"iam_{kind.value}_")
        and check == checksum(body)
    )


def digest(text: str) -> bytes:
    """The SHA-256 digest (32 bytes) that stands for a 256-bit secret in the database."""
    return hashlib.sha256(text.encode()).digest()


def checksum(body: str) -> str:
    """CRC-32 of `body` in six base62 digits."""
    return base62(crc32(body.encode()).to_bytes(4, "big"), CHECKSUM_LENGTH)


def base62(number: bytes, length: int) -> str:
    """The big-endian `number` in exactly `length` base62 digits."""
    rest = int.from_bytes(number, "big")
    pairs = []
    for _ in range((length + 1) // 2):
        rest, pair = divmod(rest, 3844)
        pairs.append(PAIRS[pair])
    return "".join(reversed(pairs))[-length:]


def identifier() -> uuid.UUID:
    """A UUIDv7 (RFC 9562 §5.7): milliseconds, then 74 random bits, so that new rows stand together in an index."""
    milliseconds = time.time_ns() // 1_000_000
    number = (milliseconds << 80) | (7 << 76) | (secrets.randbits(12) << 64) | (2 << 62) | secrets.randbits(62)
    return uuid.UUID(int=number)
