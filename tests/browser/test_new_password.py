"""A new password can be looked at where scripts run, and typed where they do not."""

from playwright.sync_api import Browser, Page

from tests.browser.conftest import PASSWORD, Running, setup_of
from tests.chromium import in_browser

BUTTON = "Show the password"
FIELDS = ("Password", "Password, once more")


def opened(browser: Browser, address: str, *, scripts: bool = True) -> Page:
    page = browser.new_context(java_script_enabled=scripts).new_page()
    page.goto(address)
    for label in FIELDS:
        page.get_by_label(label, exact=True).fill(PASSWORD)
    return page


def kinds(page: Page) -> list[str | None]:
    return [page.get_by_label(label, exact=True).get_attribute("type") for label in FIELDS]


def shown_and_hidden(browser: Browser, address: str) -> list[tuple[list[str | None], str | None]]:
    page = opened(browser, address)
    button = page.get_by_role("button", name=BUTTON)
    found = [(kinds(page), button.get_attribute("aria-pressed"))]
    button.focus()
    for key in ("Enter", "Space"):
        page.keyboard.press(key)
        found.append((kinds(page), button.get_attribute("aria-pressed")))
    return found


def test_the_button_shows_both_fields_and_hides_them_again(fresh: Running) -> None:
    hidden, shown = (["password", "password"], "false"), (["text", "text"], "true")

    assert in_browser(shown_and_hidden, setup_of(fresh)) == [hidden, shown, hidden]


def sent_while_shown(browser: Browser, address: str) -> tuple[list[str], list[str | None]]:
    page = opened(browser, address)
    sent: list[str] = []
    page.on("request", lambda request: sent.append(request.post_data or "") if request.method == "POST" else None)
    page.get_by_role("button", name=BUTTON).click()
    page.get_by_role("button", name="Make the administrator").click()
    page.get_by_role("alert").wait_for()
    return sent, kinds(page)


def test_what_is_shown_is_sent_as_a_password(fresh: Running) -> None:
    sent, after = in_browser(sent_while_shown, setup_of(fresh))

    assert [text.count(PASSWORD.replace(" ", "+")) for text in sent] == [2]
    assert after == ["password", "password"]


def without_scripts(browser: Browser, address: str) -> tuple[bool, list[str | None]]:
    page = opened(browser, address, scripts=False)
    return page.get_by_text(BUTTON).is_visible(), kinds(page)


def test_without_scripts_there_is_no_button(fresh: Running) -> None:
    assert in_browser(without_scripts, setup_of(fresh)) == (False, ["password", "password"])


def pasted(browser: Browser, address: str) -> str:
    page = opened(browser, address)
    field = page.get_by_label("Password", exact=True)
    field.press("Control+a")
    page.keyboard.insert_text("a password from elsewhere")
    return field.input_value()


def test_a_password_can_be_pasted(fresh: Running) -> None:
    assert in_browser(pasted, setup_of(fresh)) == "a password from elsewhere"


def told(browser: Browser, address: str) -> tuple[str, str | None, str | None]:
    page = opened(browser, address)
    for label in FIELDS:
        page.get_by_label(label, exact=True).fill("password1")
    page.get_by_label("Username").fill("ada")
    page.get_by_label("E-mail address").fill("ada@example.org")
    page.get_by_role("button", name="Make the administrator").click()
    page.get_by_role("alert").wait_for()
    field = page.get_by_label("Password", exact=True)
    described = [
        page.locator(f"#{name}").inner_text() for name in (field.get_attribute("aria-describedby") or "").split()
    ]
    return " ".join(described), field.get_attribute("autocomplete"), field.get_attribute("passwordrules")


def test_the_field_says_what_is_good_and_what_to_change(fresh: Running) -> None:
    description, autocomplete, rules = in_browser(told, setup_of(fresh))

    assert "At least 8 characters" in description
    assert "this one is among those that are tried first" in description
    assert (autocomplete, rules) == ("new-password", "minlength: 8;")
