"""How templates escape what they are given."""

import pytest
from markupsafe import Markup, escape

from iam.browser import escaping
from iam.browser.escaping import Escaped


class Text(str):
    __slots__ = ()


class Special(str):
    __slots__ = ()

    def __html__(self) -> str:
        return "<wbr>"


VALUES = (
    "plain",
    "Ümläut €",
    "",
    "a & b",
    "<b>",
    "a > b",
    'say "x"',
    "it's",
    Markup("<i>"),
    Text("<"),
    Special("<"),
    None,
    3,
)


@pytest.mark.parametrize("value", VALUES, ids=repr)
def test_a_value_is_escaped_as_markupsafe_escapes_it(value: object) -> None:
    assert escaping.escape(value) == escape(value)


@pytest.mark.parametrize(
    "text",
    [
        "{{ value }}",
        "{% macro told(each) %}<b>{{ each }}</b>{% endmacro %}{{ told(value) }}",
        "{% set kept %}{{ value }}{% endset %}{{ kept }}",
        "{{ [value, value] | join('<br>') }}{{ value ~ '<' }}",
        "{% for each in [value] %}{{ each }}{% endfor %}",
    ],
)
def test_templates_escape_once_wherever_a_value_stands(text: str) -> None:
    from jinja2 import Environment

    pages = [kind(autoescape=True).from_string(text).render(value="<&>\"'") for kind in (Escaped, Environment)]

    assert pages[0] == pages[1]
    assert "<&" not in pages[0]
