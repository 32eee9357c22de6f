"""The pages of lists: what is there, found by filters that stand in the address."""

from collections.abc import Mapping, Sequence
from typing import Final, cast
from urllib.parse import urlencode

from attrs import frozen
from wtforms.form import BaseForm

from iam.administration.actions import performing
from iam.administration.actions.action import Action
from iam.administration.actions.models import Model, Page
from iam.administration.actions.operator import Operator
from iam.browser.forms import Fields, complain
from iam.http.answers import Answer
from iam.http.dispatch import Handler
from iam.http.parameters import ParameterError, ParsedParameters, query_parameters, query_text
from iam.http.request import Request
from iam.pages.admin.desk import Desk, seen
from iam.pages.admin.form import EMPTY, read, validated
from iam.pages.admin.kinds import EITHER, made, nullable
from iam.pages.admin.noun import Act, Noun
from iam.pages.admin.permitted import permitted
from iam.pages.admin.places import PLACE, address, filled, label, several, variables
from iam.pages.admin.rows import about_what, row
from iam.records.invalid import Invalid, Missing
from iam.records.session import Session
from iam.service import service

UNREADABLE: Final = ("There is no such list", "The address may be cut off. Begin at the first page of the list.")
FEW: Final = 2  # filters that are always shown; more are folded up
PAGING: Final = ("after", "limit")
ALL: Final = "all"  # in the address: all boxes are ticked
FILE: Final = "Take along as a file"
NOT_FOUND: Final = "Nothing here fits what you look for."


class Filters(BaseForm):  # type: ignore[misc]
    """The form by which a list is searched, as the address says."""

    def __init__(self, action: Action[Model, Model], told: ParsedParameters) -> None:
        self.action = action
        fields = {name: info for name, info in action.input.model_fields.items() if self.asked(name)}
        undecided = {name: EITHER if nullable(info) else "" for name, info in fields.items()}
        super().__init__({name: made(name, info, undecided=undecided[name]) for name, info in fields.items()})
        self.process(Fields(told))

    def asked(self, name: str) -> bool:
        """Whether a member of the input is a filter that people set."""
        searched = self.action.input.model_fields[name].metadata
        never = any(getattr(each, "max_length", None) == 0 for each in searched)
        return name not in PAGING and name not in variables(self.action) and not never


@frozen
class View:
    """One request for a list: which, of what, for whom, and by which filters."""

    noun: Noun
    action: Action[Model, Model]
    session: Session
    operator: Operator
    told: ParsedParameters
    named: Mapping[str, str]
    filters: Filters
    done: bool = False
    ticked: bool = False

    @property
    def place(self) -> str:
        """The address of the list without filters."""
        return filled(PLACE + self.action.path, self.named)

    def part(self, after: str | None) -> str:
        """Returns the address of the part of the list that begins there, with the same filters."""
        kept = {name: text for name, text in self.told.items() if name != "after"}
        query = urlencode({**kept, **({"after": after} if after else {})})
        return f"{self.place}?{query}" if query else self.place

    @property
    def files(self) -> list[tuple[str, str, bool]]:
        """The address of the page that gives the list as a file with the same filters, if there is one, and its button.

        The button makes nothing new, and so is not prominent.
        """
        kept = {name: text for name, text in self.told.items() if name not in PAGING}
        return [(filled(PLACE + each.path, kept), FILE, False) for each in (self.noun.file,) if each and not self.named]


@frozen
class Choosing:
    """How several objects of a list are chosen: the field, the buttons, and where all are ticked, or whether they are.

    `filters` is the query of the list, to come back to it.
    """

    name: str
    buttons: Sequence[tuple[str, str]]
    everything: str
    ticked: bool
    filters: str

    @classmethod
    def of(cls, view: View, together: Sequence[Act]) -> "Choosing":
        """Returns it for these actions."""
        address = view.part(view.told.get("after"))
        _, _, filters = address.partition("?")
        buttons = [(several(each), label(each)) for each in together]
        everything = f"{address}{'&' if filters else '?'}{ALL}"
        return cls(variables(together[0])[0], buttons, everything, view.ticked, filters)


@service
class ListPages:
    """The pages of all lists."""

    desk: Desk

    def showing(self, noun: Noun, action: Action[Model, Model]) -> Handler:
        """Returns the handler of the page of this list."""

        async def show(request: Request, **path: str) -> Answer:
            """Shows the part of the list that the address asks for."""
            named = self.desk.named(path)
            told = self._told(request)
            session, operator = await self.desk.admit_to(request, action, {**told, **named})
            view = View(noun, action, session, operator, told, named, Filters(action, told), *marks_in(request))
            try:
                page = await self._perform(view)
            except Invalid as invalid:
                return self._complain(view, invalid)
            return self._show(view, page, await permitted(self.desk.administration, noun, named, operator))

        return show

    async def _perform(self, view: View) -> Page[Model]:
        """Returns the part of the list. Raises Invalid, and AnswerNow, 404, if what it is of is not there."""
        asked = {name: value for name, value in read(view.filters, view.action.input).items() if value not in EMPTY}
        rest = {name: text for name, text in view.told.items() if name not in view.filters}
        wish = validated(view.action.input, {**rest, **asked, **view.named})
        try:
            return cast(
                "Page[Model]", await performing.perform(self.desk.administration, view.action, wish, view.operator)
            )
        except Missing:
            if view.named:
                raise self.desk.theme.missing() from None
            raise

    def _show(self, view: View, page: Page[Model], acts: Sequence[Act], status: int = 200) -> Answer:
        """Returns the page of this part of the list, with those of these actions that are about none of its objects."""
        noun, visible, asked = view.noun, seen(view.operator), list(view.filters)
        filtered = any(field.data for field in asked)
        together = [] if view.named else [each for each in noun.together if view.operator.has_one_of(each.roles)]
        return self.desk.page(
            "admin_list.html",
            view.session,
            status,
            here=noun.place,
            heading=noun.label,
            filters=view.filters,
            place=view.place,
            filtered=filtered,
            long=len(asked) > FEW if asked else None,
            rows=[row(noun, each, acts, visible, view.named, together=together) for each in page.items],
            chosen=Choosing.of(view, together) if page.items and together else None,
            empty=NOT_FOUND if filtered or "after" in view.told else noun.empty,
            actions=view.files
            + [
                (address(each, view.named), label(each), each.creates)
                for each in acts
                if not about_what(each, noun.names) or (view.named and variables(each) == tuple(view.named))
            ],
            first=view.part(None) if "after" in view.told else None,
            next=view.part(page.next) if page.next else None,
            done=view.done,
        )

    def _complain(self, view: View, invalid: Invalid) -> Answer:
        """Returns the list without rows, with what is wrong with its filters. Raises AnswerNow, 400, if it has none such."""
        if set(invalid.complaints) & ({*PAGING, *view.told} - {field.name for field in view.filters}):
            raise self.desk.theme.refusal(400, *UNREADABLE) from None
        complain(view.filters, invalid.complaints)
        return self._show(view, Page[Model](items=[], next=None), [], 400)

    def _told(self, request: Request) -> ParsedParameters:
        """Returns the filters in the address. Raises AnswerNow, 400."""
        try:
            return query_parameters(request)
        except ParameterError as error:
            raise self.desk.theme.refusal(error.status, *UNREADABLE) from None


def marks_in(request: Request) -> tuple[bool, bool]:
    """Whether something was just done, after which the browser was led here, and whether all boxes are to be ticked."""
    said = query_text(request).split("&")
    return "done" in said, ALL in said
