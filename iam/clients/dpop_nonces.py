"""The nonces that this server wants in DPoP proofs, so that none can be made ahead of its use (RFC 9449 §8, §11.2).

They follow from the secret of the service and the time, so that all its servers know them and none keeps any.
"""

import hmac
from functools import lru_cache
from typing import Final

from iam.clock import Clock
from iam.secrets.minted import base64url
from iam.service import service

PURPOSE: Final = "DPoP nonces"
PERIOD: Final = 150  # seconds after which the nonce changes
OCTETS: Final = 16
# The nonce before is still good, and the next one is already, since the servers' clocks differ.
NEAR: Final = (0, -1, 1)


@service
class Nonces:
    """The nonces of a service, made with its `key`; each is good until the one after it ends."""

    key: bytes
    clock: Clock

    def current(self) -> str:
        """Returns the nonce that clients get now."""
        return made(self.key, self._period())

    def end_of(self, nonce: object) -> int | None:
        """Returns when this nonce ends, in seconds since 1970, or None if it is none of the last minutes.

        Any server of the service may have given it.
        """
        if not isinstance(nonce, str) or not nonce.isascii():
            return None
        now = self._period()
        near = (now + step for step in NEAR if hmac.compare_digest(nonce, made(self.key, now + step)))
        return next(((period + 2) * PERIOD for period in near), None)

    def _period(self) -> int:
        return int(self.clock.seconds() // PERIOD)


@lru_cache(maxsize=16)
def made(key: bytes, period: int) -> str:
    """Returns the nonce of a period."""
    return base64url(hmac.digest(key, str(period).encode(), "sha256")[:OCTETS])
