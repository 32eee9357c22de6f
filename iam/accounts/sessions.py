"""Sessions: how long they live, and that each login makes a new cookie (H17)."""

from datetime import datetime, timedelta
from uuid import UUID

from attrs import frozen

from iam import credentials
from iam.clock import Clock
from iam.credentials import Kind
from iam.settings import Settings
from iam.store import sessions as table
from iam.store.sessions import Ended, Session

__all__ = ["Ended", "Session", "Sessions"]


@frozen
class Sessions:
    """The sessions of people in browsers, known by the value of a cookie, of which the database has the digest."""

    table: table.Sessions
    clock: Clock
    settings: Settings

    async def find(self, cookie: str | None) -> Session | None:
        """Whose session this is, if it is one."""
        if cookie is None or not credentials.well_formed(cookie, Kind.SESSION):
            return None
        now = self.clock.now()
        idle_since = now - timedelta(seconds=self.settings.session_idle)
        return await self.table.find(credentials.digest(cookie), credentials.day_of(cookie), now, idle_since)

    async def begin(
        self,
        before: str | None,
        user_id: UUID,
        *,
        auth_time: datetime | None = None,
        remembered: bool = False,
        address: str | None = None,
    ) -> str | None:
        """A new cookie for this person in place of the one before, whose session goes on if it was theirs; None if they are locked out.

        `auth_time` is when they gave the proof of who they are: what has made it worthless since counts.
        """
        now = self.clock.now()
        end = now + timedelta(seconds=self.lifetime(remembered=remembered))
        cookie = credentials.mint_until(Kind.SESSION, end)
        begun = await self.table.begin(
            session_id=credentials.identifier(),
            digest=credentials.digest(cookie),
            user_id=user_id,
            auth_time=auth_time,
            now=now,
            day=end.date(),
            expires_at=end,
            remembered=remembered,
            before=credentials.digest(before) if before else None,
            address=address,
        )
        return cookie if begun else None

    async def end(self, cookie: str, address: str | None = None) -> Ended | None:
        """Log out; None where nobody was logged in."""
        if not credentials.well_formed(cookie, Kind.SESSION):
            return None
        return await self.table.end(credentials.digest(cookie), credentials.day_of(cookie), self.clock.now(), address)

    def lifetime(self, *, remembered: bool) -> int:
        """Seconds that a session may live at all."""
        return self.settings.session_remembered if remembered else self.settings.session_lifetime
