"""The holder of an account at its pages: who is at the browser, how lately they logged in, which form they sent."""

from typing import Final
from urllib.parse import quote

from iam.browser.theme import Theme
from iam.browser.visitors import Sent, Visitors
from iam.http.answers import Answer, Headers
from iam.http.parameters import REPEATABLE, query_text
from iam.http.request import Request
from iam.people.factors.factors import Factors
from iam.records.session import RECENT, Session
from iam.service import service

# The pages of an account, in the order of its navigation.
SECTIONS: Final = (
    ("/account", "Overview"),
    ("/account/details", "Details"),
    ("/account/password", "Password"),
    ("/account/applications", "Allowed applications"),
    ("/account/sessions", "Logins"),
    ("/account/security", "Second factors"),
    ("/account/tokens", "Access tokens"),
    ("/account/activity", "Activity"),
    ("/account/data", "Your data"),
)


@service
class Holders:
    """People at the pages of their own account; other people's accounts do not exist for them."""

    visitors: Visitors
    theme: Theme
    factors: Factors

    async def session(self, request: Request, sent: Sent | None = None) -> Session:
        """Returns the person's session. Raises AnswerNow, a redirect to the login, if nobody is logged in.

        Who `sent` a form finds it again after the login.
        """
        session = await self.visitors.session(request)
        if session is None:
            raise self.visitors.lead(request, "/login?next=" + here(request), sent)
        return session

    async def recent(self, request: Request, sent: Sent | None = None) -> Session:
        """Returns the person's session if they logged in at most RECENT seconds ago, by another factor if they have one.

        Raises AnswerNow, a redirect to the login or the factor, after which they come back.
        """
        session = await self.session(request, sent)
        if not self.logged_in_recently(session):
            raise self.visitors.lead(request, "/login?login=again&next=" + here(request), sent)
        if not await self.factors.complete(session.user_id, session.amr):
            raise self.visitors.lead(request, "/login/factor?step=up&next=" + here(request), sent)
        return session

    async def receive(
        self,
        request: Request,
        purpose: str,
        *,
        recent: bool = False,
        repeatable: frozenset[str] = REPEATABLE,
    ) -> tuple[Session, Sent]:
        """Returns the person's session and the form they sent; its token is good for this purpose only.

        Raises AnswerNow if nobody is logged in or, for a form that must be `recent`, if they logged in too long ago.
        """
        sent = self.visitors.receive(request, purpose, repeatable=repeatable)
        return await (self.recent if recent else self.session)(request, sent), sent

    def logged_in_recently(self, session: Session) -> bool:
        """Whether the person logged in at most RECENT seconds ago."""
        return (self.visitors.clock.now() - session.auth_time).total_seconds() <= RECENT

    def page(self, name: str, session: Session, status: int = 200, headers: Headers = (), **context: object) -> Answer:
        """Returns a page of the account, with its navigation; `context` is for Theme.page."""
        return self.theme.page(name, status, headers, session=session, sections=SECTIONS, **context)  # type: ignore[arg-type]


def here(request: Request) -> str:
    """Returns the address of the request, the issuer's path included, quoted for the `next` of another address."""
    query = query_text(request)
    return quote(request.path.decode("ascii") + (f"?{query}" if query else ""), safe="")
