"""The browsers in which a person is logged in, and the end of their sessions there."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Final
from uuid import UUID

from attrs import frozen
from twisted.logger import Logger

from iam.browser import csrf, user_agents
from iam.browser.user_agents import Device
from iam.browser.visitors import Stale
from iam.clock import Clock
from iam.http.answers import Answer, see_other
from iam.http.request import Request
from iam.pages.account.holders import Holders
from iam.records import actor
from iam.records.own_session import OwnSession
from iam.records.session import Session
from iam.service import service
from iam.settings import Settings
from iam.store.own_sessions import OwnSessions

log = Logger()

PATH: Final = "/account/sessions"
END: Final = "end session"
END_OTHERS: Final = "end other sessions"


@frozen
class Shown:
    """A session as the page shows it; `here`: it is the one that the page was asked for with."""

    own: OwnSession
    device: Device
    here: bool


@service
class SessionsPage:
    """The pages under /account/sessions."""

    holders: Holders
    own_sessions: OwnSessions
    clock: Clock
    settings: Settings

    async def list(self, request: Request) -> Answer:
        """Shows where this person is logged in."""
        return await self._list(request, await self.holders.session(request))

    async def end(self, request: Request) -> Answer:
        """Ends one session of this person, other than the one at the browser, which ends by the logout page."""
        session, sent = await self.holders.receive(request, END)
        if sent.stale:
            return await self._list(request, session, status=403, stale=sent.stale)
        chosen = parse(sent.fields.get("end", ""))
        if chosen == session.id:
            return see_other("/logout")
        by = actor.person(session.user_id, request.client_address)
        if chosen is None or not await self.own_sessions.end(session.user_id, chosen, self.clock.now(), by):
            raise self.holders.theme.missing()
        log.info("session ended elsewhere: user {user_id}", user_id=str(session.user_id))
        return see_other(PATH)

    async def confirm_end_others(self, request: Request) -> Answer:
        """Asks whether to end all other sessions."""
        session = await self.holders.session(request)
        return await self._ask(request, session)

    async def end_others(self, request: Request) -> Answer:
        """Ends all sessions of this person but the one at the browser."""
        session, sent = await self.holders.receive(request, END_OTHERS)
        if sent.stale:
            return await self._ask(request, session, status=403, stale=sent.stale)
        if not self.holders.visitors.showed(sent.fields, digest(await self._others(session))):
            return await self._ask(request, session, status=409, changed=True)
        by = actor.person(session.user_id, request.client_address)
        count = await self.own_sessions.end_others(session.user_id, session.id, self.clock.now(), by)
        log.info("sessions ended elsewhere: user {user_id}, {count}", user_id=str(session.user_id), count=count)
        return see_other(PATH)

    async def _of(self, session: Session) -> Sequence[OwnSession]:
        now = self.clock.now()
        return await self.own_sessions.of_person(
            session.user_id, now, now - timedelta(seconds=self.settings.session_idle)
        )

    async def _others(self, session: Session) -> Sequence[OwnSession]:
        return [each for each in await self._of(session) if each.session_id != session.id]

    async def _list(
        self, request: Request, session: Session, *, status: int = 200, stale: Stale | None = None
    ) -> Answer:
        """Shows the list, with the session at this browser first."""
        found = sorted(await self._of(session), key=lambda each: each.session_id != session.id)
        return self.holders.page(
            "sessions.html",
            session,
            status,
            stale=stale,
            sessions=[show(each, session) for each in found],
            csrf_token=self.holders.visitors.token(request, END),
        )

    async def _ask(
        self,
        request: Request,
        session: Session,
        *,
        status: int = 200,
        changed: bool = False,
        stale: Stale | None = None,
    ) -> Answer:
        """Shows the page that asks whether to end the other sessions; leads back to the list if there are none."""
        others = await self._others(session)
        if not others:
            return see_other(PATH)
        return self.holders.page(
            "sessions_end.html",
            session,
            status,
            sessions=[show(each, session) for each in others],
            changed=changed,
            stale=stale,
            csrf_token=self.holders.visitors.token(request, END_OTHERS, shown=digest(others)),
        )


def show(own: OwnSession, session: Session) -> Shown:
    """Returns the session as the page shows it."""
    return Shown(own, user_agents.describe(own.user_agent), own.session_id == session.id)


def digest(sessions: Sequence[OwnSession]) -> str:
    """Returns the digest of which sessions these are."""
    return csrf.digest(sorted(str(each.session_id) for each in sessions))


def parse(text: str) -> UUID | None:
    """Returns the id, or None if the text is none."""
    try:
        return UUID(text)
    except ValueError:
        return None
