"""The pages of the actions: each shows what is done and what dies by it, asks for the input, and does it."""

from collections.abc import Mapping
from contextlib import nullcontext
from typing import Final

from twisted.logger import Logger

from iam.administration.actions import performing
from iam.administration.actions.action import Action, Forbidden
from iam.administration.actions.models import Model
from iam.administration.actions.person import Link
from iam.browser.forms import Fields, complain
from iam.browser.visitors import Sent, Stale
from iam.http.answers import Answer, Script, see_other
from iam.http.dispatch import Handler
from iam.http.parameters import REPEATABLE, ParameterError, query_parameters, query_text
from iam.http.request import Request
from iam.pages.admin import cases
from iam.pages.admin.case import Case, back, page_of
from iam.pages.admin.choices import TICKED
from iam.pages.admin.desk import Desk, seen
from iam.pages.admin.facts import facts
from iam.pages.admin.form import ActionForm
from iam.pages.admin.noun import Noun
from iam.pages.admin.places import BACK, DONE, label
from iam.pages.admin.words import called
from iam.records.invalid import Invalid, Missing
from iam.service import service
from iam.store.versions import Changed

log = Logger()

CHANGED: Final = "Something has changed since you opened this page. Nothing is done yet: please look again."
LOOK: Final = (
    "Nothing is done yet: look at what ends by what you have entered. If you want that, press the button again."
)

# The members of what comes of an action that are shown once.
SECRETS: Final = ("client_secret", "token", "initial_access_token", "registration_access_token")


@service
class Acts:
    """The pages of all actions that change something, or are told what is too secret for an address."""

    desk: Desk

    def asking(self, noun: Noun, action: Action[Model, Model]) -> Handler:
        """Returns the handler of the page that asks."""

        async def ask(request: Request, **path: str) -> Answer:
            """Shows the page."""
            case = await self._case(request, noun, action, path)
            return self._show(request, case, form_of(case))

        return ask

    def doing(self, noun: Noun, action: Action[Model, Model]) -> Handler:
        """Returns the handler that does it, if everything still is as the page showed it, and dies by what was typed."""

        async def do(request: Request, **path: str) -> Answer:
            """Receives the form, looks at everything again, and does it."""
            purpose = " ".join((action.name, *self._named(request, action, path).values()))
            sent = self.desk.visitors.receive(request, purpose, repeatable=REPEATABLE | TICKED)
            case = await self._case(request, noun, action, path, sent)
            if sent.stale:
                return self._show(request, case, form_of(case, Fields(sent.fields)), 403, stale=sent.stale)
            version = await self._version(case)
            case = await self._look(case)  # again: so what it shows now is this version, or the change comes to nothing
            form = form_of(case, Fields(sent.fields))
            meant = await cases.meant(self.desk.administration, case, form)
            if self.desk.visitors.showed(sent.fields, meant.digest):
                return await self._do(request, meant, form, version)
            if self.desk.visitors.showed(sent.fields, case.digest):
                return self._show(request, meant, form, notice=LOOK)
            return self._show(request, meant, form, 409, notice=CHANGED)

        return do

    async def _do(self, request: Request, case: Case, form: ActionForm, version: str | None) -> Answer:
        """Performs the action on this version, and returns what came of it or the form with its complaints."""
        on, key = self.desk.administration, case.key
        unchanged = on.store.versions.unchanged(case.noun.path, key, version) if key and version else nullcontext()
        try:
            with unchanged:
                done = await performing.perform(on, case.action, form.wish(case.named), case.operator)
        except Changed:
            return self._show(request, await self._look(case), form, 409, notice=CHANGED)
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
        request: Request,
        noun: Noun,
        action: Action[Model, Model],
        path: Mapping[str, str],
        sent: Sent | None = None,
    ) -> Case:
        """Returns what the request is about. Raises AnswerNow, 404, if there is no such object."""
        named = self._named(request, action, path)
        session, operator = await self.desk.admit_to(request, action, named, sent)
        case = Case(noun, action, session, operator, named, back(query_parameters(request)))
        return await self._look(case, sent.stale if sent else None)

    async def _look(self, case: Case, stale: Stale | None = None) -> Case:
        """Returns the case as it is now. Raises AnswerNow, 404, if there is no such object."""
        try:
            return await cases.find(self.desk.administration, case)
        except Missing:
            missing = self.desk.visitors.refuse_stale(stale, case.session) if stale else self.desk.theme.missing()
            raise missing from None

    async def _version(self, case: Case) -> str | None:
        """Returns the version of the object; None if there is none, or if its noun has no versions."""
        return await self.desk.administration.store.versions.read(case.noun.path, case.key) if case.key else None

    def _named(self, request: Request, action: Action[Model, Model], path: Mapping[str, str]) -> dict[str, str]:
        """Returns the members of the input that the address names. Raises AnswerNow, 404, if it cannot be read."""
        try:
            told = {name: text for name, text in query_parameters(request).items() if name != BACK}
        except ParameterError:
            raise self.desk.theme.missing() from None
        if told.keys() - action.input.model_fields.keys() or told.keys() & path.keys():
            raise self.desk.theme.missing()
        return {**self.desk.named(path), **told}

    def _show(
        self,
        request: Request,
        case: Case,
        form: ActionForm,
        status: int = 200,
        *,
        notice: str | None = None,
        stale: Stale | None = None,
    ) -> Answer:
        """Returns the page that asks, whose form is good for what it shows now."""
        query = query_text(request)
        return self.desk.page(
            "admin_action.html",
            case.session,
            status,
            here=case.noun.place,
            action=case.action,
            label=label(case.action),
            title=case.title,
            facts=case.facts,
            losses=case.losses,
            obstacle=case.obstacle,
            back=case.back,
            place=request.path.decode("ascii") + (f"?{query}" if query else ""),
            form=form,
            notice=notice,
            stale=stale,
            csrf_token=self.desk.visitors.token(request, case.purpose, shown=case.digest),
        )

    def _tell(self, case: Case, done: Model) -> Answer:
        """Returns what came of an action: a secret that is shown once, or the way to the page of what there is now."""
        if case.action.looks:
            return self._tell_all(case, done)
        made = page_of(case.noun, done) if case.action.creates and case.noun.show else None
        following = made or case.after
        if isinstance(done, Link):
            script = Script.COPY if done.link else None
            return self.desk.page(
                "admin_link.html", case.session, script=script, made=done, back=following, here=case.noun.place
            )
        for name in SECRETS:
            if secret := getattr(done, name, None):
                return self._tell_once(case, called(name), secret, following)
        return see_other(following + DONE)

    def _tell_all(self, case: Case, done: Model) -> Answer:
        """Returns the page that shows what was looked for."""
        told = facts(case.noun, done, type(done).model_fields, seen(case.operator))
        return self.desk.page(
            "admin_told.html", case.session, here=case.noun.place, label=label(case.action), facts=told, back=case.back
        )

    def _tell_once(self, case: Case, label: str, secret: str, following: str) -> Answer:
        """Returns the page that shows a secret this once."""
        return self.desk.page(
            "admin_secret.html",
            case.session,
            script=Script.COPY,
            here=case.noun.place,
            title=case.title,
            label=label,
            secret=secret,
            back=following,
        )


def form_of(case: Case, sent: Fields | None = None) -> ActionForm:
    """Returns the form of an action, sent or with what the object has now."""
    told = {name: getattr(case.shown, name) for name in type(case.shown).model_fields} if case.shown else {}
    return ActionForm(case.noun, case.action, case.operator, case.named, told, sent, case.scopes)
