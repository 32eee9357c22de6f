"""The pages of the actions: each shows what is done and what dies by it, asks for the input, and does it."""

from collections.abc import Mapping
from typing import Final, cast

from attrs import frozen
from twisted.logger import Logger

from iam.administration.actions import people, performing
from iam.administration.actions.action import Action, Forbidden
from iam.administration.actions.models import Model
from iam.administration.actions.operator import Operator
from iam.administration.actions.person import Link, NamedPerson, Person
from iam.administration.losses import Losses
from iam.browser import csrf
from iam.browser.forms import Fields, complain
from iam.browser.visitors import Stale
from iam.http.answers import Answer, Script, see_other
from iam.http.dispatch import Handler
from iam.http.parameters import ParameterError, decode
from iam.http.request import Request
from iam.pages.admin.desk import Desk
from iam.pages.admin.form import ActionForm
from iam.pages.admin.places import PEOPLE, label
from iam.records.invalid import Invalid, Missing
from iam.records.session import Session
from iam.service import service

log = Logger()

DONE: Final = "?done"


@frozen
class Case:
    """What one request is about: who asks, the action, the object that it is about, if any, and what dies.

    An `obstacle` is why it cannot be done.
    """

    action: Action[Model, Model]
    session: Session
    operator: Operator
    path: Mapping[str, str]
    person: Person | None
    losses: Losses | None = None
    obstacle: str | None = None

    @property
    def purpose(self) -> str:
        """What the token of the form is good for."""
        return " ".join((self.action.name, *self.path.values()))

    @property
    def told(self) -> dict[str, object]:
        """The members of the object, as the page shows them."""
        return self.person.model_dump(mode="json") if self.person else {}

    @property
    def digest(self) -> str:
        """The digest of what the page shows."""
        lost = [[part.heading, *part.items] for part in self.losses.sections] if self.losses else []
        return csrf.digest(self.told, lost, self.obstacle)

    @property
    def back(self) -> str:
        """The page from which the action is chosen."""
        return f"{PEOPLE}/{self.person.id}" if self.person else PEOPLE


@service
class Acts:
    """The pages of all actions that change something."""

    desk: Desk

    def asking(self, action: Action[Model, Model]) -> Handler:
        """Returns the handler of the page that asks."""

        async def ask(request: Request, **path: str) -> Answer:
            """Shows the page."""
            session, operator = await self.desk.admit_to(request, action)
            case = await self._case(action, session, operator, path)
            return self._show(request, case, ActionForm(action, operator, case.told))

        return ask

    def doing(self, action: Action[Model, Model]) -> Handler:
        """Returns the handler that does it, if everything still is as the page showed it."""

        async def do(request: Request, **path: str) -> Answer:
            """Receives the form, looks at everything again, and does it."""
            purpose = " ".join((action.name, *self._named(path).values()))
            sent = self.desk.visitors.receive(request, purpose)
            session, operator = await self.desk.admit_to(request, action, sent)
            case = await self._case(action, session, operator, path, sent.stale)
            form = ActionForm(action, operator, case.told, Fields(sent.fields))
            if sent.stale:
                return self._show(request, case, form, 403, stale=sent.stale)
            if not self.desk.visitors.showed(sent.fields, case.digest):
                return self._show(request, case, form, 409, changed=True)
            return await self._do(request, case, form)

        return do

    async def _do(self, request: Request, case: Case, form: ActionForm) -> Answer:
        """Performs the action, and returns what came of it or the form with its complaints."""
        on = self.desk.administration
        try:
            done = await performing.perform(on, case.action, form.wish(case.path), case.operator)
        except Forbidden as error:
            form.form_errors.append(str(error))
            return self._show(request, case, form, 403)
        except Invalid as invalid:
            complain(form, invalid.complaints)
            return self._show(request, case, form, 400)
        log.info("{action} by {actor}", action=case.action.name, actor=case.operator.by.actor)
        return self._tell(case, done)

    async def _case(
        self,
        action: Action[Model, Model],
        session: Session,
        operator: Operator,
        path: Mapping[str, str],
        stale: Stale | None = None,
    ) -> Case:
        """Returns what the request is about. Raises AnswerNow, 404, if there is no such object."""
        named, person = self._named(path), None
        try:
            person = await self._person(named, operator)
            losses = await self._losses(action, named, operator)
        except Missing:
            raise (self.desk.visitors.refuse_stale(stale, session) if stale else self.desk.theme.missing()) from None
        except (Forbidden, Invalid) as error:
            return Case(action, session, operator, named, person, obstacle=str(error))
        return Case(action, session, operator, named, person, losses)

    def _named(self, path: Mapping[str, str]) -> dict[str, str]:
        """Returns the variables of the path. Raises AnswerNow, 404, if they cannot be read."""
        try:
            return {name: decode(text) for name, text in path.items()}
        except ParameterError:
            raise self.desk.theme.missing() from None

    async def _person(self, named: Mapping[str, str], operator: Operator) -> Person | None:
        if "person" not in named:
            return None
        wish = NamedPerson(person=named["person"])
        return await performing.perform(self.desk.administration, people.SHOW, wish, operator)

    async def _losses(
        self, action: Action[Model, Model], named: Mapping[str, str], operator: Operator
    ) -> Losses | None:
        """Returns what dies, of an action on an object. Raises Forbidden, and Invalid if it cannot be done."""
        if not named:
            return None
        on, wish = self.desk.administration, action.input.model_validate(named)
        await performing.check(on, action, wish, operator)
        return await action.losses(on, wish) if action.losses else None

    def _show(
        self,
        request: Request,
        case: Case,
        form: ActionForm,
        status: int = 200,
        *,
        changed: bool = False,
        stale: Stale | None = None,
    ) -> Answer:
        """Returns the page that asks, whose form is good for what it shows now."""
        return self.desk.page(
            "admin_action.html",
            case.session,
            status,
            action=case.action,
            label=label(case.action),
            person=case.person,
            losses=case.losses,
            obstacle=case.obstacle,
            back=case.back,
            place=request.path.decode("ascii"),
            form=form,
            changed=changed,
            stale=stale,
            csrf_token=self.desk.visitors.token(request, case.purpose, shown=case.digest),
        )

    def _tell(self, case: Case, done: Model) -> Answer:
        """Returns what came of an action: a link that is shown once, or the way to the page of what there is now."""
        if isinstance(done, Link):
            script = Script.COPY if done.link else None
            return self.desk.page("admin_link.html", case.session, script=script, made=done, back=f"{PEOPLE}/{done.id}")
        if case.action.method == "DELETE":
            return see_other(PEOPLE + DONE)
        if case.action.creates:
            return see_other(f"{PEOPLE}/{cast('Person', done).id}{DONE}")
        return see_other(case.back + DONE)
