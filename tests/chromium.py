"""One Chromium for a run, in a thread away from the reactor's greenlets; each look at it has cookies and storage of its own."""

import shutil
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any, TypeVar

import pytest
from attrs import define, field

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Playwright

ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
PATIENCE = 480  # seconds

Result = TypeVar("Result")


@define
class Chromium:
    """The system's browser, started for the first who looks."""

    thread: ThreadPoolExecutor = field(factory=lambda: ThreadPoolExecutor(1, "chromium"))
    playwright: "Playwright | None" = None
    browser: "Browser | None" = None

    def look(self, look: Callable[..., Result], arguments: tuple[Any, ...]) -> Result:
        """Call `look` with the browser, and close all that it opened."""
        if self.browser is None or not self.browser.is_connected():
            self.browser = self.launch()
        try:
            return look(self.browser, *arguments)
        finally:
            for context in self.browser.contexts:
                context.close()

    def launch(self) -> "Browser":
        from playwright.sync_api import sync_playwright

        self.playwright = self.playwright or sync_playwright().start()
        return self.playwright.chromium.launch(executable_path=installed(), args=ARGUMENTS)

    def end(self) -> None:
        if self.browser is not None and self.playwright is not None:
            self.browser.close()
            self.playwright.stop()


CHROMIUM = Chromium()


def installed() -> str:
    """Where the system has it."""
    found = [path for name in ("chromium", "chromium-browser", "google-chrome") if (path := shutil.which(name))]
    assert found, "the browser tests need Chromium"
    return found[0]


def in_browser(look: Callable[..., Result], *arguments: Any) -> Result:
    """What `look` finds, called with the browser."""
    return CHROMIUM.thread.submit(CHROMIUM.look, look, arguments).result(PATIENCE)


@pytest.fixture(scope="session", autouse=True)
def chromium_in_the_end() -> Iterator[None]:
    """Closes the browser with the run."""
    yield
    with CHROMIUM.thread as thread:
        thread.submit(CHROMIUM.end).result(PATIENCE)
