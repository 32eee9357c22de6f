"""The first page of an account, which leads to the others."""

from attrs import frozen

from iam.http.answers import Answer
from iam.http.request import Request
from iam.pages.account.holders import Holders


@frozen
class Overview:
    """The page /account: who is logged in, and what they can look after."""

    holders: Holders

    async def show(self, request: Request) -> Answer:
        """Shows it."""
        return self.holders.page("account.html", await self.holders.session(request))
