"""The form of an action: a field for each member of its input that the page does not know already."""

from collections.abc import Callable, Iterator, Mapping
from types import UnionType
from typing import Final, get_args, get_origin

from pydantic import SecretStr, ValidationError
from pydantic.fields import FieldInfo
from wtforms import BooleanField, Field, PasswordField, StringField, TextAreaField
from wtforms.form import BaseForm

from iam.administration.actions.action import Action
from iam.administration.actions.models import Model
from iam.administration.actions.operator import Operator
from iam.browser.forms import Fields
from iam.http import json_body
from iam.http.parameters import ParameterError
from iam.records.invalid import Invalid

NO_OBJECT: Final = 'Write a JSON object, such as {"department": "Sales"}.'
NEEDED: Final = "This is needed."
UNUSABLE: Final = "This cannot be used: {}."
LABELS: Final = {"email": "E-mail address"}  # of members that are not called as people say
FIELDS: Final[Mapping[object, type[Field]]] = {
    bool: BooleanField,
    dict: TextAreaField,
    SecretStr: PasswordField,
}


class ActionForm(BaseForm):  # type: ignore[misc]
    """The form of an action for an operator, sent or filled with what the object has now."""

    def __init__(
        self,
        action: Action[Model, Model],
        operator: Operator,
        subject: Mapping[str, object],
        sent: Fields | None = None,
    ) -> None:
        self.action = action
        self.current = {name: subject[name] for name in names(action, operator) if name in subject}
        super().__init__({name: made(name, action.input.model_fields[name]) for name in names(action, operator)})
        changing = self.current if action.method == "PATCH" else {}
        self.process(sent, data={name: value for name, value in changing.items() if not isinstance(value, dict)})

    def wish(self, path: Mapping[str, str]) -> Model:
        """Returns the input: what the path names, and what was typed and differs from what is. Raises Invalid."""
        typed = {field.name: typed_into(field, self.action.input.model_fields[field.name]) for field in self}
        told = {name: value for name, value in typed.items() if self._says(name, value)}
        try:
            return self.action.input.model_validate({**told, **path})
        except ValidationError as error:
            raise Invalid(dict(complaints(error))) from None

    def _says(self, name: str, value: object) -> bool:
        """Whether a value says something: one that is needed, one that changes what is, or one that is not empty."""
        if self.action.input.model_fields[name].is_required():
            return True
        if self.action.method == "PATCH" and not isinstance(value, dict | list):
            return value != (self.current.get(name) or type(value)())
        return bool(value)


def names(action: Action[Model, Model], operator: Operator) -> list[str]:
    """Returns the members of the input that a form asks for; administrators are asked for more."""
    hidden = frozenset() if operator.administrator else action.reserved
    return [name for name in action.input.model_fields if f"{{{name}}}" not in action.path and name not in hidden]


def kind(info: FieldInfo) -> object:
    """Returns the type of a member, without None and without what is in a list or an object."""
    given: object = info.annotation
    if isinstance(given, UnionType):
        given = next(each for each in get_args(given) if each is not type(None))
    return get_origin(given) or given


def made(name: str, info: FieldInfo) -> object:
    """Returns the field for a member; a box to tick is labelled by what it means."""
    label, sentence = LABELS.get(name, name.replace("_", " ").capitalize()), info.description or ""
    wanted = FIELDS.get(kind(info), StringField)
    return wanted(sentence or label) if wanted is BooleanField else wanted(label, description=sentence)


def typed_into(field: Field, info: FieldInfo) -> object:
    """Returns what a field says, in the type of its member. Raises Invalid."""
    text = field.data if isinstance(field.data, str) else ""
    readers: Mapping[object, Callable[[], object]] = {
        bool: lambda: bool(field.data),
        dict: lambda: read_object(field.name, text),
        list: text.split,
        SecretStr: lambda: text,
    }
    return readers.get(kind(info), text.strip)()


def read_object(name: str, text: str) -> dict[str, object]:
    """Returns the JSON object that was typed; an empty one for nothing. Raises Invalid."""
    try:
        return json_body.parse(text.encode()) if text.strip() else {}
    except ParameterError:
        raise Invalid({name: NO_OBJECT}) from None


def complaints(error: ValidationError) -> Iterator[tuple[str, str]]:
    """Yields the members at fault, each with a sentence."""
    for each in error.errors(include_url=False, include_context=False, include_input=False):
        yield str(each["loc"][0]), NEEDED if each["type"] == "missing" else UNUSABLE.format(each["msg"])
