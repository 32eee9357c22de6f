"""The first page of an account, which leads to the others."""

from attrs import frozen

from iam.http.answers import Answer
from iam.http.request import Request
from iam.pages.account.holders import Holders
from iam.people.factors.passkeys import Passkeys


@frozen
class Overview:
    """The page /account: who is logged in, and what they can look after."""

    holders: Holders
    passkeys: Passkeys

    async def show(self, request: Request) -> Answer:
        """Shows it."""
        session = await self.holders.session(request)
        return self.holders.page("account.html", session, wanted=await self.passkeys.wanted(session.user_id))
