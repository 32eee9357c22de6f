"""The pages at which a list is taken along as a file."""

from typing import cast

from twisted.logger import Logger

from iam.administration.actions import performing
from iam.administration.actions.action import Action
from iam.administration.actions.models import Model, Stream
from iam.browser.forms import complain
from iam.browser.visitors import Stale
from iam.http.answers import Answer, file_answer
from iam.http.dispatch import Handler
from iam.http.parameters import ParameterError, query_parameters
from iam.http.request import Request
from iam.pages.admin.desk import Desk
from iam.pages.admin.form import EMPTY, Part, read, validated
from iam.pages.admin.lists import FILE, UNREADABLE, Filters
from iam.pages.admin.noun import Noun
from iam.records.invalid import Invalid
from iam.records.session import Session
from iam.service import service

log = Logger()


class FileForm(Filters):
    """The form that says what is taken along, and in what file."""

    @property
    def parts(self) -> list[Part]:
        """The fields, which have no headings."""
        return [Part("", list(self))]


@service
class FilePages:
    """The pages of all actions that give a file."""

    desk: Desk

    def asking(self, noun: Noun, action: Action[Model, Model]) -> Handler:
        """Returns the handler of the page that asks what is wanted; it begins with what the address says."""

        async def ask(request: Request) -> Answer:
            """Shows the page."""
            session, _ = await self.desk.admit_to(request, action, {})
            try:
                form = FileForm(action, query_parameters(request))
            except ParameterError as error:
                raise self.desk.theme.refusal(error.status, *UNREADABLE) from None
            return self._show(request, noun, action, session, form)

        return ask

    def sending(self, noun: Noun, action: Action[Model, Model]) -> Handler:
        """Returns the handler that sends the file."""

        async def send(request: Request) -> Answer:
            """Receives the form, and sends the file while it is made."""
            sent = self.desk.visitors.receive(request, action.name)
            session, operator = await self.desk.admit_to(request, action, {}, sent)
            form = FileForm(action, sent.fields)
            if sent.stale:
                return self._show(request, noun, action, session, form, 403, sent.stale)
            try:
                asked = {name: value for name, value in read(form, action.input).items() if value not in EMPTY}
                wish = validated(action.input, asked)
                made = await performing.perform(self.desk.administration, action, wish, operator)
            except Invalid as invalid:
                complain(form, invalid.complaints)
                return self._show(request, noun, action, session, form, 400)
            log.info("{action} by {actor}", action=action.name, actor=operator.by.actor)
            file = cast("Stream", made)
            return file_answer(file.media_type, file.filename, file.parts)

        return send

    def _show(
        self,
        request: Request,
        noun: Noun,
        action: Action[Model, Model],
        session: Session,
        form: FileForm,
        status: int = 200,
        stale: Stale | None = None,
    ) -> Answer:
        """Returns the page that asks what is wanted."""
        return self.desk.page(
            "admin_action.html",
            session,
            status,
            here=noun.place,
            action=action,
            label=FILE,
            title=None,
            facts=None,
            losses=None,
            obstacle=None,
            notice=None,
            back=noun.place,
            place=request.path.decode("ascii"),
            form=form,
            stale=stale,
            csrf_token=self.desk.visitors.token(request, action.name),
        )
