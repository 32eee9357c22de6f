"""Device cookies: browsers in which an account has logged in are not held up by strangers' failures (OWASP).

The value of a cookie only shows that. It starts no session and is stored nowhere: it is an identifier with a MAC over
it and the account. A shorter MAC in the identifier shows, before the account is known, that the value is one of ours.
"""

import hmac
import secrets
from collections.abc import Iterable
from datetime import date, datetime, timedelta
from hashlib import sha256
from typing import Final
from uuid import UUID

from iam.secrets import minted
from iam.service import service

LIFETIME: Final = timedelta(days=365)
NONCE: Final = 22  # base62 digits, more than 128 bits
SEAL: Final = 11  # base62 digits, more than 64 bits
MAC: Final = 43


@service
class Devices:
    """Makes and recognises the values of device cookies, under a key of the server."""

    key: bytes

    def remember(self, user_id: UUID, now: datetime) -> str:
        """Returns a value for the browser in which this account has just logged in; it is valid for LIFETIME."""
        last = minted.day_digits((now + LIFETIME).date())
        told = self._seal(last + minted.base62(secrets.token_bytes(32), NONCE))
        return f"{told}_{self._mac(user_id, told)}"

    def filter_ours(self, values: Iterable[str], now: datetime) -> tuple[str, ...]:
        """Returns the values that this server has issued, for any account, and that are not too old."""
        return tuple(value for value in values if self._issued(value, now))

    def find(self, user_id: UUID, values: Iterable[str], now: datetime) -> str | None:
        """Returns the first of the values that is this account's and not too old, or None."""
        return next((value for value in self.filter_ours(values, now) if self._genuine(user_id, value)), None)

    def _issued(self, value: str, now: datetime) -> bool:
        told, _, _ = value.partition("_")
        if len(told) != minted.DAY_LENGTH + NONCE + SEAL or not (told.isascii() and told.isalnum()):
            return False
        last: date = minted.day_from(told[: minted.DAY_LENGTH])
        return hmac.compare_digest(self._seal(told[:-SEAL]), told) and now.date() <= last

    def _genuine(self, user_id: UUID, value: str) -> bool:
        told, _, mac = value.partition("_")
        return hmac.compare_digest(self._mac(user_id, told).encode(), mac.encode())

    def _seal(self, identifier: str) -> str:
        return identifier + minted.base62(hmac.digest(self.key, identifier.encode(), sha256), SEAL)

    def _mac(self, user_id: UUID, told: str) -> str:
        return minted.base62(hmac.digest(self.key, user_id.bytes + told.encode(), sha256), MAC)
