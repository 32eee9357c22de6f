"""Limits attempts to log in: what an attempt takes from its buckets before the password is tested, and gets back (H14).

Unknown names are counted like known ones, so that the answer tells nothing about them (H15).
"""

import hmac
from collections.abc import Sequence
from hashlib import sha256
from typing import Final
from uuid import UUID

from attrs import frozen

from iam.networks import network
from iam.people.devices import Devices
from iam.service import service
from iam.store.buckets import Bucket
from iam.throttles.throttle import LOGIN, Throttle

SHARED: Final = ("login network", "login site")  # a success gives back only what it took; other failures still count


@frozen
class LoginAttempt:
    """An attempt that may be made: the buckets it took from, and the lane in which its password check waits.

    A known browser has a lane of its own, others share that of their network.
    """

    buckets: tuple[Bucket, ...]
    lane: str


@service
class Attempts:
    """Limits the attempts to log in by account, network and browser."""

    throttle: Throttle
    devices: Devices
    key: bytes

    def look(self, address: str, devices: Sequence[str]) -> None:
        """Raises Throttled for a network that has failed too often, unless the browser may be known. Runs no statement.

        `devices` are the device cookies that this server has issued to the browser.
        """
        if not devices:
            self.throttle.look(LOGIN, self.throttle.of_network(address, LOGIN), address)

    async def begin(self, user_id: UUID | None, login: str, address: str, devices: Sequence[str]) -> LoginAttempt:
        """Returns an attempt at this account; `login` counts in its place if nobody has that name. Raises Throttled."""
        known = self.devices.find(user_id, devices, self.throttle.clock.now()) if user_id else None
        buckets = self._of_device(str(user_id), known) if known else self._of_stranger(user_id, login, address)
        await self.throttle.take(LOGIN, buckets, address)
        return LoginAttempt(tuple(buckets), known or network(address))

    async def succeed(self, attempt: LoginAttempt, user_id: UUID, address: str) -> None:
        """Refills the buckets that count failures at the account, but not those of a network. Raises Throttled as `admit`."""
        await self.admit(user_id, address)
        given = [(bucket, 1 if bucket.kind in SHARED else bucket.burst) for bucket in attempt.buckets]
        await self.throttle.buckets.give(given)

    async def admit(self, user_id: UUID, address: str) -> None:
        """Counts a successful login of an account: these are limited too, since each session is a row. Raises Throttled."""
        await self.throttle.take(LOGIN, [self.throttle.bucket("logins", str(user_id))], address)

    async def undo(self, attempt: LoginAttempt) -> None:
        """Gives back what was taken for a password that was not tested."""
        await self.throttle.buckets.give([(bucket, 1) for bucket in attempt.buckets])

    def _of_device(self, account: str, device: str) -> list[Bucket]:
        """The buckets for a known browser: its own, and one that all known browsers of the account share."""
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
        """Returns a keyed digest of an unknown name, which is never stored itself: people type passwords there too."""
        return hmac.digest(self.key, login.encode("utf-8", "surrogatepass"), sha256).hex()
