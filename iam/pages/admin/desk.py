"""Who is at the pages of the administration, and as what they act."""

from iam.administration.actions.action import Action
from iam.administration.actions.models import Model
from iam.administration.actions.operator import Operator
from iam.administration.administration import Administration
from iam.browser.theme import Theme
from iam.browser.visitors import Sent, Visitors
from iam.http.answers import Answer
from iam.http.request import Request
from iam.pages.account.holders import Holders, here
from iam.pages.admin.places import SECTIONS
from iam.records import acr, actor
from iam.records.role import Role
from iam.records.session import Session
from iam.service import service


@service
class Desk:
    """People who administer this server; for everybody else there is nothing here."""

    holders: Holders
    administration: Administration
    visitors: Visitors
    theme: Theme

    async def admit(
        self, request: Request, roles: frozenset[Role], sent: Sent | None = None, *, recent: bool = False
    ) -> tuple[Session, Operator]:
        """Returns the session of who has one of these roles or is an administrator, and as what they act.

        Raises AnswerNow: a redirect to the login or the factor that is asked of administrators, or 404 for others.
        """
        session = await self.holders.session(request, sent)
        operator = self._operator(request, session)
        if not operator.has_one_of(roles):
            raise self.theme.missing()
        if recent:
            await self.holders.recent(request, sent)
        level = self.visitors.settings.admin_acr
        if not acr.reaches(acr.of(session.amr), level):
            raise self.visitors.lead(request, f"/login/factor?step=up&acr={level}&next={here(request)}", sent)
        return session, operator

    async def admit_to(
        self, request: Request, action: Action[Model, Model], sent: Sent | None = None
    ) -> tuple[Session, Operator]:
        """Returns the session of who may do this, and as what they act. Raises AnswerNow as `admit` does."""
        return await self.admit(request, action.roles, sent, recent=action.sensitive)

    def page(self, name: str, session: Session, status: int = 200, **context: object) -> Answer:
        """Returns a page of the administration, with its navigation."""
        return self.theme.page(name, status, session=session, sections=SECTIONS, **context)  # type: ignore[arg-type]

    def _operator(self, request: Request, session: Session) -> Operator:
        by, recent = actor.person(session.user_id, request.client_address), self.holders.logged_in_recently(session)
        return Operator(by, session.roles, session.user_id, recent=recent, acr=acr.of(session.amr))
