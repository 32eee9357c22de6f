"""How forms ask for the values of members: the field for each type, and what is read of it."""

import json
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, date, datetime
from enum import StrEnum
from types import UnionType
from typing import Annotated, Final, Literal, Union, get_args, get_origin

from attrs import frozen
from pydantic import AwareDatetime, SecretStr
from pydantic.fields import FieldInfo
from wtforms import (
    BooleanField,
    Field,
    PasswordField,
    RadioField,
    SelectField,
    SelectMultipleField,
    StringField,
    TextAreaField,
)
from wtforms.fields.choices import SelectChoice

from iam.administration.actions.models import Offered, written
from iam.http import json_body
from iam.http.parameters import ParameterError
from iam.pages.admin.choices import ONE, SCOPE, SOME
from iam.pages.admin.words import called
from iam.pages.scope_choices import scope_choices
from iam.records.scope import Scope

NO_OBJECT: Final = 'Write a JSON object, such as {"department": "Sales"}.'
NO_NUMBER: Final = "Write a number, such as 60."
NO_MOMENT: Final = "Write a moment, such as 2030-12-31 18:00, which is in UTC."
NONE: Final = "Not chosen"
LINES: Final = "One a line."
AS_IT_IS: Final = "As it is"
EITHER: Final = "Either"
SPACED: Final = ", with spaces between"  # how the scopes of a text are written, which is not said of boxes


@frozen
class Kind:
    """A field, what is read of its text (ValueError says what is wrong with it), how a value is written, and a hint."""

    field: type[Field]
    read: Callable[[str], object] = str.strip
    write: Callable[..., str] = str
    hint: str = ""


def read_object(text: str) -> dict[str, object]:
    """Returns a JSON object; an empty one for nothing. Raises ValueError."""
    try:
        return json_body.parse(text.encode()) if text.strip() else {}
    except ParameterError:
        raise ValueError(NO_OBJECT) from None


def read_number(text: str) -> int | None:
    """Returns a whole number; None for nothing. Raises ValueError."""
    try:
        return int(text) if text.strip() else None
    except ValueError:
        raise ValueError(NO_NUMBER) from None


def read_moment(text: str) -> datetime | None:
    """Returns a moment, in UTC unless it says otherwise; None for nothing. Raises ValueError."""
    try:
        at = datetime.fromisoformat(text.strip()) if text.strip() else None
    except ValueError:
        raise ValueError(NO_MOMENT) from None
    return at.replace(tzinfo=UTC) if at and at.tzinfo is None else at


def read_lines(text: str) -> list[str]:
    """Returns the lines that say something."""
    return [line.strip() for line in text.splitlines() if line.strip()]


TEXT: Final = Kind(StringField)
LINE: Final = Kind(TextAreaField, read_lines, "\n".join, LINES)
OBJECT: Final = Kind(TextAreaField, read_object, lambda value: json.dumps(value, indent=2, ensure_ascii=False))
MOMENT: Final = Kind(
    StringField, read_moment, lambda at: written(at).replace("T", " "), "Such as 2030-12-31 18:00, in UTC."
)
KINDS: Final[Mapping[object, Kind]] = {
    bool: Kind(BooleanField),
    int: Kind(StringField, read_number),
    list: LINE,
    tuple: LINE,
    dict: OBJECT,
    Mapping: OBJECT,
    AwareDatetime: MOMENT,
    datetime: MOMENT,
    date: Kind(StringField, hint="Such as 2030-12-31."),
    SecretStr: Kind(PasswordField, str),
}


def annotation(info: FieldInfo) -> object:
    """Returns the type of a member, without None and notes."""
    given: object = info.annotation
    if get_origin(given) in (Union, UnionType):
        given = next(each for each in get_args(given) if each is not type(None))
    return get_args(given)[0] if get_origin(given) is Annotated else given


def type_of(info: FieldInfo) -> object:
    """Returns the type of a member, without None, notes, and what is in a list or an object."""
    given = annotation(info)
    return get_origin(given) or given


def labels_of(info: FieldInfo) -> Mapping[str, str]:
    """Returns the values that are offered for a member, with what each is called."""
    return next((note.values for note in info.metadata if isinstance(note, Offered)), {})


def values_of(name: str, info: FieldInfo) -> Sequence[str]:
    """Returns the values that a member may be chosen from; none if any other will do."""
    if offered := labels_of(info):
        return list(offered)
    given = annotation(info)
    if get_origin(given) is Literal:
        return get_args(given)
    if isinstance(given, type) and issubclass(given, StrEnum):
        return [each.value for each in given]
    return ONE.get(name, ())


def kind(info: FieldInfo) -> Kind:
    """Returns how a member is asked for."""
    return KINDS.get(type_of(info), TEXT)


def nullable(info: FieldInfo) -> bool:
    """Whether null is a value of the member."""
    return type(None) in get_args(info.annotation)


def made(
    name: str,
    info: FieldInfo,
    *,
    undecided: str = "",
    now: object = None,
    resets: bool = True,
    scopes: Sequence[Scope] = (),
) -> object:
    """Returns the field for a member; a box to tick is labelled by what it means.

    Where yes and no are not all there is, `undecided` says what else. What it is `now` can be chosen too, and nothing if
    that `resets` it. `scopes` are those that there are.
    """
    label, wanted, sentence = called(name), kind(info), info.description or ""
    if name == SCOPE and scopes:
        return SelectMultipleField(label, description=sentence.replace(SPACED, ""), choices=scope_choices(scopes))
    if name in SOME:
        return SelectMultipleField(label, description=sentence, choices=[SelectChoice(*each) for each in SOME[name]])
    if offered := values_of(name, info):
        values = dict.fromkeys((*offered, str(now)) if now else offered)
        chosen = (now and not resets) or not (nullable(info) or info.is_required())
        values = values if chosen else {"": None, **values}
        spoken = {"": NONE, **labels_of(info)}
        choices = [SelectChoice(each, spoken.get(each, each)) for each in values]
        return SelectField(label, description=sentence, choices=choices)
    if wanted.field is BooleanField and undecided:
        return RadioField(label, description=sentence, choices=either(undecided), default="")
    if wanted.field is BooleanField:
        return BooleanField(sentence or label)
    return wanted.field(label, description=" ".join(each for each in (sentence, wanted.hint) if each))


def either(undecided: str) -> list[SelectChoice]:
    """Returns the choices of what may be yes or no, or undecided."""
    return [SelectChoice("", undecided), SelectChoice("y", "Yes"), SelectChoice("n", "No")]


def read(field: Field, info: FieldInfo) -> object:
    """Returns what a field says, in the type of its member. Raises ValueError."""
    if isinstance(field, BooleanField):
        return bool(field.data)
    if isinstance(field, SelectMultipleField):
        return " ".join(field.data or []) if type_of(info) is str else field.data or []
    if isinstance(field, RadioField):
        return {"y": True, "n": False}.get(field.data)
    return kind(info).read(field.data if isinstance(field.data, str) else "")
