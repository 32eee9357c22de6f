"""Authenticates people by name and password, and limits how often they may try (H14, H15)."""

from collections.abc import Sequence
from uuid import UUID

from iam.clock import Clock
from iam.networks import network
from iam.people import names
from iam.people.attempts import Attempts, LoginAttempt
from iam.people.even_time import EvenTime
from iam.people.passwords import Passwords
from iam.people.stored_hashes import outdated
from iam.records import refused_login
from iam.records.user import Login
from iam.service import service
from iam.store import refused_counts
from iam.store.refused_counts import RefusedCounts
from iam.store.refused_logins import RefusedLogins
from iam.store.users import Users
from iam.throttles.throttle import Throttled
from iam.throttles.turns import Busy, Crowd


@service
class Logins:
    """Tests names and passwords of people who log in."""

    users: Users
    passwords: Passwords
    attempts: Attempts
    clock: Clock
    counts: RefusedCounts
    crowd: Crowd
    even_time: EvenTime
    refused: RefusedLogins

    async def authenticate(
        self, login: str, password: str, *, address: str = "", devices: Sequence[str] = ()
    ) -> Login | None:
        """Returns the person; None for a wrong password or an unknown name, at the same cost (H15).

        `devices` are the browser's device cookies; values that this server did not issue are ignored. Raises
        Throttled, and Busy if too many passwords wait to be checked.
        """
        came = self.even_time.timer.seconds()
        devices = self.attempts.devices.filter_ours(devices, self.clock.now())
        self.attempts.look(address, devices)
        with self.crowd.one_of(network(address) + (" again" if devices else "")):
            found = await self._test(login, password, address, devices)
        if found is None:
            await self.even_time.keep(came, network(address))
        return found

    async def _test(self, login: str, password: str, address: str, devices: Sequence[str]) -> Login | None:
        """Counts and makes the attempt; replaces a hash with outdated parameters. Raises Throttled and Busy."""
        key = names.login_key(login)
        known = await self.users.login(key)
        stored = known.password_hash if known else None
        attempt = await self._begin(known, key or login, address, devices)
        try:
            matched = await self.passwords.verify(stored, password, attempt.lane)
        except Busy:
            await self.attempts.undo(attempt)
            raise
        if not matched or known is None or stored is None:
            self._note_wrong(known, address)
            return None
        await self.attempts.succeed(attempt, known.user_id, address)
        if outdated(stored):
            await self.users.rehash(known.user_id, stored, await self.passwords.hash(password))
        return known

    async def _begin(self, known: Login | None, name: str, address: str, devices: Sequence[str]) -> LoginAttempt:
        """Returns the attempt at this account; notes whose login is held up. Raises Throttled."""
        try:
            return await self.attempts.begin(known.user_id if known else None, name, address, devices)
        except Throttled as error:
            if known:
                self.refused.add(known.user_id, refused_login.THROTTLED, address, error.empty)
            raise

    def _note_wrong(self, known: Login | None, address: str) -> None:
        self.counts.add(refused_counts.LOGIN, network(address))
        if known:
            self.refused.add(known.user_id, refused_login.PASSWORD, address)

    async def admit(self, user_id: UUID, address: str) -> None:
        """Counts a login by something else than the password, which was right. Raises Throttled beyond the limit."""
        await self.attempts.admit(user_id, address)

    def device(self, user_id: UUID) -> str:
        """Returns the value of a device cookie, which shows that this account has logged in in this browser."""
        return self.attempts.devices.remember(user_id, self.clock.now())

    def knows(self, user_id: UUID, devices: Sequence[str]) -> bool:
        """Tells whether one of the values shows that this account has logged in in this browser."""
        return self.attempts.devices.find(user_id, devices, self.clock.now()) is not None

    def of_others(self, user_id: UUID, devices: Sequence[str]) -> list[str]:
        """Returns the values that this server has issued and that are not this account's."""
        now, known = self.clock.now(), self.attempts.devices
        return [value for value in known.filter_ours(devices, now) if known.find(user_id, [value], now) is None]
