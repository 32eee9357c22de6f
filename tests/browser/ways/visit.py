"""Somebody at a page, with names as long as they may be and without a blank where a line could end."""

import json
import subprocess
from typing import Any
from urllib.parse import urlencode

import requests
from attrs import frozen
from playwright.sync_api import Page

from tests.browser.conftest import BIN, PASSWORD, Running
from tests.harness import CHALLENGE

USERNAME = "u" * 64
OTHER = "somebody-else-with-a-name-that-is-as-long-as-names-may-be-at-all"
NAME = "N" * 60
EMAIL = f"{'e' * 60}@{'d' * 60}.example"
APPLICATION = "A shop " + "with-a-very-long-name" * 4
HOST = f"{'h' * 63}.{'o' * 63}.example"
CALLBACK = f"https://{HOST}/{'p' * 200}"
SCOPE = "s" * 120
DESCRIPTION = "D" * 100
DEVICE = "urn:ietf:params:oauth:grant-type:device_code"
STALE = "Nothing was done yet"


@frozen
class Visit:
    """Somebody at a page of a server."""

    page: Page
    site: Running

    def to(self, path: str) -> None:
        self.page.goto(self.site.url + path)

    def press(self, name: str, heading: str | None = None) -> None:
        """Press the button of this name, and wait for the page with this heading."""
        self.page.get_by_role("button", name=name, exact=True).first.click()
        if heading:
            self.heading(heading)

    def follow(self, name: str, heading: str | None = None) -> None:
        """Follow the first link of this name, and wait for the page with this heading."""
        self.page.get_by_role("link", name=name).first.click()
        if heading:
            self.heading(heading)

    def heading(self, text: str) -> None:
        self.page.get_by_role("heading", name=text).first.wait_for()

    def said(self, text: str) -> None:
        self.page.get_by_text(text).first.wait_for()

    def fill(self, **texts: str) -> None:
        for label, text in texts.items():
            self.page.get_by_label(label.replace("__", ", ").replace("_", " "), exact=True).fill(text)

    def tick(self, *values: str) -> None:
        """Tick the boxes of these values."""
        for value in values:
            self.page.locator(f'input[type=checkbox][value="{value}"]').check()

    def spoil(self) -> None:
        """Let the form have no good token, as if somebody had logged in in another tab."""
        self.page.evaluate("document.querySelector('[name=csrf_token]').value += 'x'")

    def log_in(self, username: str, to: str = "/account", *, password: str = PASSWORD) -> None:
        self.page.get_by_label("Username or e-mail address").fill(username)
        self.page.get_by_label("Password", exact=True).fill(password)
        self.press("Log in")
        self.page.wait_for_url(self.site.url + to)  # by way of the offer of a passkey

    def allow(self) -> None:
        """Allow what the page asks, and stay on it: the client is nowhere."""
        said = "new URLSearchParams(new FormData(document.querySelector('form'))).toString()"
        address, form = self.page.evaluate(f"[document.querySelector('form').action, {said}]")
        headers = {"Content-Type": "application/x-www-form-urlencoded"}
        reply = self.page.request.post(address, data=form + "&decision=allow", headers=headers, max_redirects=0)
        assert reply.status == 303

    def command(self, *words: str, typed: str = "") -> str:
        line = [BIN / "iam", *words, *self.site.options]
        return subprocess.run(line, input=typed, check=True, capture_output=True, timeout=60, text=True).stdout

    def client(self, *options: str) -> str:
        """The id of an application that an administrator has made."""
        uris = ["--redirect-uri", CALLBACK, "--post-logout-redirect-uri", CALLBACK]
        made = self.command("client", "create", "--name", APPLICATION, *uris, *options, "--json")
        return str(json.loads(made)["client_id"])

    def stranger(self) -> str:
        """The id of an application that has registered itself."""
        metadata: dict[str, Any] = {
            "client_name": APPLICATION,
            "redirect_uris": [CALLBACK],
            "post_logout_redirect_uris": [CALLBACK],
            "scope": "openid",
        }
        registered = requests.post(self.site.url + "/register", json=metadata, timeout=30)
        return str(registered.json()["client_id"])

    def ask(self, client_id: str, scope: str, **parameters: str) -> None:
        query = {"response_type": "code", "client_id": client_id, "redirect_uri": CALLBACK, "scope": scope}
        challenge = {"code_challenge": CHALLENGE, "code_challenge_method": "S256"}
        self.to("/authorize?" + urlencode({**query, **challenge, **parameters}))

    def device(self, client_id: str, scope: str) -> str:
        """The address that a device shows which has asked for this."""
        form = {"client_id": client_id, "scope": scope}
        told = requests.post(self.site.url + "/device_authorization", data=form, timeout=30).json()
        return str(told["verification_uri_complete"]).removeprefix(self.site.url)

    def connect(self, code: str) -> None:
        """Type the code of a device."""
        self.fill(Code_on_your_device=code)
        self.press("Go on")

    def leave(self, client_id: str) -> None:
        self.to("/logout?" + urlencode({"client_id": client_id, "post_logout_redirect_uri": CALLBACK}))
