"""The mail that a person gets, as a program shows it that takes HTML: legible on a telephone and on a desk, in light and dark."""

import pytest
from playwright.sync_api import Browser

from tests.browser.eyes import AXE, COLOURS, PICTURES, WIDTHS, legible
from tests.chromium import in_browser
from tests.mail.test_messages import FULL, KINDS, bodies, mail, writing

HEADLESS = "page-has-heading-one"  # the heading of a mail is its subject


def look(browser: Browser, kind: str, html: str) -> list[str]:
    page = browser.new_page()
    page.set_content(html)
    page.evaluate(AXE + ";0")
    found = []
    for colour in COLOURS:
        page.emulate_media(color_scheme=colour)
        for width in WIDTHS:
            page.set_viewport_size({"width": width, "height": 800})
            found += legible(page, colour, width)
        if PICTURES:
            page.screenshot(path=f"{PICTURES}/mail-{kind}-{colour}-320.png", full_page=True)
    return found


@pytest.mark.parametrize("kind", KINDS)
def test_a_mail_is_legible(kind: str) -> None:
    _, html = bodies(writing().write(mail(kind, name="N" * 60, **FULL)).message)

    found = in_browser(look, kind, html)

    assert [each for each in found if not each.startswith(HEADLESS)] == []
