"""Attempts to log in: which buckets one takes from before the password is tested, and what becomes of them after (H14).

Names that nobody has are counted as those that somebody has, so that the answer tells nothing (H15).
"""

import hmac
from collections.abc import Sequence
from hashlib import sha256
from typing import Final
from uuid import UUID

from attrs import field, frozen

from iam.networks import network
from iam.people.devices import Devices
from iam.store.buckets import Bucket
from iam.throttles.throttle import LOGIN, Throttle

SHARED: Final = ("login network", "login site")  # a success gives back what it took; only failures of a network count


@frozen
class LoginAttempt:
    """An attempt that may be made, what it has taken from, and with whom it waits: a browser that is known, with nobody."""

    buckets: tuple[Bucket, ...]
    lane: str


@frozen
class Attempts:
    """Lets attempts be made."""

    throttle: Throttle
    devices: Devices
    key: bytes = field(repr=False)

    def look(self, address: str, devices: Sequence[str]) -> None:
        """Raise Throttled, without a statement, for a browser that nobody can know on a network that has failed too often."""
        if not devices:
            self.throttle.look(LOGIN, self.throttle.of_network(address, LOGIN), address)

    async def begin(self, user_id: UUID | None, login: str, address: str, devices: Sequence[str]) -> LoginAttempt:
        """An attempt at this account, under whatever name it was given; raises Throttled."""
        known = self.devices.find(user_id, devices, self.throttle.clock.now()) if user_id else None
        buckets = self._of_device(str(user_id), known) if known else self._of_stranger(user_id, login, address)
        await self.throttle.take(LOGIN, buckets, address)
        return LoginAttempt(tuple(buckets), known or network(address))

    async def succeed(self, attempt: LoginAttempt, user_id: UUID, address: str) -> None:
        """Fill what counts failures at the account; nobody fills what counts those of a network.

        Each session is a row, so the account's right logins have a limit too; raises Throttled beyond it.
        """
        await self.throttle.take(LOGIN, [self.throttle.bucket("logins", str(user_id))], address)
        given = [(bucket, 1 if bucket.kind in SHARED else bucket.burst) for bucket in attempt.buckets]
        await self.throttle.buckets.give(given)

    async def undo(self, attempt: LoginAttempt) -> None:
        """Give back what was taken for a password that was not tested."""
        await self.throttle.buckets.give([(bucket, 1) for bucket in attempt.buckets])

    def _of_device(self, account: str, device: str) -> list[Bucket]:
        """A browser that has logged in before: its own, and one that all such browsers of the account share."""
        bucket = self.throttle.bucket
        return [bucket("login device", device), bucket("login devices", account)]

    def _of_stranger(self, user_id: UUID | None, login: str, address: str) -> list[Bucket]:
        account = str(user_id) if user_id else self._digest(login)
        bucket = self.throttle.bucket
        return [
            bucket("login account", account),
            bucket("login account_network", f"{account} {network(address)}"),
            *self.throttle.of_network(address, LOGIN),
        ]

    def _digest(self, login: str) -> str:
        """A name that nobody has; people write passwords there too, so it goes nowhere but under a key."""
        return hmac.digest(self.key, login.encode("utf-8", "surrogatepass"), sha256).hex()
