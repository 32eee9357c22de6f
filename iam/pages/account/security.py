"""The page of what a person proves besides their password."""

from attrs import frozen

from iam.http.answers import Answer
from iam.http.request import Request
from iam.pages.account.holders import Holders
from iam.people.factors.recovery_codes import RecoveryCodes
from iam.people.factors.totp import AuthenticatorApps


@frozen
class Security:
    """The page /account/security."""

    holders: Holders
    apps: AuthenticatorApps
    codes: RecoveryCodes

    async def show(self, request: Request) -> Answer:
        """Shows which factors the person has, and leads to what can be done with each."""
        session = await self.holders.session(request)
        return self.holders.page(
            "security.html",
            session,
            app_since=await self.apps.since(session.user_id),
            codes_left=await self.codes.left(session.user_id),
            asked=bool(await self.holders.factors.of(session.user_id)),
        )
