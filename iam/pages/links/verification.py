"""Verification of e-mail addresses: the page that sends the link again, and the one behind it (H23)."""

from twisted.logger import Logger

from iam.browser.visitors import Stale
from iam.http.answers import Answer
from iam.http.request import Request
from iam.pages.account.holders import Holders
from iam.pages.links.doors import Doors, Opened
from iam.people.links import VERIFICATION, Links, TooMany
from iam.records import actor
from iam.records.session import Session
from iam.service import service

log = Logger()

PURPOSE = "verification"


@service
class VerificationRequestPage:
    """The page /account/verification, which mails the link to the person's address again."""

    links: Links
    holders: Holders

    async def show(self, request: Request) -> Answer:
        """Shows the form."""
        return self._show(request, await self.holders.session(request))

    async def submit(self, request: Request) -> Answer:
        """Mails the link, unless the address is verified by now."""
        session, sent = await self.holders.receive(request, PURPOSE)
        if sent.stale:
            return self._show(request, session, 403, stale=sent.stale)
        by = actor.person(session.user_id, request.client_address)
        try:
            asked = await self.links.ask_verification(session.user_id, by)
        except TooMany:
            return self._show(request, session, 429, done="many")
        return self._show(request, session, done="sent" if asked else "nothing")

    def _show(
        self,
        request: Request,
        session: Session,
        status: int = 200,
        *,
        stale: Stale | None = None,
        done: str | None = None,
    ) -> Answer:
        token = self.holders.visitors.token(request, PURPOSE)
        return self.holders.page("verification_request.html", session, status, stale=stale, done=done, csrf_token=token)


@service
class VerificationPage:
    """The page /verification behind the link, whose form verifies the address."""

    links: Links
    doors: Doors

    async def show(self, request: Request) -> Answer:
        """Asks whether the address is the person's."""
        return self._show(request, await self.doors.open(request, VERIFICATION))

    async def submit(self, request: Request) -> Answer:
        """Notes that it is."""
        opened = await self.doors.open(request, VERIFICATION)
        sent = self.doors.receive(request, opened)
        if sent.stale:
            return self._show(request, opened, 403, sent.stale)
        verified = await self.links.confirm(opened.secret, request.client_address)
        if verified is None:
            raise await self.doors.ended(request, opened)
        log.info("address verified: user {user_id}, {peer}", user_id=str(verified.user_id), peer=request.client_address)
        return self.doors.theme.page("verified.html", link=opened.link)

    def _show(self, request: Request, opened: Opened, status: int = 200, stale: Stale | None = None) -> Answer:
        return self.doors.page(request, opened, "verification.html", status, stale=stale)
