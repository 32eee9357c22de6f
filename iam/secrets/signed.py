"""Dated texts that only our servers can write: the second in which a text was made, what else it says, and an HMAC, with dots between.

The tokens of forms, the marks on addresses and the tickets of pending secrets are such texts. Their bytes stay as they are, since
servers of two versions read each other's during an upgrade. So each module says itself what its HMAC is of, in which digits it
stands, and from which moment on a text is too old. The steps of a session (`people/steps.py`) and the values of devices
(`people/devices.py`) have no dots: they are base62 digits of a fixed width, and part of other texts.
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
    """Returns the second since 1970 with which a text begins, which is true only if the text is genuine; None if there is none."""
    digits = text.partition(".")[0]
    return int(digits) if SECOND.fullmatch(digits) else None
