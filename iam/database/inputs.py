"""The input of a batched statement, declared by a record class: a column for each of its fields.

`{input}` in the SQL stands for the rows that are requested together, as `i`: `i.digest` is the field `digest`, and
`i.n` the number of the row. The annotation of a field determines its type in PostgreSQL. A field of several values is
sent as the text of an array, since a batch cannot hold arrays of arrays; the SQL reads it as an array.
"""

import re
from collections.abc import Callable, Collection, Mapping, Sequence
from datetime import date, datetime
from decimal import Decimal
from operator import attrgetter
from types import NoneType, UnionType
from typing import Any, Final, Union, get_args, get_origin, get_type_hints
from uuid import UUID

from iam.database.arrays import FORMS, element, nested

TYPES: Final[Mapping[object, str]] = {
    bool: "boolean",
    bytes: "bytea",
    date: "date",
    datetime: "timestamptz",
    Decimal: "numeric",
    float: "double precision",
    int: "integer",
    str: "text",
    UUID: "uuid",
}
SEVERAL: Final = frozenset({Collection, Sequence, frozenset, list, set, tuple})
FORMS_OF_FIELDS: Final[dict[type, Callable[[Any], str]]] = {
    **FORMS,
    frozenset: nested,
    list: nested,
    set: nested,
    tuple: nested,
}
HOLE: Final = "{input}"
NUMBER: Final = "n"
READ: Final = re.compile(r"\bi\.(\w+)")


def fit(record: type, sql: str, **pieces: str) -> str:
    """Returns the SQL with shared pieces in place of their names, such as `{claimed}`.

    Raises TypeError unless the SQL has one `{input}`, reads no field that the record class lacks, and uses all fields.
    """
    for name, piece in pieces.items():
        sql = sql.replace(f"{{{name}}}", piece.strip())
    fields = set(kinds(record))
    if sql.count(HOLE) != 1:
        raise TypeError(f"The SQL over {record.__name__} needs one {HOLE}.")
    if strange := set(READ.findall(sql)) - fields - {NUMBER}:
        raise TypeError(f"The SQL reads what {record.__name__} has not: {', '.join(sorted(strange))}.")
    if idle := fields - set(re.findall(r"\w+", sql)):
        raise TypeError(f"The SQL never reads what {record.__name__} has: {', '.join(sorted(idle))}.")
    return sql


def kinds(record: type) -> dict[str, str]:
    """Returns the PostgreSQL types of the fields, in their order. Raises TypeError for a field that cannot be sent."""
    hints = get_type_hints(record)
    if NUMBER in hints:
        raise TypeError(f"{record.__name__}.{NUMBER}: the number of the row has this name.")
    return {name: kind(annotation, f"{record.__name__}.{name}") for name, annotation in hints.items()}


def kind(annotation: object, place: str) -> str:
    """Returns the PostgreSQL type for an annotation, whether optional or not. Raises TypeError."""
    if get_origin(annotation) in (Union, UnionType):
        left = [each for each in get_args(annotation) if each is not NoneType]
        annotation = left[0] if len(left) == 1 else annotation
    if get_origin(annotation) in SEVERAL:
        return kind(get_args(annotation)[0], place) + "[]"
    if annotation not in TYPES:
        raise TypeError(f"{place}: {annotation} has no type in PostgreSQL.")
    return TYPES[annotation]


def parameters(record: type) -> list[str]:
    """Returns the types of a prepared statement's parameters: an array for each field."""
    return [("text" if several(kind) else kind) + "[]" for kind in kinds(record).values()]


def filled(record: type, sql: str) -> str:
    """Returns the SQL with the rows to read in place of `{input}`. Raises TypeError."""
    return fit(record, sql).replace(HOLE, source(kinds(record)))


def source(columns: Mapping[str, str]) -> str:
    """Returns the SQL of rows with these columns, read from the parameters of a prepared statement."""
    places = ", ".join(f"${number}" for number in range(1, len(columns) + 1))
    rows = f"unnest({places}) with ordinality as i ({', '.join(columns)}, {NUMBER})"
    if not any(map(several, columns.values())):
        return rows
    read = [f"i.{name}::{kind}" if several(kind) else f"i.{name}" for name, kind in columns.items()]
    return "(select " + ", ".join([*read, f"i.{NUMBER}"]) + " from " + rows + ") as i"  # noqa: S608 - names of fields and types


def several(kind: str) -> bool:
    """Tells whether this is the type of an array."""
    return kind.endswith("[]")


def elements(record: type) -> Callable[[object], tuple[str, ...]]:
    """Returns a function that turns the fields of a record into array elements; the first is the key."""
    columns = kinds(record)
    read, form = attrgetter(*columns), FORMS_OF_FIELDS.get
    if len(columns) == 1:
        return lambda row: (form(type(value := read(row)), element)(value),)
    return lambda row: tuple([form(type(value), element)(value) for value in read(row)])
