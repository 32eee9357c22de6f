"""How browsers name themselves (RFC 9110 §10.1.5), and which browser on which system that means, as far as it can be told.

The name is not to be relied on: it only helps people to recognise their own devices.
"""

from typing import Final

from attrs import frozen

from iam.http.request import Request
from iam.records.login_device import LoginDevice

LONGEST: Final = 400
BOTH: Final = "{browser} on {system}"

# What tells a browser or a system, and its name; the first that is found counts, since most name others besides.
BROWSERS: Final = (
    ("SamsungBrowser/", "Samsung Internet"),
    ("YaBrowser/", "Yandex Browser"),
    ("Vivaldi/", "Vivaldi"),
    ("OPR/", "Opera"),
    ("OPT/", "Opera"),
    ("Edg", "Edge"),
    ("DuckDuckGo/", "DuckDuckGo"),
    ("FxiOS/", "Firefox"),
    ("Firefox/", "Firefox"),
    ("CriOS/", "Chrome"),
    ("Chrome/", "Chrome"),
    ("Version/", "Safari"),
    ("curl/", "curl"),
    ("python-requests/", "a Python program"),
)
SYSTEMS: Final = (
    ("iPhone", "iPhone"),
    ("iPad", "iPad"),
    ("Android", "Android"),
    ("CrOS", "ChromeOS"),
    ("Windows", "Windows"),
    ("Mac OS X", "Mac"),
    ("Macintosh", "Mac"),
    ("Linux", "Linux"),
    ("BSD", "BSD"),
)


@frozen
class Device:
    """A browser and a system, by their names; None for one that is not known."""

    browser: str | None
    system: str | None

    @property
    def words(self) -> str:
        """The two in words; empty if nothing is known."""
        known = {"browser": self.browser, "system": self.system}
        return BOTH.format(**known) if self.browser and self.system else self.browser or self.system or ""


def read(request: Request) -> str | None:
    """Returns how the browser of the request names itself, LONGEST characters at most; None if it does not."""
    names = request.requestHeaders.getRawHeaders(b"user-agent") or []
    text = "".join(filter(str.isprintable, names[0].decode("latin-1"))) if len(names) == 1 else ""
    return text.strip()[:LONGEST] or None


def device(request: Request, *, known: bool = True) -> LoginDevice:
    """Returns the browser of a login; `known`: the account has logged in there before."""
    user_agent = read(request)
    return LoginDevice(user_agent, describe(user_agent).words, known)


def describe(user_agent: str | None) -> Device:
    """Returns the browser and the system behind a name."""
    text = user_agent or ""
    return Device(pick(BROWSERS, text), pick(SYSTEMS, text))


def pick(known: tuple[tuple[str, str], ...], text: str) -> str | None:
    """Returns the name of the first that the text tells, or None."""
    return next((name for mark, name in known if mark in text), None)
