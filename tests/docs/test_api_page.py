"""The reference of the API is that of the actions that there are."""

from tests import api_page


def test_the_page_is_written_from_the_actions() -> None:
    assert api_page.FILE.read_text() == api_page.text(), "the actions have changed: run python -m tests.api_page"
