"""A server whose issuer has a path, in a real browser: every link, form, file and cookie is below it."""

import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from attrs import define, field
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from playwright.sync_api import Browser, Page, Response

from tests import processes
from tests.authority import certificate
from tests.browser.conftest import BIN, PASSWORD, Running, setup_of
from tests.browser.test_journey import log_in, walk
from tests.chromium import in_browser
from tests.databases import make_database
from tests.harness import free_port

ADA = ("--username", "ada", "--email", "ada@example.org", "--password-stdin")


@define(slots=False)  # Playwright notes something at the listener
class Seen:
    """What a page asked our server for, and what came."""

    url: str
    answers: list[tuple[str, int]] = field(factory=list)

    def watch(self, page: Page) -> None:
        page.on("response", self._see)

    def _see(self, response: Response) -> None:
        if response.url.startswith(self.url.rpartition("/")[0]):
            self.answers.append((response.url, response.status))

    @property
    def elsewhere(self) -> list[str]:
        """What was asked for that is not below the path."""
        return [url for url, _ in self.answers if not url.startswith(self.url + "/")]

    @property
    def missing(self) -> list[str]:
        return [url for url, status in self.answers if status == 404]


@pytest.fixture(scope="module")
def below(cluster: Any, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """A server below /auth, with nobody yet."""
    options = ("--database", make_database(cluster), "--data-dir", str(tmp_path_factory.mktemp("browser")))
    process = processes.start(*options, path="/auth")
    yield Running(process.url, options)
    assert process.stop() == 0


def test_the_setup_and_a_newcomers_whole_way_are_below_the_path(below: Running) -> None:
    seen = in_browser(look, below, setup_of(below))

    assert (seen.elsewhere, seen.missing) == ([], [])
    assert any("/auth/static/iam.css?v=" in url for url, _ in seen.answers)


def look(browser: Browser, below: Running, setup: str) -> Seen:
    seen, page = Seen(below.url), browser.new_page(java_script_enabled=False)
    seen.watch(page)
    page.goto(setup)
    page.get_by_label("Username").fill("ada")
    page.get_by_label("E-mail address").fill("ada@example.org")
    page.get_by_label("Password", exact=True).fill(PASSWORD)
    page.get_by_label("Password, once more").fill(PASSWORD)
    page.get_by_role("button", name="Make the administrator").click()
    page.wait_for_url(below.url + "/applications")
    page.get_by_role("link", name="Log out").click()
    page.get_by_role("button", name="Log out").click()
    page.get_by_role("heading", name="You are logged out").wait_for()
    walk(page, below.url)
    page.goto(below.url)  # without a slash, where the cookie does not arrive
    page.wait_for_url(below.url + "/")
    seen.answers = [(url, status) for url, status in seen.answers if url != below.url]
    return seen


@pytest.fixture
def encrypted(cluster: Any, tmp_path: Path) -> Iterator[Running]:
    """A server below /o that speaks https itself."""
    options = ("--database", make_database(cluster), "--data-dir", str(tmp_path / "data"))
    subprocess.run([BIN / "iam", "createsuperuser", *ADA, *options], input=PASSWORD.encode(), check=True, timeout=60)
    key, made = certificate("localhost")
    (tmp_path / "key.pem").write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    (tmp_path / "certificate.pem").write_bytes(made.public_bytes(Encoding.PEM))
    port, plain = free_port(), free_port()
    tls = f"ssl:{port}:interface=127.0.0.1:privateKey={tmp_path}/key.pem:certKey={tmp_path}/certificate.pem"
    issuer = f"https://localhost:{port}/o"
    listening = ("--issuer", issuer, "--listen", tls, "--listen", f"tcp:{plain}:interface=127.0.0.1")
    process = processes.start(*options, *listening, port=plain)
    yield Running(issuer, options)
    assert process.stop() == 0


def test_with_https_the_browser_keeps_a_secure_cookie_for_the_path_alone(encrypted: Running) -> None:
    """RFC 6265bis §4.1.3.1: the prefix is that of a cookie which need not be for the whole host."""
    cookies = in_browser(logged_in, encrypted.url)

    assert cookies
    for cookie in cookies:
        assert cookie["name"].startswith("__Secure-iam")
        assert (cookie["path"], cookie["secure"], cookie["httpOnly"]) == ("/o/", True, True)


def logged_in(browser: Browser, url: str) -> Any:
    context = browser.new_context(ignore_https_errors=True)
    log_in(context.new_page(), url)
    return context.cookies()
