"""The pages of actions on several objects: what dies is shown first, and then each is changed by the same action."""

from collections.abc import Sequence
from contextlib import nullcontext
from typing import Final
from urllib.parse import urlencode

from attrs import evolve, frozen
from twisted.logger import Logger

from iam.administration.actions import performing
from iam.administration.actions.action import Forbidden
from iam.administration.actions.models import USUAL
from iam.browser.forms import Fields
from iam.browser.visitors import Sent, Stale
from iam.database.errors import Unavailable
from iam.http.answers import Answer, see_other
from iam.http.parameters import ParameterError, parse
from iam.http.request import Request
from iam.pages.admin import selection
from iam.pages.admin.acts import CHANGED, LOOK
from iam.pages.admin.desk import Desk
from iam.pages.admin.form import ActionForm
from iam.pages.admin.noun import Act, Noun
from iam.pages.admin.places import CHOSEN, FILTERS, label, several, variables
from iam.pages.admin.selection import Chosen, Selection
from iam.pages.admin.table import NOUNS
from iam.records.invalid import Invalid
from iam.service import service
from iam.store.versions import Changed

log = Logger()

NONE: Final = ("Nothing is chosen", "Go back to the list, and tick what you mean.")
TOO_MANY: Final = ("That is too much at once", f"Choose at most {USUAL} at once, which is one page of a list.")
SINCE: Final = "Somebody has changed it since you opened this page."
NO_ANSWER: Final = "The database did not answer: look whether it is done."
NOT_TRIED: Final = "This was not tried any more."

TOGETHER: Final = {several(action): (noun, action) for noun in NOUNS for action in noun.together}


@frozen
class Named:
    """What an address names: objects, each once, and the query of the list that they were chosen from."""

    ids: Sequence[str]
    filters: str


def filters_of(noun: Noun, query: str) -> str:
    """Returns what of a query the list of the noun knows. Raises ParameterError if it is none."""
    known = noun.list.input.model_fields if noun.list else {}
    return urlencode({name: text for name, text in parse(query.encode()).items() if name in known})


@service
class SeveralPages:
    """The pages of all actions that can be done to several objects at once."""

    desk: Desk

    async def ask(self, request: Request, noun: str, verb: str) -> Answer:
        """Shows what dies, and asks."""
        of, action = self._action(noun, verb)
        chosen = await self._choose(request, of, action, self._named(request, of, action))
        return self._show(request, chosen, chosen.form())

    async def do(self, request: Request, noun: str, verb: str) -> Answer:
        """Receives the form, looks at everything again, and does it if all is as the page showed it."""
        of, action = self._action(noun, verb)
        named = self._named(request, of, action)
        sent = self.desk.visitors.receive(request, " ".join((several(action), *named.ids)))
        chosen = await self._choose(request, of, action, named, sent)
        form = chosen.form(Fields(sent.fields))
        if sent.stale:
            return self._show(request, chosen, form, 403, stale=sent.stale)
        chosen = await selection.look_again(self.desk.administration, chosen)
        meant = await selection.mean(self.desk.administration, chosen, form)
        if self.desk.visitors.showed(sent.fields, meant.digest):
            return await self._do(request, meant, form)
        if self.desk.visitors.showed(sent.fields, chosen.digest):
            return self._show(request, meant, form, notice=LOOK)
        return self._show(request, meant, form, 409, notice=CHANGED)

    def _action(self, noun: str, verb: str) -> tuple[Noun, Act]:
        """Returns the action that the address names, and its noun. Raises AnswerNow, 404."""
        found = TOGETHER.get(f"{CHOSEN}/{noun}/{verb}")
        if found is None:
            raise self.desk.theme.missing()
        return found

    def _named(self, request: Request, noun: Noun, action: Act) -> Named:
        """Returns what the address names. Raises AnswerNow, 400, for nothing or too much, and 404."""
        (name,) = variables(action)
        try:
            told = parse(request.query, repeatable=frozenset({name}))
            filters = filters_of(noun, told.get(FILTERS, ""))
        except ParameterError:
            raise self.desk.theme.missing() from None
        if told.keys() - {name, FILTERS}:
            raise self.desk.theme.missing()
        ids = list(dict.fromkeys(told.all(name)))
        if not ids or len(ids) > USUAL:
            raise self.desk.theme.refusal(400, *(TOO_MANY if ids else NONE))
        return Named(ids, filters)

    async def _choose(
        self, request: Request, noun: Noun, action: Act, named: Named, sent: Sent | None = None
    ) -> Selection:
        """Returns what the request is about, as it is now. Raises AnswerNow."""
        session, operator = await self.desk.admit_to(request, action, {}, sent)
        asked = Selection(noun, action, session, operator, named.ids, named.filters)
        return await selection.look(self.desk.administration, asked)

    async def _do(self, request: Request, chosen: Selection, form: ActionForm) -> Answer:
        """Performs the action on each, and returns what came of it: the list, or what is left with the reasons."""
        done, undone = [], list[tuple[Chosen, str]]()
        for each in chosen.possible:
            gone = undone and undone[-1][1] in (NO_ANSWER, NOT_TRIED)
            if why := NOT_TRIED if gone else await self._perform(each, form):
                undone.append((each, why))
            else:
                done.append(each)
        log.info("{action} of {number} by {actor}", action=chosen.action.name, number=len(done), actor=chosen.actor)
        if not undone:
            return see_other(chosen.done)
        rest = await self._rest(
            evolve(chosen, ids=[each.id for each, _ in undone], chosen=[each for each, _ in undone])
        )
        return self._show(request, rest, form, 409, done=done, undone=undone)

    async def _rest(self, rest: Selection) -> Selection:
        """Returns what is left as it is now, or as it was if the database does not say."""
        try:
            return await selection.look(self.desk.administration, rest)
        except Unavailable:
            return rest

    async def _perform(self, chosen: Chosen, form: ActionForm) -> str | None:
        """Performs the action on this version of one object, and returns why it is not done; None if it is."""
        on, case = self.desk.administration, chosen.case
        versions, version = on.store.versions, chosen.version
        try:
            with versions.unchanged(case.noun.path, chosen.id, version) if version else nullcontext():
                await performing.perform(on, case.action, form.wish(case.named), case.operator)
        except Changed:
            return SINCE
        except Unavailable:
            return NO_ANSWER
        except (Forbidden, Invalid) as error:
            return str(error)
        return None

    def _show(
        self,
        request: Request,
        chosen: Selection,
        form: ActionForm,
        status: int = 200,
        *,
        notice: str | None = None,
        stale: Stale | None = None,
        done: Sequence[Chosen] = (),
        undone: Sequence[tuple[Chosen, str]] = (),
    ) -> Answer:
        """Returns the page that shows what dies and asks, whose form is good for what it shows now."""
        return self.desk.page(
            "admin_several.html",
            chosen.session,
            status,
            here=chosen.noun.place,
            back=chosen.back,
            heading=chosen.noun.label,
            action=chosen.action,
            label=label(chosen.action),
            possible=chosen.possible,
            others=[each for each in chosen.chosen if each.case.obstacle],
            place=chosen.address,
            form=form,
            notice=notice,
            stale=stale,
            done=done,
            undone=undone,
            csrf_token=self.desk.visitors.token(request, chosen.purpose, shown=chosen.digest),
        )
