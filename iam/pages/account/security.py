"""The page of what a person proves besides their password."""

from attrs import frozen

from iam.browser.addresses import leading_to, next_address
from iam.http.answers import Answer
from iam.http.request import Request
from iam.pages.account.holders import Holders
from iam.pages.factors.proving import level_of
from iam.people.factors.passkeys import Passkeys
from iam.people.factors.recovery_codes import RecoveryCodes
from iam.people.factors.totp import AuthenticatorApps
from iam.records import acr


@frozen
class Security:
    """The page /account/security."""

    holders: Holders
    apps: AuthenticatorApps
    codes: RecoveryCodes
    passkeys: Passkeys

    async def explain(self, request: Request) -> Answer:
        """Says that a factor is needed to go on, and leads to where one is added."""
        session = await self.holders.session(request)
        level = level_of(request)
        page = "/account/security/passkeys/new" if level == acr.PHISHING_RESISTANT else "/account/security/app"
        onward = leading_to(page, next_address(request), request.base)
        return self.holders.page("factor_needed.html", session, onward=request.base + onward, level=level)

    async def show(self, request: Request) -> Answer:
        """Shows which factors the person has, and leads to what can be done with each."""
        session = await self.holders.session(request)
        return self.holders.page(
            "security.html",
            session,
            app_since=await self.apps.since(session.user_id),
            codes_left=await self.codes.left(session.user_id),
            passkeys=await self.passkeys.of(session.user_id) if self.passkeys.party else None,
            asked=bool(await self.holders.factors.of(session.user_id)),
        )
