"""What the page of an action on several objects is about: each object with what dies, and those that are left out."""

from collections.abc import Sequence
from typing import Final
from urllib.parse import urlencode

from attrs import evolve, frozen

from iam.administration.actions.operator import Operator
from iam.administration.administration import Administration
from iam.browser import csrf
from iam.browser.forms import Fields
from iam.pages.admin import cases
from iam.pages.admin.case import Case
from iam.pages.admin.form import ActionForm
from iam.pages.admin.noun import Act, Noun
from iam.pages.admin.places import DONE, FILTERS, several, variables
from iam.pages.admin.rows import sensible
from iam.records.invalid import Missing
from iam.records.session import Session

GONE: Final = "It is not there any more."
NOTHING: Final = "There is nothing to change about it."


@frozen
class Chosen:
    """One of the objects, as it was in this version."""

    id: str
    case: Case
    version: str | None = None

    @property
    def there(self) -> bool:
        """Whether it is there, and named by its key."""
        return self.case.key == self.id

    @property
    def title(self) -> str:
        """What it is called."""
        return self.case.title or self.id


@frozen
class Selection:
    """What one request is about: an action, who asks, and what it is to be done to, chosen from a list with `filters`."""

    noun: Noun
    action: Act
    session: Session
    operator: Operator
    ids: Sequence[str]
    filters: str = ""
    chosen: Sequence[Chosen] = ()

    @property
    def name(self) -> str:
        """The member of the input that names an object."""
        return variables(self.action)[0]

    @property
    def actor(self) -> str:
        """Who asks, as the audit log knows them."""
        return self.operator.by.actor

    @property
    def purpose(self) -> str:
        """What the token of the form is good for."""
        return " ".join((several(self.action), *self.ids))

    @property
    def address(self) -> str:
        """Where the page is."""
        kept = [(FILTERS, self.filters)] if self.filters else []
        return f"{several(self.action)}?{urlencode([*((self.name, each) for each in self.ids), *kept])}"

    @property
    def back(self) -> str:
        """The list that they were chosen from, with its filters."""
        return f"{self.noun.place}?{self.filters}" if self.filters else self.noun.place

    @property
    def done(self) -> str:
        """The list when it is done."""
        return f"{self.back}&{DONE[1:]}" if self.filters else self.back + DONE

    @property
    def possible(self) -> list[Chosen]:
        """Those that it can be done to."""
        return [each for each in self.chosen if each.case.obstacle is None]

    @property
    def digest(self) -> str:
        """The digest of what the page shows."""
        return csrf.digest([[each.id, each.case.digest] for each in self.chosen])

    def form(self, sent: Fields | None = None) -> ActionForm:
        """Returns the form for what is asked besides, once for all of them."""
        return ActionForm(self.noun, self.action, self.operator, {self.name: ""}, {}, sent)


async def look(on: Administration, selection: Selection) -> Selection:
    """Returns the selection with its objects as they are now."""
    return evolve(selection, chosen=[await find(on, selection, each) for each in selection.ids])


async def look_again(on: Administration, selection: Selection) -> Selection:
    """Returns the selection with the versions of its objects, and what is of these or the change comes to nothing."""
    versions = [
        await on.store.versions.read(selection.noun.path, each.id) if each.there else None for each in selection.chosen
    ]
    again = await look(on, selection)
    pairs = zip(again.chosen, versions, strict=True)
    return evolve(again, chosen=[evolve(each, version=version) for each, version in pairs])


async def find(on: Administration, selection: Selection, named: str) -> Chosen:
    """Returns one of the objects, which a list names by its key."""
    asked = Case(selection.noun, selection.action, selection.session, selection.operator, {selection.name: named})
    try:
        case = await cases.find(on, asked)
    except Missing:
        return Chosen(named, evolve(asked, obstacle=GONE))
    if case.shown is None or case.obstacle:
        return Chosen(named, case)
    return Chosen(named, case if sensible(case.action, case.shown) else evolve(case, obstacle=NOTHING))


async def mean(on: Administration, selection: Selection, form: ActionForm) -> Selection:
    """Returns the selection with what dies by what is typed."""
    meant = [
        each if each.case.obstacle else evolve(each, case=await cases.meant(on, each.case, form))
        for each in selection.chosen
    ]
    return evolve(selection, chosen=meant)
