"""Browser sessions: their lifetime, a new cookie at each login, and changing cookies of remembered ones (H17)."""

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from uuid import UUID

from attrs import Factory, field, frozen
from twisted.logger import Logger

from iam.clock import Clock
from iam.limits import Limits
from iam.people.steps import Step, Steps
from iam.records.acr import PASSWORD
from iam.records.login_device import UNTOLD, LoginDevice
from iam.records.session import Ended, RecognisedSession, Session
from iam.secrets import minted
from iam.secrets.minted import Kind
from iam.settings import Settings
from iam.store import sessions as table

log = Logger()


@frozen
class BrowserSessions:
    """People's sessions in browsers, found by the value of a cookie, of which the database has the digest."""

    table: table.Sessions
    clock: Clock
    settings: Settings
    steps: Steps
    limits: Limits = field(init=False, default=Factory(lambda self: self.settings.limits, takes_self=True))

    async def find(self, cookie: str, address: str | None = None) -> RecognisedSession:
        """Returns the session of this cookie, if any, and the cookie to use from now on.

        A cookie replaced longer ago than the grace period ends the session: two parties hold it, and only one may.
        """
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
        """Ends the session and logs it. Raises Unavailable if it cannot be ended now, as that must not be forgotten."""
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
        device: LoginDevice = UNTOLD,
        amr: Sequence[str] = (PASSWORD,),
        pending: str | None = None,
        until: datetime | None = None,
    ) -> str | None:
        """Returns a new cookie for this person, in place of the one before; None if they are locked out.

        If the session before was theirs, it goes on, `until` its end if that is given. `auth_time` is when they proved
        who they are, by default now: if the account's logins were ended since then, the session is not valid. `amr` are
        the methods by which they did (RFC 8176), and `pending` is the secret of the login that lacked a factor; None is
        returned if that is over. `address` and `device` are where they log in.
        """
        now = self.clock.now()
        end = until or now + timedelta(seconds=self.lifetime(remembered=remembered))
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
            amr=amr,
            pending=minted.digest(pending) if pending else None,
            device=device,
        )
        return cookie if begun else None

    async def end(self, cookie: str, address: str | None = None) -> Ended | None:
        """Logs out; returns None if nobody was logged in."""
        step = self.steps.read(cookie)
        return await self.table.end(*place(step.series), self.clock.now(), address) if step else None

    def lifetime(self, *, remembered: bool) -> int:
        """Returns the longest life of a session in seconds."""
        return self.settings.session_remembered if remembered else self.settings.session_lifetime


def place(series: str) -> tuple[bytes, date]:
    """Returns the digest and the day under which the table has the session that began with this secret."""
    return minted.digest(series), minted.day_of(series)
