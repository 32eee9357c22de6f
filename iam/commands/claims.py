"""Claims as arguments: `name=value`, whose value is JSON where it parses, else text."""

import json
from collections.abc import Sequence
from math import isfinite
from typing import NoReturn

import click


def parse(context: click.Context, option: click.Parameter, texts: Sequence[str]) -> dict[str, object]:
    """The claims of a repeatable option; the last of one name counts."""
    claims: dict[str, object] = {}
    for text in texts:
        name, equals, value = text.partition("=")
        if not equals:
            raise click.BadParameter("a claim is given as name=value.", context, option)
        claims[name] = json_or_text(value)
    return claims


def json_or_text(text: str) -> object:
    """What the text means as JSON (RFC 8259); the text itself where it is none."""
    try:
        return strict(text)
    except (ValueError, RecursionError):
        return text


def strict(text: str | bytes) -> object:
    """What the text means as JSON (RFC 8259); raises ValueError, RecursionError."""
    value: object = json.loads(text, parse_constant=refuse, parse_float=finite)
    return value


def refuse(constant: str) -> NoReturn:
    """NaN and Infinity are Python's, not JSON's."""
    raise ValueError(constant)


def finite(text: str) -> float:
    """A number that other programs can read as well."""
    number = float(text)
    if not isfinite(number):
        raise ValueError(text)
    return number
