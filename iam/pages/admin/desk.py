"""Who is at the pages of the administration, and as what they act."""

from collections.abc import Mapping, Sequence

from iam.administration.actions.action import Action
from iam.administration.actions.models import Model
from iam.administration.actions.operator import Operator
from iam.administration.administration import Administration
from iam.browser.theme import Theme
from iam.browser.visitors import Sent, Visitors
from iam.http.answers import Answer
from iam.http.parameters import ParameterError, decode
from iam.http.request import Request
from iam.pages.account.holders import Holders, here
from iam.pages.admin.permitted import owns
from iam.pages.admin.places import PLACE
from iam.pages.admin.table import NOUNS
from iam.records import acr, actor
from iam.records.role import ADMINISTERING, Role
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
        self, request: Request, roles: frozenset[Role], sent: Sent | None = None
    ) -> tuple[Session, Operator]:
        """Returns the session of who has one of these roles or is an administrator, and as what they act.

        Raises AnswerNow: a redirect to the login or the factor that is asked of administrators, or 404 for others.
        """
        session = await self.holders.session(request, sent)
        operator = self._operator(request, session)
        if not operator.has_one_of(roles):
            raise self.theme.missing()
        await self._prove(request, session, sent)
        return session, operator

    async def admit_to(
        self, request: Request, action: Action[Model, Model], named: Mapping[str, str], sent: Sent | None = None
    ) -> tuple[Session, Operator]:
        """Returns the session of who may do this, also as the owner of what is named, and as what they act.

        Raises AnswerNow as `admit` does.
        """
        session = await self.holders.session(request, sent)
        operator = self._operator(request, session)
        if not operator.has_one_of(action.roles) and not await owns(self.administration, action, named, operator):
            raise self.theme.missing()
        if action.sensitive:
            await self.holders.recent(request, sent)
        await self._prove(request, session, sent)
        return session, operator

    def named(self, path: Mapping[str, str]) -> dict[str, str]:
        """Returns the variables of the path. Raises AnswerNow, 404, if they cannot be read."""
        try:
            return {name: decode(text) for name, text in path.items()}
        except ParameterError:
            raise self.theme.missing() from None

    def page(self, name: str, session: Session, status: int = 200, **context: object) -> Answer:
        """Returns a page of the administration, with its navigation."""
        return self.theme.page(name, status, session=session, sections=sections(session), **context)  # type: ignore[arg-type]

    async def _prove(self, request: Request, session: Session, sent: Sent | None) -> None:
        """Raises AnswerNow, a redirect to the factor, if administrators must prove better who they are."""
        level = self.visitors.settings.admin_acr
        if not acr.reaches(acr.of(session.amr), level):
            raise self.visitors.lead(request, f"/login/factor?step=up&acr={level}&next={here(request)}", sent)

    def _operator(self, request: Request, session: Session) -> Operator:
        by, recent = actor.person(session.user_id, request.client_address), self.holders.logged_in_recently(session)
        return Operator(by, session.roles, session.user_id, recent=recent, acr=acr.of(session.amr))


def sections(session: Session) -> list[tuple[str, str]]:
    """Returns the pages of the navigation, with their labels: those that the person's roles may see.

    Who may see none is here as the owner of a group, whose page is found from their account.
    """
    first = [(PLACE, "Overview")] if not session.roles.isdisjoint(ADMINISTERING) else []
    lists = [(each.place, each.label) for each in NOUNS if each.path in listed(session)]
    return [*first, *lists] or [("/account", "Your account")]


def listed(session: Session) -> Sequence[str]:
    """Returns the nouns whose lists the person's roles may see."""
    administrator = Role.ADMINISTRATOR in session.roles
    return [each.path for each in NOUNS if each.list and (administrator or session.roles & each.list.roles)]


def seen(operator: Operator) -> Sequence[str]:
    """Returns the nouns of whose objects the operator's roles see the pages."""
    return [each.path for each in NOUNS if each.show and operator.has_one_of(each.show.roles)]
