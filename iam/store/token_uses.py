"""The last uses of personal and service tokens, by the hour: written beside the requests, which never wait for it."""

from datetime import datetime
from typing import Final
from uuid import UUID

from twisted.internet.defer import Deferred
from twisted.logger import Logger

from iam.clock import Clock
from iam.database.database import Database
from iam.database.errors import Rejected, Unavailable

MOST: Final = 10_000  # tokens whose uses are noted in an hour; those of further ones are not known

# One write an hour and token, whichever server it was used at.
USED: Final = """
with written as (
    update personal_tokens t set used_at = %(hour)s
    where t.grant_id = any(%(ids)s) and (t.used_at is null or t.used_at < %(hour)s)
    returning grant_id
)
select count(*) from written
"""

log = Logger()


class TokenUses:
    """Notes in which hour each token was last used; what is noted during one write goes with the next."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock
        self._hour: datetime | None = None
        self._noted: set[UUID] = set()
        self._waiting: set[UUID] = set()
        self.busy = False  # whether a write is under way

    def note(self, token_id: UUID, used_at: datetime | None) -> None:
        """Notes that this token is used now; `used_at` is the hour that is stored as that of its last use."""
        hour = hour_of(self._clock.now())
        if hour != self._hour:
            self._hour, self._noted = hour, set()
        if token_id in self._noted or (used_at is not None and used_at >= hour) or len(self._noted) >= MOST:
            return
        self._noted.add(token_id)
        self._waiting.add(token_id)
        if not self.busy and not self._database.obstacle():
            Deferred.fromCoroutine(self._write())

    async def _write(self) -> None:
        """Writes what waits until nothing does; while the database is unavailable, the uses of an hour are lost."""
        self.busy = True
        try:
            while self._waiting:
                waiting, self._waiting = self._waiting, set()
                await self._database.aside(USED, {"ids": list(waiting), "hour": self._hour})
        except (Rejected, Unavailable) as error:
            log.info("uses of tokens are not stored: {reason}", reason=str(error))
        finally:
            self.busy = False


def hour_of(moment: datetime) -> datetime:
    """Returns the beginning of this moment's hour."""
    return moment.replace(minute=0, second=0, microsecond=0)
