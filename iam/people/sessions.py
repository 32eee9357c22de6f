"""Sessions: how long they live, that each login makes a new cookie, and that a remembered one changes it (H17)."""

from datetime import date, datetime, timedelta
from uuid import UUID

from attrs import Factory, field, frozen
from twisted.logger import Logger

from iam.clock import Clock
from iam.limits import Limits
from iam.people.steps import Step, Steps
from iam.records.session import Ended, RecognisedSession, Session
from iam.secrets import minted
from iam.secrets.minted import Kind
from iam.settings import Settings
from iam.store import sessions as table

log = Logger()


@frozen
class BrowserSessions:
    """The sessions of people in browsers, known by the value of a cookie, of which the database has the digest."""

    table: table.Sessions
    clock: Clock
    settings: Settings
    steps: Steps
    limits: Limits = field(init=False, default=Factory(lambda self: self.settings.limits, takes_self=True))

    async def find(self, cookie: str, address: str | None = None) -> RecognisedSession:
        """What this cookie stands for; a step that is over ends the session, since two have it who cannot both be right."""
        step = self.steps.read(cookie)
        if step is None:
            return RecognisedSession(None, cookie)
        now, grace = self.clock.now(), self.limits.session_rotation_grace
        sought = table.FindSession(
            *place(step.series),
            step.number,
            step.issued_at,
            now,
            idle_since=now - timedelta(seconds=self.settings.session_idle),
            grace_since=now - timedelta(seconds=grace),
            issued_since=now - timedelta(seconds=max(self.limits.session_rotation, grace)),
        )
        found = await self.table.find(sought)
        if found is None:
            return RecognisedSession(None, cookie)
        if found.reused:
            return await self._end_reused(step, found.session, now, address)
        if found.due:
            step = step.next(found.step, now)
        elif found.step > step.number:
            step = step.of(found.step, now)
        return RecognisedSession(found.session, self.steps.write(step))

    async def _end_reused(self, step: Step, session: Session, now: datetime, address: str | None) -> RecognisedSession:
        """End the session; raises Unavailable where that cannot be now, since this must not be forgotten."""
        if await self.table.reused(*place(step.series), step.number, now, address):
            log.warn(
                "session ended: an old cookie of user {user_id} came again, {peer}",
                user_id=str(session.user_id),
                peer=address,
            )
        return RecognisedSession(None, None)

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
        cookie = minted.mint_until(Kind.SESSION, end)
        begun = await self.table.begin(
            session_id=minted.identifier(),
            digest=minted.digest(cookie),
            user_id=user_id,
            auth_time=auth_time,
            now=now,
            day=end.date(),
            expires_at=end,
            remembered=remembered,
            before=minted.digest(minted.series(before)) if before else None,
            address=address,
        )
        return cookie if begun else None

    async def end(self, cookie: str, address: str | None = None) -> Ended | None:
        """Log out; None where nobody was logged in."""
        step = self.steps.read(cookie)
        return await self.table.end(*place(step.series), self.clock.now(), address) if step else None

    def lifetime(self, *, remembered: bool) -> int:
        """Seconds that a session may live at all."""
        return self.settings.session_remembered if remembered else self.settings.session_lifetime


def place(series: str) -> tuple[bytes, date]:
    """Where the table has the session that this secret began."""
    return minted.digest(series), minted.day_of(series)
