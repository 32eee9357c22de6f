"""The challenges of passkeys: each is good for one purpose, in one form, for some minutes, and once (H24).

A challenge is a text that only our servers can write, so that nothing is stored for those who never answer. That it was
used is written down together with what it was used for, so that it is good once on all servers together.
"""

import os
from base64 import urlsafe_b64decode
from datetime import UTC, date, datetime, timedelta
from enum import StrEnum
from hashlib import sha256
from typing import Final

from attrs import field, frozen

from iam.clock import Clock
from iam.secrets import signed
from iam.secrets.minted import base64url

PURPOSE: Final = "passkey challenges"
NONCE: Final = 32  # bytes
LIFETIME: Final = timedelta(hours=1)  # a page of a login may be open for a while before somebody uses it


class Ceremony(StrEnum):
    """What a passkey is asked for."""

    LOGIN = "login"
    FACTOR = "factor"
    CREATION = "creation"
    UPGRADE = "upgrade"


@frozen
class Challenge:
    """A challenge that is genuine and not too old: its bytes, and what is stored once it is used."""

    octets: bytes
    digest: bytes
    last_day: date


class Late(Exception):
    """The challenge is genuine, but older than LIFETIME."""


@frozen
class Challenges:
    """Writes and reads challenges, under a key of the server."""

    key: bytes = field(repr=False)
    clock: Clock

    def make(self, ceremony: Ceremony, bound: str) -> str:
        """Returns a new challenge as browsers take it, in base64url; `bound` is the secret of the form that it is for."""
        nonce = base64url(os.urandom(NONCE))
        return base64url(self._write(str(int(self.clock.now().timestamp())), nonce, ceremony, bound).encode())

    def read(self, text: str, ceremony: Ceremony, bound: str) -> Challenge | None:
        """Returns the challenge; None if it is none that was made for this. Raises Late."""
        octets = decode(text)
        written = octets.decode("ascii", "replace")
        second = signed.second(written)
        if second is None:
            return None
        stamp, nonce = written.split(".")[0], written.partition(".")[2].partition(".")[0]
        if not signed.equal(written, self._write(stamp, nonce, ceremony, bound)):
            return None
        end = datetime.fromtimestamp(second, UTC) + LIFETIME
        if self.clock.now() > end:
            raise Late
        return Challenge(octets, sha256(octets).digest(), end.date())

    def _write(self, second: str, nonce: str, ceremony: Ceremony, bound: str) -> str:
        return signed.write(f"{second}.{nonce}", self.key, f"{second}\0{nonce}\0{ceremony}\0{bound}")


def decode(text: str) -> bytes:
    """Decodes base64url without padding (RFC 7515 §2); b"" for anything else."""
    try:
        return urlsafe_b64decode(text.encode("ascii") + b"=" * (-len(text) % 4))
    except ValueError:
        return b""
