"""docs/reference/pages.md tells what the templates have and use."""

from tests import theme_page


def test_what_themes_may_use_is_what_the_templates_use() -> None:
    told = theme_page.PAGE.read_text()

    assert told == theme_page.text(), "a template has changed: run python -m tests.theme_page"
