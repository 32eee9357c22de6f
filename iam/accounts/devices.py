"""Browsers in which an account has logged in before: strangers' failures do not hold them up (OWASP, device cookies).

A value says nothing but that. It begins no session, and stands in no table: it is an identifier with a MAC over it and the account.
"""

import hmac
import secrets
from collections.abc import Iterable
from datetime import date, datetime, timedelta
from hashlib import sha256
from typing import Final
from uuid import UUID

from attrs import field, frozen

from iam import credentials

LIFETIME: Final = timedelta(days=365)
NONCE: Final = 22  # base62 digits, more than 128 bits
MAC: Final = 43


@frozen
class Devices:
    """Makes and recognises the values, under a key of the server."""

    key: bytes = field(repr=False)

    def remembered(self, user_id: UUID, now: datetime) -> str:
        """A value for the browser in which this account has just logged in."""
        last = credentials.day_digits((now + LIFETIME).date())
        nonce = credentials.base62(secrets.token_bytes(32), NONCE)
        return f"{last}{nonce}_{self._mac(user_id, last + nonce)}"

    def known(self, user_id: UUID, values: Iterable[str], now: datetime) -> str | None:
        """The first of the values that is this account's and not too old."""
        return next((value for value in values if self._genuine(user_id, value, now)), None)

    def _genuine(self, user_id: UUID, value: str, now: datetime) -> bool:
        told, _, mac = value.partition("_")
        if len(told) != credentials.DAY_LENGTH + NONCE or not (told.isascii() and told.isalnum()):
            return False
        same = hmac.compare_digest(self._mac(user_id, told).encode(), mac.encode())
        last: date = credentials.day_from(told[: credentials.DAY_LENGTH])
        return same and now.date() <= last

    def _mac(self, user_id: UUID, told: str) -> str:
        return credentials.base62(hmac.digest(self.key, user_id.bytes + told.encode(), sha256), MAC)
