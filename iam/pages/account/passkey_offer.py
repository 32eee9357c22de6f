"""The offer of a passkey after a login by password: made without a question where the browser can, else by a button."""

import json
from typing import Final

from twisted.logger import Logger

from iam.browser import csrf
from iam.browser.addresses import leading_to, next_address
from iam.http.answers import Answer, Script, see_other
from iam.http.parameters import ParameterError, query_parameters
from iam.http.request import Request
from iam.pages.account.holders import Holders
from iam.people.factors.ceremonies import Refused
from iam.people.factors.challenges import Ceremony
from iam.people.factors.passkeys import Passkeys
from iam.records import actor
from iam.service import service

PATH: Final = "/account/security/passkeys/offer"
PURPOSE: Final = "passkey offer"
AFTER_LOGIN: Final = "&after=login"

log = Logger()


@service
class PasskeyOffer:
    """The page PATH, which leads on to where the login led, whatever comes of it.

    Right after a login the browser makes the passkey without a question, or goes on at once.
    """

    holders: Holders
    passkeys: Passkeys

    async def show(self, request: Request) -> Answer:
        """Offers a passkey to a person who logged in lately."""
        session, party = await self.holders.recent(request), self.passkeys.party
        if party is None:
            return see_other(next_address(request))
        token = self.holders.visitors.token(request, PURPOSE)
        theirs = await self.passkeys.of(session.user_id)
        return self.holders.page(
            "passkey_offer.html",
            session,
            script=Script.MAKE_PASSKEY,
            leaving=True,
            mode="upgrade" if after_login(request) else "make",
            host=party.id,
            options=json.dumps(self.passkeys.creation(party, session, theirs, token, Ceremony.UPGRADE)),
            action=request.base + leading_to(PATH, next_address(request), request.base),
            next=request.base + next_address(request),
            csrf_token=token,
        )

    async def submit(self, request: Request) -> Answer:
        """Stores the passkey that the browser made, or that the person wants none, and leads on."""
        session, sent = await self.holders.receive(request, PURPOSE, recent=True)
        if not sent.stale and sent.fields.get("decline"):
            await self.passkeys.decline(session.user_id)
        elif not sent.stale:
            told, bound = sent.fields.get("credential", ""), sent.fields[csrf.TOKEN_FIELD]
            by = actor.person(session.user_id, request.client_address)
            try:
                await self.passkeys.add(session, told, bound, by, Ceremony.UPGRADE)
            except Refused as refused:
                request.say(log, "passkey not made: {flaw}", flaw=refused.flaw.name)
        return see_other(next_address(request))


def after_login(request: Request) -> bool:
    """Whether the address says that a login led here."""
    try:
        return query_parameters(request).get("after") == "login"
    except ParameterError:
        return False
