"""Nouns: what the pages of one kind of objects say besides what its actions declare."""

import re
from collections.abc import Awaitable, Callable, Mapping, Sequence
from functools import cached_property
from typing import Final, get_args

from attrs import field, frozen

from iam.administration.actions.action import Action
from iam.administration.actions.models import Model, Page, Stream
from iam.administration.actions.operator import Operator
from iam.administration.administration import Administration
from iam.administration.telling import Word
from iam.pages.admin.places import PLACE, of_noun, variables, verb

Act = Action[Model, Model]
Find = Callable[[Administration, str], Awaitable[Model]]
Words = Callable[[Model], Sequence[Word]]
Gather = Callable[[Administration, Model, Operator], Awaitable[object]]

OBJECT: Final = re.compile(r"/[\w-]+/\{\w+\}")
NOTHING: Final = "There is none here."


@frozen
class Related:
    """A list on an object's page: the `noun`'s, whose input names the object by the member `by`."""

    noun: "Noun"
    by: str
    empty: str = NOTHING


@frozen(slots=False, eq=False)
class Noun:
    """Objects of one kind, by the first part of their actions' paths.

    `title` is the member that an object is called by, or `otherwise` if it has none; `hint` are those that a row of a
    list tells, `folded` those that it tells when it is asked, and `marks` has a word for those that hold. The title of a
    row `leads` to the page of another noun's object; or it is a sentence, whose parts `words` returns. `named` says which
    member of an object names it in which member of an input. `groups` are the members of long pages and forms by
    headings, those that matter most first, below "". `emptied` is what a field says that is emptied in a change. `find`
    returns an object of a noun without the action show. `template` extends admin_object.html, and is given what `more`
    gathers; `related` lists stand below it. `several` are the verbs of what can be done to several objects at once. A list
    within the pages of another noun says what it `lists` and `acts`; `also` are actions of another noun that its list
    offers.
    """

    path: str
    label: str
    title: str = "name"
    otherwise: str = ""
    hint: Sequence[str] = ()
    folded: Sequence[str] = ()
    words: Words | None = None
    marks: Mapping[str, str] = field(factory=dict)
    named: Mapping[str, str] = field(factory=dict)
    groups: Mapping[str, Sequence[str]] = field(factory=dict)
    emptied: str | None = ""
    find: Find | None = None
    several: Sequence[str] = ()
    lists: Act | None = None
    acts: Sequence[Act] | None = None
    also: Sequence[Act] = ()
    leads: tuple[str, str] | None = None
    empty: str = NOTHING
    related: Sequence[Related] = ()
    template: str = "admin_object.html"
    more: Mapping[str, Gather] = field(factory=dict)

    @cached_property
    def actions(self) -> Sequence[Act]:
        """Its actions; a list within the pages of another noun has some of that noun's."""
        return tuple(of_noun(self.path)) if self.acts is None else tuple(self.acts)

    @cached_property
    def list(self) -> Act | None:
        """The action that lists them."""
        listing = (each for each in self.actions if is_list(each) and not variables(each))
        return self.lists or next(listing, None)

    @cached_property
    def show(self) -> Act | None:
        """The action that shows one."""
        return next((each for each in self.actions if each.method == "GET" and OBJECT.fullmatch(each.path)), None)

    @cached_property
    def file(self) -> Act | None:
        """The action that gives them as a file."""
        return next((each for each in self.actions if issubclass(each.output, Stream)), None)

    @cached_property
    def names(self) -> Mapping[str, str]:
        """The members of inputs that name an object, with the member of the object that each takes."""
        if self.named:
            return self.named
        variable = next((name for each in self.actions for name in variables(each)), None)
        if variable is None:
            return {}
        creating = next((each for each in self.actions if each.creates), None)
        return {variable: variable if variable in self.item.model_fields else creating.identity if creating else "id"}

    @cached_property
    def together(self) -> Sequence[Act]:
        """The actions that can be done to several objects at once."""
        return [each for name in self.several for each in self.actions if verb(each) == name]

    @cached_property
    def item(self) -> type[Model]:
        """What is said of one."""
        if self.show is not None:
            return self.show.output
        listed: type[Model] = get_args(self.list.output.model_fields["items"].annotation)[0] if self.list else Model
        return listed

    @cached_property
    def page(self) -> tuple[str, str]:
        """The noun whose page the title in a row leads to, and the member that names its object; that noun may have none."""
        return self.leads or (self.path if self.show else "", next(iter(self.names.values()), ""))

    @cached_property
    def place(self) -> str:
        """The path of its list."""
        return f"{PLACE}{self.list.path}" if self.list else f"{PLACE}/{self.path}"


def is_list(action: Act) -> bool:
    """Whether what comes of an action is a list."""
    return action.method == "GET" and issubclass(action.output, Page)
