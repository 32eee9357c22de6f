"""PostgreSQL's text form of array elements, so that a batch is sent as one text per column.

psycopg2 would build an adapter object for each element and an `ARRAY[...]` expression, which takes more than twice the
time, and would guess the type. Here the prepared statement declares the type.
"""

from collections.abc import Callable, Iterable
from datetime import date, datetime
from decimal import Decimal
from functools import lru_cache
from operator import attrgetter
from typing import Any
from uuid import UUID


def quoted(text: str) -> str:
    """Returns a text as an array element, quoted so that nothing in it ends the element.

    Raises ValueError for a NUL character or a lone surrogate.
    """
    if "\0" in text:
        raise ValueError("PostgreSQL has no text with a NUL character in it")
    if not text.isascii():
        text.encode()  # a lone surrogate must fail here, for its own row, not later for a whole batch
    if "\\" in text or '"' in text:
        text = text.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{text}"'


def binary(octets: bytes) -> str:
    """Returns bytes in the hex format of bytea, with the backslash escaped for the array."""
    return "\\\\x" + octets.hex()


FORMS: dict[type, Callable[[Any], str]] = {
    type(None): lambda _: "NULL",
    str: quoted,
    bytes: binary,
    bool: lambda value: "t" if value else "f",
    int: str,
    float: repr,
    Decimal: str,
    UUID: attrgetter("hex"),
    datetime: datetime.isoformat,
    date: date.isoformat,
}


def element(value: object) -> str:
    """Returns `value` as one element of an array. Raises TypeError for a type without a text form."""
    form = FORMS.get(type(value))
    if form is not None:
        return form(value)
    for kind, form in FORMS.items():
        if isinstance(value, kind):
            return form(value)
    raise TypeError(f"{type(value).__name__} has no form in a PostgreSQL array")


def nested(values: Iterable[object] | None) -> str:
    """Returns several values as one element, the text of an array: arrays cannot hold arrays of different lengths."""
    if values is None:
        return "NULL"
    if type(values) is tuple and values and type(values[0]) is str:
        return nested_texts(values)
    return quoted(array(map(element, values)))


@lru_cache(maxsize=64)
def nested_texts(values: tuple[str, ...]) -> str:
    """Returns texts as one element. The same few come again and again: the scopes that a client may have."""
    return quoted(array(map(quoted, values)))


def array(elements: Iterable[str]) -> str:
    """Returns a one-dimensional array of elements that are in their text form."""
    return "{" + ",".join(elements) + "}"
