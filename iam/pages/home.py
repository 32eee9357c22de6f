"""The front page."""

from attrs import frozen

from iam.browser.theme import Theme
from iam.browser.visitors import Visitors
from iam.http.answers import Answer
from iam.http.request import Request


@frozen
class Home:
    """Says which site this is, and links to the login or to the person's pages."""

    visitors: Visitors
    theme: Theme

    async def show(self, request: Request) -> Answer:
        """Shows it."""
        return self.theme.page("home.html", session=await self.visitors.session(request))
