"""Dated texts that only our servers can write: the second in which a text was made, more that it says, and an HMAC.

The tokens of forms, the marks on addresses and the tickets of pending secrets are such texts, with dots between their
parts. Their bytes stay as they are, because servers of two versions read each other's during an upgrade. So each module
decides what its HMAC is of, in which digits it is written, and when a text is too old. The steps of a session
(`people/steps.py`) and the values of devices (`people/devices.py`) are not written here: they have no dots, but base62
digits of a fixed width, and are parts of other texts.
"""

import hmac
import re
from collections.abc import Callable
from typing import Final

from iam.secrets import minted

SECOND: Final = re.compile(r"[0-9]{1,12}")


def write(body: str, key: bytes, said: str, digits: Callable[[bytes], str] = minted.base64url) -> str:
    """Returns the body with the HMAC of `said` behind it; `said` is the body and all that the text is bound to."""
    return f"{body}.{digits(mac(key, said))}"


def mac(key: bytes, said: str) -> bytes:
    """Returns the HMAC-SHA-256 (32 bytes) of a text in UTF-8."""
    return hmac.digest(key, said.encode(), "sha256")


def equal(given: str, written: str) -> bool:
    """Whether a text that came is the one that was written, compared in constant time."""
    return hmac.compare_digest(given.encode(), written.encode())


def second(text: str) -> int | None:
    """Returns the second since 1970 with which a text begins, true only if the text is genuine; None without one."""
    digits = text.partition(".")[0]
    return int(digits) if SECOND.fullmatch(digits) else None
