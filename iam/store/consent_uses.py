"""The hours in which clients were last given tokens for a person: noted in memory, and written from time to time.

Issuing tokens writes nothing for it.
"""

from datetime import datetime
from typing import Final
from uuid import UUID

from iam.clock import Clock
from iam.database.database import Database

HOUR: Final = 3600
STEP: Final = 500  # consents at a time
MOST_NOTED: Final = 50_000  # consents that a process notes in an hour; the uses of further ones are not known

USED: Final = """
with written as (
    update consents k set used_at = date_trunc('hour', %(now)s::timestamptz)
    from unnest(%(users)s::uuid[], %(clients)s::text[]) as u (user_id, client_id)
    where k.user_id = u.user_id and k.client_id = u.client_id
        and (k.used_at is null or k.used_at < date_trunc('hour', %(now)s::timestamptz))
    returning k.client_id
)
select count(*) from written
"""


class ConsentUses:
    """Notes what consents are used for tokens."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock
        self._hour = 0.0  # since the epoch, of what was noted
        self._noted: set[tuple[UUID, str]] = set()
        self._waiting: set[tuple[UUID, str]] = set()

    def note(self, user_id: UUID, client_id: str) -> None:
        """Notes that this client is given a token for this person now."""
        hour, use = self._clock.seconds() // HOUR, (user_id, client_id)
        if hour != self._hour:
            self._hour, self._noted = hour, set()
        if use not in self._noted and len(self._noted) < MOST_NOTED:
            self._noted.add(use)
            self._waiting.add(use)

    async def write(self, now: datetime) -> int:
        """Writes some of the uses that were noted, as of this hour. Returns their number."""
        uses = [use for use, _ in zip(self._waiting, range(STEP), strict=False)]
        if uses:
            users, clients = zip(*uses, strict=True)
            told = {"users": [str(user) for user in users], "clients": list(clients), "now": now}
            await self._database.aside(USED, told)
            self._waiting.difference_update(uses)
        return len(uses)

    async def write_all(self, now: datetime) -> None:
        """Writes all uses that were noted, before the server stops."""
        while await self.write(now):
            pass
