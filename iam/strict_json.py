"""A strict JSON parser: it refuses what two parsers could understand differently (RFC 8259 §4, §6)."""

import json
import math
from functools import lru_cache, partial
from typing import Any, NoReturn

LONGEST_NUMBER = 4300  # digits: Python reads no longer ones


class NotJSON(ValueError):
    """The text is no JSON, or other parsers may understand it differently; the message says why."""


class Repeated(NotJSON):
    """An object repeats the member `name`, of which parsers take different values."""

    def __init__(self, name: str) -> None:
        super().__init__("a member is repeated")
        self.name = name


def parse(text: str | bytes, *, longest_number: int = LONGEST_NUMBER) -> Any:
    """Parses a JSON text (bytes: UTF-8) with whole numbers of at most `longest_number` digits.

    Raises NotJSON, or Repeated if an object repeats a member.
    """
    try:
        return decoder(longest_number).decode(text.decode() if isinstance(text, bytes) else text)
    except NotJSON:
        raise
    except RecursionError:
        raise NotJSON("it is nested too deeply") from None
    except ValueError:
        raise NotJSON("it is not JSON") from None


@lru_cache(maxsize=8)
def decoder(longest_number: int) -> json.JSONDecoder:
    """Returns what parses texts with whole numbers of at most so many digits; to make it takes as long as to use it."""
    return json.JSONDecoder(
        object_pairs_hook=members,
        parse_constant=refuse_constant,
        parse_int=partial(whole_number, longest=longest_number),
        parse_float=finite_number,
    )


def members(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """Returns an object's members by their names; raises Repeated."""
    document: dict[str, Any] = {}
    for name, value in pairs:
        if name in document:
            raise Repeated(name)
        document[name] = value
    return document


def refuse_constant(constant: str) -> NoReturn:
    """Raises NotJSON for NaN and infinities, which only Python's parser knows."""
    raise NotJSON(f"{constant} is not JSON")


def whole_number(digits: str, longest: int) -> int:
    """Parses a whole number; raises NotJSON if it has more than `longest` digits."""
    if len(digits) > longest:
        raise NotJSON("a number is too long")
    return int(digits)


def finite_number(digits: str) -> float:
    """Parses a number with a fraction or an exponent; raises NotJSON if it is too large for a double."""
    number = float(digits)
    if not math.isfinite(number):
        raise NotJSON("a number is too large")
    return number
