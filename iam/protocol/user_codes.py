"""User codes: what a device shows and a person types (RFC 8628 §6.1).

They are of eight of the twenty consonants that make no words and are not confused. The database has only their HMAC under
a key of the server's, since whoever has a digest of so few letters finds them. Wrong ones are limited (H14).
"""

import re
import secrets
from typing import Final
from uuid import UUID

from iam.clock import Clock
from iam.records.device_request import DeviceRequest
from iam.secrets import signed
from iam.service import service
from iam.store.device_codes import DeviceCodes
from iam.throttles.throttle import Throttle

PURPOSE: Final = "user codes"
ALPHABET: Final = "BCDFGHJKLMNPQRSTVWXZ"
LENGTH: Final = 8
KIND: Final = "user_code"
TYPED: Final = re.compile(f"[{ALPHABET}]{{{LENGTH}}}")
BETWEEN: Final = re.compile(r"[\s\u2010-\u2015\u2212-]")  # spaces, and whatever a keyboard makes of a dash


@service
class UserCodes:
    """Makes user codes, and finds what they stand for; `key` is 32 bytes that no database has."""

    codes: DeviceCodes
    key: bytes
    throttle: Throttle
    clock: Clock

    async def store(self, request: DeviceRequest, interval: int) -> str:
        """Stores a request under a new user code, which nobody else has, and returns it as people see it."""
        while True:
            code = "".join(secrets.choice(ALPHABET) for _ in range(LENGTH))
            if await self.codes.begin(request, signed.mac(self.key, code), interval):
                return shown(code)

    async def find(self, code: str, user_id: UUID, address: str) -> DeviceRequest | None:
        """Returns what is asked for under a code that this person typed; None for a wrong one. Raises Throttled.

        A wrong code counts for the person and for their network, a right one does not.
        """
        own = self.throttle.bucket(KIND, str(user_id))
        buckets = [own, *self.throttle.of_network(address, KIND)]
        await self.throttle.take(KIND, buckets, address)
        found = await self.codes.find(signed.mac(self.key, code), self.clock.now())
        if found is not None:
            await self.throttle.buckets.give([(bucket, 1) for bucket in buckets])
        return found


def typed(text: str) -> str | None:
    """Returns a code as it was typed, in capitals without dashes and spaces; None for what cannot be one."""
    code = BETWEEN.sub("", text).upper()
    return code if TYPED.fullmatch(code) else None


def shown(code: str) -> str:
    """Returns a code as people see it, such as WDJB-MJHT."""
    return f"{code[:4]}-{code[4:]}"
