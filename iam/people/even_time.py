"""Equal times for wrong logins while there are hashes of other programs, whose checks take other times than ours (H15).

An unknown name costs one of our hashes, so that somebody who moved in from elsewhere, and has not logged in since, could be
told from nobody. Until the last such hash is gone, every wrong login is answered so long after it came.
"""

from datetime import datetime, timedelta
from typing import Final

from attrs import define
from twisted.internet.task import deferLater

from iam.clock import Clock
from iam.people.argon2id import OWN
from iam.reactor import Timer
from iam.store.users import Users

ENOUGH: Final = 1.5  # seconds, more than the dearest hash takes that is checked at all
FRESH: Final = timedelta(minutes=10)


@define
class EvenTime:
    """Answers wrong logins evenly, as long as there is a hash of another program; looks for one every ten minutes."""

    users: Users
    clock: Clock
    timer: Timer
    _needed: bool = False
    _looked: datetime | None = None

    async def keep(self, came: float) -> None:
        """Waits until ENOUGH seconds after the reactor's time at which the login came, if that is needed."""
        if await self._is_needed():
            await deferLater(self.timer, max(0.0, came + ENOUGH - self.timer.seconds()))

    async def _is_needed(self) -> bool:
        now = self.clock.now()
        if self._looked is None or now - self._looked >= FRESH:
            self._needed = await self.users.any_hash_other_than(OWN)
            self._looked = now
        return self._needed
