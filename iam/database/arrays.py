"""PostgreSQL's text form of array elements, so that a batch is sent as one text per column.

psycopg2 would make an adapter object per element and an `ARRAY[...]` expression of them, at more than twice the time,
and its type would be a guess; here the type is the one that the prepared statement declares.
"""

from collections.abc import Callable, Iterable
from datetime import date, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID


def quoted(text: str) -> str:
    """A text as an array element: in quotes, so that nothing in it can end the element."""
    if "\0" in text:
        raise ValueError("PostgreSQL has no text with a NUL character in it")
    text.encode()  # a lone surrogate is this row's fault and must not come to light in a batch with others
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


def binary(octets: bytes) -> str:
    """Octets in the hex format of bytea; the backslash is escaped for the array."""
    return "\\\\x" + octets.hex()


FORMS: dict[type, Callable[[Any], str]] = {
    type(None): lambda _: "NULL",
    str: quoted,
    bytes: binary,
    bool: lambda value: "t" if value else "f",
    int: str,
    float: repr,
    Decimal: str,
    UUID: str,
    datetime: lambda moment: f'"{moment.isoformat()}"',
    date: date.isoformat,
}


def element(value: object) -> str:
    """`value` as one element of an array."""
    form = FORMS.get(type(value))
    if form is not None:
        return form(value)
    for kind, form in FORMS.items():
        if isinstance(value, kind):
            return form(value)
    raise TypeError(f"{type(value).__name__} has no form in a PostgreSQL array")


def nested(values: Iterable[object] | None) -> str:
    """Several values as one element: the text of an array, since an array has no arrays of different lengths."""
    return "NULL" if values is None else quoted(array(map(element, values)))


def array(elements: Iterable[str]) -> str:
    """A one-dimensional array of elements that are in their text form."""
    return "{" + ",".join(elements) + "}"
