"""A login in a browser: the authorization code flow with PKCE, for a program on somebody's own machine (RFC 8252)."""

import os
import secrets
import sys
import webbrowser
from base64 import urlsafe_b64encode
from collections.abc import Mapping
from hashlib import sha256
from threading import Thread
from typing import Final
from urllib.parse import urlencode

import click

from iam.commands.afar.access import end_quietly, redeem
from iam.commands.afar.calls import API
from iam.commands.afar.discovery import discover
from iam.commands.afar.exchange import no_iam
from iam.commands.afar.kept import Login
from iam.commands.afar.loopback import waiting
from iam.oauth.own_clients import COMMAND_LINE, FRESH
from iam.oauth.scopes import ADMINISTRATION, OFFLINE_ACCESS, OPENID
from iam.records.scope import ADMINISTRATIVE

OPEN: Final = "Log in, and allow what you want to do here, in your browser at:\n  {}"
DENIED: Final = "You have not allowed it, so that nobody is logged in."
ROLELESS: Final = (
    "You have no role at {} by which you could administer it, or have allowed none of that: nobody is logged in."
)
REFUSED: Final = "{} refuses the login: {}"
FOREIGN: Final = "The answer to the login is from another server ({}): nobody is logged in."
DISPLAYS: Final = ("DISPLAY", "WAYLAND_DISPLAY", "BROWSER")


def log_in(server: str) -> Login:
    """Returns the tokens of whoever logs in at this server by a browser. Raises ClickException."""
    endpoints = discover(server)
    state, verifier = secrets.token_urlsafe(32), secrets.token_urlsafe(48)
    with waiting(state) as waiter:
        address = f"{endpoint(server, endpoints)}?{urlencode(request(server, waiter.address, state, verifier))}"
        click.echo(OPEN.format(address), err=True)
        show(address)
        answer = waiter.answer()
    grant = {"grant_type": "authorization_code", "code": code(server, answer), "code_verifier": verifier}
    return checked(server, redeem(server, {**grant, "redirect_uri": waiter.address}))


def checked(server: str, login: Login) -> Login:
    """Returns a login by which something can be administered; ends any other. Raises ClickException."""
    if not any(name.startswith(ADMINISTRATION) for name in login.scope.split(" ")):
        end_quietly(server, login)
        raise click.ClickException(ROLELESS.format(server))
    return login


def endpoint(server: str, endpoints: Mapping[str, str]) -> str:
    """Returns the authorization endpoint. Raises ClickException if it is none of this server."""
    address = endpoints.get("authorization_endpoint", "")
    if not address.startswith(server + "/"):
        raise no_iam(server)
    return address


def request(server: str, back: str, state: str, verifier: str) -> dict[str, str]:
    """Returns the authorization request; the server leaves out the scopes that are of no use to the person's roles."""
    challenge = urlsafe_b64encode(sha256(verifier.encode()).digest()).rstrip(b"=").decode()
    return {
        "response_type": "code",
        "client_id": COMMAND_LINE,
        "redirect_uri": back,
        "scope": " ".join([OPENID, OFFLINE_ACCESS, *ADMINISTRATIVE]),
        "resource": server + API,
        "state": state,
        "code_challenge": challenge,
        "code_challenge_method": "S256",
        "max_age": str(FRESH),
    }


def code(server: str, answer: Mapping[str, str]) -> str:
    """Returns the code in the answer to the request. Raises ClickException for an error, or another server's answer."""
    if answer.get("iss") != server:  # RFC 9207 §2.4
        raise click.ClickException(FOREIGN.format(answer.get("iss", "unknown")))
    error = answer.get("error")
    if error == "access_denied":
        raise click.ClickException(DENIED)
    if error == "invalid_scope":
        raise click.ClickException(ROLELESS.format(server))
    if error is not None or "code" not in answer:
        raise click.ClickException(REFUSED.format(server, answer.get("error_description") or error))
    return answer["code"]


def there() -> bool:
    """Whether there is a browser that does not take the terminal."""
    return sys.platform in ("darwin", "win32") or any(os.environ.get(name) for name in DISPLAYS)


def show(address: str) -> None:
    """Opens the address in a browser, if there is one that does not take the terminal."""
    if there():
        Thread(target=webbrowser.open, args=(address,), daemon=True).start()
