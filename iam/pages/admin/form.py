"""The form of an action: a field for each member of its input that the page does not know already."""

from collections.abc import Iterator, Mapping, Sequence
from itertools import chain
from typing import Final

from attrs import frozen
from pydantic import ValidationError
from wtforms import BooleanField, Field
from wtforms.form import BaseForm

from iam.administration.actions.action import Action
from iam.administration.actions.models import Model
from iam.administration.actions.operator import Operator
from iam.browser.forms import Fields
from iam.pages.admin import kinds
from iam.pages.admin.choices import SCOPE, SOME
from iam.pages.admin.noun import Noun
from iam.records.invalid import Invalid, Missing
from iam.records.scope import Scope

NEEDED = "This is needed."
UNUSABLE = "This cannot be used: {}."
OTHERS = "More"  # the heading of members that no heading names
EMPTY: Final[Sequence[object]] = (None, "", [], {})


@frozen
class Part:
    """Some fields of a form, below a heading if they are not the first."""

    heading: str
    fields: Sequence[Field]

    @property
    def wrong(self) -> bool:
        """Whether something is wrong with one of them."""
        return any(field.errors for field in self.fields)


class ActionForm(BaseForm):  # type: ignore[misc]
    """The form of an action for an operator, sent or filled with what the object has now."""

    def __init__(
        self,
        noun: Noun,
        action: Action[Model, Model],
        operator: Operator,
        known: Mapping[str, object],
        subject: Mapping[str, object],
        sent: Fields | None = None,
        scopes: Sequence[Scope] = (),
    ) -> None:
        self.action, self.emptied = action, noun.emptied
        members = action.input.model_fields
        hidden = frozenset() if operator.administrator else action.reserved
        asked = [name for name in members if name not in known and name not in hidden]
        self.grouped = grouped(noun, asked)
        self.current = {} if action.creates else current(action, subject)
        undecided = not action.creates
        fields = {
            name: kinds.made(
                name,
                members[name],
                now=self.current.get(name),
                resets=noun.emptied is None,
                scopes=scopes,
                undecided=kinds.AS_IT_IS
                if undecided and kinds.nullable(members[name]) and self.current.get(name) is None
                else "",
            )
            for name in chain.from_iterable(self.grouped.values())
        }
        super().__init__(fields)
        filled = {} if sent else {name: shown(action, name, value) for name, value in self.current.items()}
        self.process(sent, data=filled)  # a field that was emptied is not sent

    @property
    def parts(self) -> list[Part]:
        """The fields by headings."""
        return [Part(heading, [self[name] for name in names]) for heading, names in self.grouped.items()]

    def wish(self, named: Mapping[str, str]) -> Model:
        """Returns the input: what is named, and what was typed and differs from what is. Raises Invalid."""
        typed = read(self, self.action.input)
        told = {name: self._said(name, value) for name, value in typed.items() if self._says(name, value)}
        return validated(self.action.input, {**told, **named})

    def _says(self, name: str, value: object) -> bool:
        """Whether a value says something: one that is needed, one that changes what is, or one that is not empty."""
        if self.action.input.model_fields[name].is_required():
            return True
        if name in self.current:
            return in_any_order(name, value) != in_any_order(name, self.current[name])
        if isinstance(value, bool):
            return value or not isinstance(self[name], BooleanField)  # a box that is not ticked says nothing
        return value not in EMPTY

    def _said(self, name: str, value: object) -> object:
        """Returns what is said by a value; an empty one takes back what is."""
        return self.emptied if self.current.get(name) and value in (None, "", {}) else value


def current(action: Action[Model, Model], subject: Mapping[str, object]) -> dict[str, object]:
    """Returns what an object has now of the members that a change replaces; an object without null is added to."""
    members = action.input.model_fields
    return {
        name: list(value) if isinstance(value, tuple) else value
        for name, value in subject.items()
        if name in members and (kinds.nullable(members[name]) or not isinstance(value, Mapping))
    }


def in_any_order(name: str, value: object) -> object:
    """Returns what a value says, without the order of scopes; None for nothing."""
    return set(value.split()) if name == SCOPE and isinstance(value, str) and value else value or None


def shown(action: Action[Model, Model], name: str, value: object) -> object:
    """Returns what stands in the field of a member with this value."""
    if name == SCOPE and isinstance(value, str):
        return value.split()
    if value is None or isinstance(value, bool) or name in SOME:
        return value
    return kinds.kind(action.input.model_fields[name]).write(value)


def grouped(noun: Noun, names: Sequence[str]) -> dict[str, list[str]]:
    """Returns the members by headings, those that no heading of the noun names last; without headings all are first."""
    found = {heading: [name for name in members if name in names] for heading, members in noun.groups.items()}
    named = set(chain.from_iterable(found.values()))
    found.setdefault(OTHERS if named else "", []).extend(name for name in names if name not in named)
    return {heading: members for heading, members in found.items() if members}


def read(form: BaseForm, model: type[Model]) -> dict[str, object]:
    """Returns what the fields of a form say, in the types of their members. Raises Invalid."""
    told, wrong = dict[str, object](), dict[str, str]()
    for field in form:
        try:
            told[field.name] = kinds.read(field, model.model_fields[field.name])
        except ValueError as error:
            wrong[field.name] = str(error)
    if wrong:
        raise Invalid(wrong)
    return told


def validated(model: type[Model], told: Mapping[str, object]) -> Model:
    """Returns the input that says this. Raises Invalid."""
    try:
        return model.model_validate(told)
    except ValidationError as error:
        raise Invalid(dict(complaints(error))) from None


def naming(model: type[Model], named: Mapping[str, str]) -> Model:
    """Returns the input that names an object. Raises Missing if nothing has such a name."""
    try:
        return model.model_validate(named)
    except ValidationError:
        raise Missing({"": "There is nothing of this name."}) from None


def complaints(error: ValidationError) -> Iterator[tuple[str, str]]:
    """Yields the members at fault, each with a sentence."""
    for each in error.errors(include_url=False, include_context=False, include_input=False):
        yield str(each["loc"][0]), NEEDED if each["type"] == "missing" else UNUSABLE.format(each["msg"])
