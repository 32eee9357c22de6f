"""Equal times for wrong logins while there are hashes whose checks take other times than ours (H15).

An unknown name costs one of our hashes, so that somebody who moved in from elsewhere, and has not logged in since, could be
told from nobody. Until the last such hash is gone, every wrong login is answered at a beat, which is as long as a check of the
costliest one takes here, and as long again. Decisions: docs/decisions/passwords.md.
"""

from collections.abc import Mapping
from contextlib import suppress
from datetime import datetime, timedelta
from math import ceil
from typing import Final

from attrs import define, field

from iam.clock import Clock
from iam.people.argon2id import PARAMETERS
from iam.people.passwords import Passwords
from iam.people.stored_hashes import affordable
from iam.reactor import Timer
from iam.store.users import Users
from iam.throttles.pace import Pace
from iam.throttles.turns import Busy

ROOM: Final = 2  # times as long as a check took when it was measured, which others held up less or more
LONGEST: Final = 1.5  # seconds, more than most hashes take; where it is not known what there is
KINDS: Final = 16  # kinds of hashes that are measured; where there are more, the beat is LONGEST
FRESH: Final = timedelta(minutes=10)


@define
class EvenTime:
    """Answers wrong logins at a beat, as long as there is a hash that is not of today's making; looks for such every ten minutes.

    `beat` is in seconds, 0 if it is not needed.
    """

    users: Users
    passwords: Passwords
    clock: Clock
    timer: Timer
    pace: Pace
    beat: float = LONGEST
    costs: Mapping[str, float] = field(factory=dict)  # seconds that a check of each kind of hash took
    _looked: datetime | None = None

    async def keep(self, came: float, network: str) -> None:
        """Waits until the next beat for this network after the reactor's time at which the login came, if that is needed.

        Answers to logins of one network that came at once have a beat each: all of them wait for all of their checks.
        """
        with suppress(Busy):
            await self._look()
        if self.beat:
            spent = self.timer.seconds() - came
            await self.pace.keep(network, self.beat, came + max(ceil(spent / self.beat), 1) * self.beat)

    async def _look(self) -> None:
        """Finds out how long the beat has to be. Raises Busy, and then looks again at the next login."""
        now, looked = self.clock.now(), self._looked
        if looked is not None and now - looked < FRESH:
            return
        self._looked = now  # who comes meanwhile waits for as long as before
        try:
            self.beat = await self._measure()
        except BaseException:
            self._looked = looked
            raise

    async def _measure(self) -> float:
        kinds = await self.users.kinds_of_hashes(PARAMETERS, KINDS + 1)
        self.costs = {kind: await self.passwords.cost(stored) for kind, stored in kinds.items() if affordable(stored)}
        return LONGEST if len(kinds) > KINDS else ROOM * max(self.costs.values(), default=0.0)
