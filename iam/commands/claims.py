"""Claims as arguments: `name=value`, whose value is JSON where it parses, else text."""

from collections.abc import Sequence

import click

from iam import strict_json


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
        return strict_json.parse(text)
    except strict_json.NotJSON:
        return text
