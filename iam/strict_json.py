"""JSON, read strictly: what two readers could understand differently is refused (RFC 8259 §4, §6)."""

import json
import math
from functools import partial
from typing import Any, NoReturn

LONGEST_NUMBER = 4300  # digits: Python reads no longer ones


class NotJSON(ValueError):
    """A text that is no JSON, or that others may read differently; its text says why."""


class Repeated(NotJSON):
    """An object that names a member twice, of which readers take different ones; `name` is the member's."""

    def __init__(self, name: str) -> None:
        super().__init__("a member is repeated")
        self.name = name


def parse(text: str | bytes, *, longest_number: int = LONGEST_NUMBER) -> Any:
    """The value of a JSON text (bytes: UTF-8); whole numbers have at most `longest_number` digits.

    Raises NotJSON, and Repeated where an object names a member twice.
    """
    try:
        return json.loads(
            text.decode() if isinstance(text, bytes) else text,
            object_pairs_hook=members,
            parse_constant=refuse_constant,
            parse_int=partial(whole_number, longest=longest_number),
            parse_float=finite_number,
        )
    except NotJSON:
        raise
    except RecursionError:
        raise NotJSON("it is nested too deeply") from None
    except ValueError:
        raise NotJSON("it is not JSON") from None


def members(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """An object's members by their names; raises Repeated."""
    document: dict[str, Any] = {}
    for name, value in pairs:
        if name in document:
            raise Repeated(name)
        document[name] = value
    return document


def refuse_constant(constant: str) -> NoReturn:
    """Raise NotJSON for NaN and infinities, which are Python's."""
    raise NotJSON(f"{constant} is not JSON")


def whole_number(digits: str, longest: int) -> int:
    """A whole number; raises NotJSON for one that is too long."""
    if len(digits) > longest:
        raise NotJSON("a number is too long")
    return int(digits)


def finite_number(digits: str) -> float:
    """A number that other programs can read as well; raises NotJSON for one that is too large."""
    number = float(digits)
    if not math.isfinite(number):
        raise NotJSON("a number is too large")
    return number
