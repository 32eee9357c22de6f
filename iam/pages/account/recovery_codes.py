"""The page that makes a person's recovery codes and shows them, once."""

from typing import Final

from iam.browser.addresses import next_address
from iam.browser.visitors import Stale
from iam.http.answers import Answer, Headers, Script
from iam.http.request import Request
from iam.pages.account.holders import Holders
from iam.people.factors.recovery_codes import RecoveryCodes
from iam.records import actor
from iam.records.session import Session
from iam.service import service

PATH: Final = "/account/security/codes"
PURPOSE: Final = "recovery codes"


@service
class RecoveryCodePages:
    """The page /account/security/codes."""

    holders: Holders
    codes: RecoveryCodes

    async def ask(self, request: Request) -> Answer:
        """Says what becomes of the codes from before, and asks whether to make new ones."""
        return await self._ask(request, await self.holders.recent(request))

    async def renew(self, request: Request) -> Answer:
        """Makes new codes and shows them."""
        session, sent = await self.holders.receive(request, PURPOSE, recent=True)
        if sent.stale:
            return await self._ask(request, session, 403, sent.stale)
        return await self.show_new(request, session)

    async def show_new(
        self, request: Request, session: Session, headers: Headers = (), *, first: bool = False
    ) -> Answer:
        """Makes codes in place of those from before, and shows them on a page that can be printed.

        `first`: the person has just added their first factor, and reads so.
        """
        by = actor.person(session.user_id, request.client_address)
        made = await self.codes.renew(session.user_id, by)
        onward = request.base + (next_address(request) if first else "/account/security")
        return self.holders.page(
            "recovery_codes.html", session, 200, headers, codes=made, first=first, onward=onward, script=Script.COPY
        )

    async def _ask(self, request: Request, session: Session, status: int = 200, stale: Stale | None = None) -> Answer:
        token, left = self.holders.visitors.token(request, PURPOSE), await self.codes.left(session.user_id)
        return self.holders.page(
            "recovery_codes_new.html", session, status, codes_left=left, csrf_token=token, stale=stale
        )
