"""The front page."""

from iam.browser.theme import Theme
from iam.browser.visitors import Visitors
from iam.http.answers import Answer, see_other
from iam.http.request import Request
from iam.service import service


@service
class Home:
    """Says which site this is, and leads to the login or, who is logged in, to their account."""

    visitors: Visitors
    theme: Theme

    async def show(self, request: Request) -> Answer:
        """Shows it, or redirects a person who is logged in to their account."""
        if await self.visitors.session(request):
            return see_other("/account")
        return self.theme.page("home.html")
