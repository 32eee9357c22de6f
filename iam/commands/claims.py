"""Claims as arguments: `name=value`; a value that is not JSON is text."""

from collections.abc import Sequence

import click

from iam import strict_json


def parse(context: click.Context, option: click.Parameter, texts: Sequence[str]) -> dict[str, object]:
    """Parses the claims of a repeatable option; the last value of a name counts. Raises BadParameter."""
    claims: dict[str, object] = {}
    for text in texts:
        name, equals, value = text.partition("=")
        if not equals:
            raise click.BadParameter("a claim is given as name=value.", context, option)
        claims[name] = json_or_text(value)
    return claims


def json_or_text(text: str) -> object:
    """Returns what the text means as JSON (RFC 8259), or the text itself if it is not JSON."""
    try:
        return strict_json.parse(text)
    except strict_json.NotJSON:
        return text
