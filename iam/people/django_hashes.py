"""PBKDF2, bcrypt and scrypt as Django writes them, for people who move in (django.contrib.auth.hashers).

Each function is told what the pattern has found in a hash.
"""

import hashlib
import re
from base64 import b64encode
from hmac import compare_digest
from typing import Final

Found = re.Match[str]

# A hash that costs more than this is not checked: each is about a second of one core, and 256 MiB.
MOST_ITERATIONS: Final = 3_000_000
MOST_ROUNDS: Final = 13  # as a power of two
MOST_BLOCKS: Final = 2**21  # of 128 bytes, of all lanes together
MOST_MEMORY: Final = 256 << 20  # bytes

SALT: Final = r"([\x21-\x23\x25-\x7e]{1,128})"
NUMBER: Final = r"([1-9]\d{0,7})"
PBKDF2: Final = re.compile(rf"pbkdf2_sha256\${NUMBER}\${SALT}\$([A-Za-z0-9+/]{{43}}=)")
BCRYPT: Final = re.compile(r"bcrypt_sha256\$(\$2[aby]\$(0[4-9]|[12]\d|3[01])\$[./A-Za-z0-9]{53})")
SCRYPT: Final = re.compile(rf"scrypt\${NUMBER}\${SALT}\${NUMBER}\${NUMBER}\$([A-Za-z0-9+/]{{86}}==)")


def pbkdf2_cheap(found: Found) -> bool:
    """Tells whether so many iterations do not cost too much."""
    return int(found[1]) <= MOST_ITERATIONS


def pbkdf2_matches(found: Found, password: bytes) -> bool:
    """Checks the password by PBKDF2 with HMAC-SHA-256 (RFC 8018 §5.2)."""
    made = hashlib.pbkdf2_hmac("sha256", password, found[2].encode(), int(found[1]))
    return compare_digest(b64encode(made).decode(), found[3])


def bcrypt_cheap(found: Found) -> bool:
    """Tells whether so many rounds do not cost too much."""
    return int(found[2]) <= MOST_ROUNDS


def bcrypt_matches(found: Found, password: bytes) -> bool:
    """Checks the SHA-256 of the password, in hexadecimal, by bcrypt, which takes 72 bytes at most."""
    import bcrypt

    try:
        return bcrypt.checkpw(hashlib.sha256(password).hexdigest().encode(), found[1].encode())
    except ValueError:  # a salt that no bcrypt has made
        return False


def scrypt_cheap(found: Found) -> bool:
    """Tells whether these parameters cost neither too much time nor too much memory."""
    cost, blocks, lanes = int(found[1]), int(found[3]), int(found[4])
    return cost * blocks * lanes <= MOST_BLOCKS and 128 * blocks * (cost + lanes) <= MOST_MEMORY


def scrypt_matches(found: Found, password: bytes) -> bool:
    """Checks the password by scrypt (RFC 7914); false for a cost that is no power of two."""
    cost, blocks, lanes = int(found[1]), int(found[3]), int(found[4])
    if cost < 2 or cost & (cost - 1):  # noqa: PLR2004 - RFC 7914 §2
        return False
    room = 128 * blocks * (cost + lanes + 2)
    made = hashlib.scrypt(password, salt=found[2].encode(), n=cost, r=blocks, p=lanes, maxmem=room, dklen=64)
    return compare_digest(b64encode(made).decode(), found[5])
