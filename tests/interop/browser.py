"""The person whom a client sends to the server."""

from urllib.parse import parse_qs, urljoin, urlsplit

import requests

from tests.harness import Person, Server, action, fields

TIMEOUT = 30


def visit(server: Server, person: Person, url: str, decision: str = "allow") -> str:
    """What a person does in a browser: open the address, decide; the address that the browser is sent to."""
    return visited(server, person, url, decision).headers["Location"]


def connect(server: Server, person: Person, url: str) -> str:
    """Go to the address that a device shows, see that the code is right, and allow what it asks for; what is said then."""
    browser = requests.Session()
    browser.headers["Origin"] = server.settings.origin
    browser.cookies.set("iam", person.cookie)  # a header would not be sent on
    code = parse_qs(urlsplit(url).query)["user_code"]
    page = browser.get(url, timeout=TIMEOUT)
    asked = browser.post(urljoin(url, action(page.text)), {**fields(page.text), "user_code": code}, timeout=TIMEOUT)
    form = {**fields(asked.text), "decision": "allow"}
    return browser.post(urljoin(url, action(asked.text)), form, timeout=TIMEOUT).text


def visited(server: Server, person: Person, url: str, decision: str = "allow") -> requests.Response:
    """The same; the answer that comes of it, which may be a page with a form (Form Post Response Mode)."""
    browser = requests.Session()
    browser.cookies.set(*person.headers["Cookie"].split("="))
    page = browser.get(url, allow_redirects=False, timeout=TIMEOUT)
    if "Location" in page.headers:
        return page
    form = {**fields(page.text), "decision": decision}
    origin = {"Origin": server.settings.origin}
    return browser.post(urljoin(url, action(page.text)), form, headers=origin, allow_redirects=False, timeout=TIMEOUT)
