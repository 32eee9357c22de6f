"""The page of what a person proves besides their password."""

from typing import Final

from iam.browser import user_agents
from iam.browser.addresses import leading_to, next_address
from iam.browser.visitors import Stale
from iam.http.answers import Answer, see_other
from iam.http.request import Request
from iam.pages.account.holders import Holders
from iam.pages.account.sessions import parse
from iam.pages.factors.proving import level_of
from iam.people.factors.browsers import RememberedBrowsers
from iam.people.factors.passkeys import Passkeys
from iam.people.factors.recovery_codes import RecoveryCodes
from iam.people.factors.totp import AuthenticatorApps
from iam.records import acr, actor
from iam.records.session import Session
from iam.service import service

PATH: Final = "/account/security"
FORGETTING: Final = "forget browser"


@service
class Security:
    """The page /account/security."""

    holders: Holders
    apps: AuthenticatorApps
    codes: RecoveryCodes
    passkeys: Passkeys
    browsers: RememberedBrowsers

    async def explain(self, request: Request) -> Answer:
        """Says that a factor is needed to go on, and leads to where one is added."""
        session = await self.holders.session(request)
        level = level_of(request)
        there = level == acr.PHISHING_RESISTANT and await self.passkeys.of(session.user_id)
        adding = "/account/security/passkeys/new" if level == acr.PHISHING_RESISTANT else "/account/security/app"
        page = "/login" if there else adding
        onward = leading_to(page, next_address(request), request.base) + ("&login=again" if there else "")
        return self.holders.page(
            "factor_needed.html", session, onward=request.base + onward, level=level, there=bool(there)
        )

    async def show(self, request: Request) -> Answer:
        """Shows which factors the person has, and leads to what can be done with each."""
        return await self._show(request, await self.holders.session(request))

    async def forget(self, request: Request) -> Answer:
        """Forgets a browser: the person is asked there for another factor from now on."""
        session, sent = await self.holders.receive(request, FORGETTING)
        if sent.stale:
            return await self._show(request, session, 403, sent.stale)
        browser_id, by = parse(sent.fields.get("forget", "")), actor.person(session.user_id, request.client_address)
        if browser_id is None or not await self.browsers.forget(session.user_id, browser_id, by):
            raise self.holders.theme.missing()
        return see_other(PATH)

    async def _show(self, request: Request, session: Session, status: int = 200, stale: Stale | None = None) -> Answer:
        """Shows the factors, and the browsers that are remembered; `stale` is why the form to forget one was refused."""
        browsers = await self.browsers.of(session.user_id)
        return self.holders.page(
            "security.html",
            session,
            status,
            stale=stale,
            browsers=[(each, user_agents.describe(each.user_agent)) for each in browsers],
            csrf_token=self.holders.visitors.token(request, FORGETTING),
            app_since=await self.apps.since(session.user_id),
            codes_left=await self.codes.left(session.user_id),
            passkeys=await self.passkeys.of(session.user_id) if self.passkeys.party else None,
            asked=bool(await self.holders.factors.of(session.user_id)),
        )
