"""The front page."""

from attrs import frozen

from iam.web.answers import Answer
from iam.web.request import Request
from iam.web.templates import Theme
from iam.web.visitors import Visitors


@frozen
class Home:
    """Says what this is, and leads on."""

    visitors: Visitors
    theme: Theme

    async def show(self, request: Request) -> Answer:
        """The front page."""
        return self.theme.page("home.html", session=await self.visitors.session(request))
