"""Why a request of an application was refused, for the application's owner and who administers the server."""

from urllib.parse import quote

from iam.browser.theme import Theme
from iam.browser.visitors import Visitors
from iam.clients import redirect_uri_difference
from iam.clients.refusals import Explanations
from iam.http.answers import Answer
from iam.http.request import Request
from iam.pages.advice import advise
from iam.records.role import ADMINISTERING
from iam.service import service


@service
class Errors:
    """The pages behind `error_uri`."""

    refusals: Explanations
    visitors: Visitors
    theme: Theme

    async def show(self, request: Request, identifier: str) -> Answer:
        """Shows one refusal; 404 if there is none or it is not for this person, without saying which."""
        session = await self.visitors.session(request)
        if session is None:
            return self.theme.page("refusal_login.html", next=quote(request.path.decode("ascii"), safe=""))
        trace = await self.refusals.explained(identifier, session)
        if trace is None:
            raise self.theme.missing()
        client = await self.refusals.directory.find(trace.client_id) if trace.client_id else None
        return self.theme.page(
            "refusal.html",
            session=session,
            refusal=trace,
            advice=advise(trace),
            administers=not ADMINISTERING.isdisjoint(session.roles),
            own=client is not None and client.owner_id == session.user_id,
            expected=redirect_uri_difference.marked(trace.expected, trace.presented),
            presented=redirect_uri_difference.marked(trace.presented, trace.expected),
        )
