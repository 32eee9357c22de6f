"""The end of a session."""

from attrs import frozen
from twisted.logger import Logger

from iam.accounts.sessions import Sessions
from iam.settings import Settings
from iam.web import cookies
from iam.web.answers import Answer, see_other
from iam.web.request import Request
from iam.web.templates import Theme
from iam.web.visitors import Visitors

log = Logger()

PURPOSE = "logout"


@frozen
class Logout:
    """Asks, and ends the session."""

    sessions: Sessions
    visitors: Visitors
    theme: Theme
    settings: Settings

    async def show(self, request: Request) -> Answer:
        """The question: a link alone must not log anybody out."""
        session = await self.visitors.session(request)
        if session is None:
            return see_other("/")
        return self.theme.page("logout.html", session=session, csrf_token=self.visitors.token(request, PURPOSE))

    async def submit(self, request: Request) -> Answer:
        """End the session, and forget the cookie; who else is logged in here is asked whether to go on."""
        cookie = self.visitors.cookie(request)
        if cookie is None:
            return see_other("/")
        self.visitors.form(request, PURPOSE)
        others = (await self.visitors.accounts(request)).others
        await self.sessions.end(cookie, request.client_address)
        log.info("logout: {peer}", peer=request.client_address)
        return see_other("/accounts" if others else "/", (cookies.setting(self.settings, "", 0),))
