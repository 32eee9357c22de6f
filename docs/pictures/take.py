"""Takes the pictures of README and documentation from a running server, so that they show what is there: `make pictures`."""

import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

sys.path.insert(0, str(Path(__file__).parents[2]))

from bench.served import BIN, server
from tests.chromium import in_browser
from tests.processes import created

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

HERE = Path(__file__).parent
PASSWORD = "seven green bicycles in the rain"
CALLBACK = "https://photos.example.org/callback"
CHALLENGE = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGFKxd5M0c"  # RFC 7636, appendix B
DESK = {"width": 900, "height": 680}
WIDE = {"width": 1280, "height": 760}
PHONE = {"width": 390, "height": 780}

Picture = Callable[..., None]


def main() -> None:
    """Takes all pictures."""
    with tempfile.TemporaryDirectory(prefix="iam-pictures-") as name:
        Path(name).chmod(0o755)
        options = ("--data-dir", str(Path(name, "data")))
        with server(*options, "--name", "Example House", "--accent", "#0a6b5e") as (url, *_):
            person = ("--username", "ada", "--name", "Ada Lovelace", "--email", "ada@example.org", "--password-stdin")
            command = [BIN / "iam", "user", "create", *person, *options]
            subprocess.run(command, input=PASSWORD.encode(), check=True, stdout=subprocess.DEVNULL)
            client = created(
                *options,
                *("--name", "Photo Shop", "--redirect-uri", CALLBACK, "--scope", "openid profile email read write"),
                *("--grant-type", "authorization_code", "--grant-type", "refresh_token"),
            )
            administer(*options)
            in_browser(take, url, client["client_id"])


def take(browser: "Browser", url: str, client_id: str) -> None:
    """Goes the way of a newcomer, and takes a picture of each page."""
    asked = f"redirect_uri={CALLBACK}&code_challenge={CHALLENGE}&code_challenge_method=S256&scope=openid+profile+read"
    request = f"{url}/authorize?response_type=code&client_id={client_id}&{asked}"
    with visit(browser, DESK) as (page, picture):
        page.goto(request)
        picture("login")
        log_in(page)
        picture("consent")
        page.goto(url + "/account")
        picture("account")
        page.goto(url + "/account/security")
        picture("security")
        page.goto(url + "/applications/register")
        picture("register", whole=False)
    with visit(browser, PHONE, dark=True) as (page, picture):
        page.goto(request)
        picture("login-phone")
    with visit(browser, WIDE) as (page, picture):
        look_after(page, picture, url, client_id)


def administer(*options: str) -> None:
    """Makes an administrator, a group that the application is for, and somebody who cannot log in."""
    commands = (
        ("createsuperuser", "--username", "grace", "--email", "grace@example.org", "--password-stdin"),
        ("user", "create", "--username", "charles", "--name", "Charles Babbage", "--email", "charles@example.org"),
        ("group", "create", "editors", "--description", "Who write the news"),
        ("group", "add", "editors", "ada", "--owner"),
        ("group", "add", "editors", "charles"),
        ("role", "grant", "support", "--group", "editors"),
    )
    for command in commands:
        subprocess.run(
            [BIN / "iam", *command, *options], input=PASSWORD.encode(), check=True, stdout=subprocess.DEVNULL
        )


def look_after(page: "Page", picture: Picture, url: str, client_id: str) -> None:
    """Goes the way of whoever administers, and takes a picture of each page."""
    page.goto(f"{url}/authorize?response_type=code&client_id={client_id}&redirect_uri=https://photos.example.org/other")
    page.goto(url + "/login")
    log_in(page, "grace")
    page.goto(url + "/admin")
    picture("admin", whole=False)
    page.goto(url + "/admin/people?all")
    picture("admin-people", whole=False)
    find(page, url + "/admin/people", "charles")
    picture("admin-person", whole=False)
    find(page, url + "/admin/applications", "Photo Shop")
    picture("admin-application", whole=False)
    find(page, url + "/admin/groups", "editors")
    picture("admin-group", whole=False)


def find(page: "Page", address: str, name: str) -> None:
    """Opens a list, and the page of one that is in it."""
    page.goto(address)
    page.get_by_role("link", name=name, exact=True).click()
    page.wait_for_load_state()


@contextmanager
def visit(browser: "Browser", size: dict[str, int], *, dark: bool = False) -> Iterator[tuple["Page", Picture]]:
    """A page of its own, and what takes a picture of it."""
    context = browser.new_context(viewport=size, color_scheme="dark" if dark else "light")  # type: ignore[arg-type]
    page = context.new_page()

    def picture(name: str, *, whole: bool = True) -> None:
        page.screenshot(path=HERE / f"{name}.png", full_page=whole, caret="hide", animations="disabled")

    yield page, picture
    context.close()


def log_in(page: "Page", username: str = "ada") -> None:
    """Logs in, and waits for what comes then."""
    page.get_by_label("Username or e-mail address").fill(username)
    page.get_by_label("Password", exact=True).fill(PASSWORD)
    page.get_by_role("button", name="Log in", exact=True).click()
    page.wait_for_load_state()


if __name__ == "__main__":
    main()
    raise SystemExit  # the browser's thread has nothing more to do
