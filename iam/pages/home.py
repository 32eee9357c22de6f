"""The front page."""

from attrs import frozen

from iam.browser.theme import Theme
from iam.browser.visitors import Visitors
from iam.http.answers import Answer
from iam.http.request import Request


@frozen
class Home:
    """Says what this is, and leads on."""

    visitors: Visitors
    theme: Theme

    async def show(self, request: Request) -> Answer:
        """The front page."""
        return self.theme.page("home.html", session=await self.visitors.session(request))
