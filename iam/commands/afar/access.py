"""The access token for a server, renewed when it has expired."""

import time
from collections.abc import Mapping
from contextlib import suppress
from datetime import timedelta
from typing import Final
from urllib.parse import urlencode

import click

from iam.clock import Clock
from iam.commands.afar import kept
from iam.commands.afar.discovery import discover
from iam.commands.afar.exchange import Broken, Reply, ask, no_iam
from iam.commands.afar.kept import Login
from iam.commands.afar.problems import ENDED, NOT_LOGGED_IN
from iam.oauth.own_clients import COMMAND_LINE

CLOCK: Final = Clock(time.time)
MARGIN: Final = timedelta(seconds=30)  # before it expires, a token is renewed: a request takes its time
FORM: Final = {"Content-Type": "application/x-www-form-urlencoded"}
BROKEN: Final = "The connection to {} broke off ({}). Try again."
TRIES: Final = 2  # the server gives a lost answer again
FINE: Final = 200


def token(server: str) -> str:
    """Returns a token for the API of this server. Raises ClickException if nobody is logged in there."""
    login = kept.read(server)
    if login is None:
        raise click.ClickException(NOT_LOGGED_IN.format(server))
    return login.access_token if good(login) else renewed(server, login.access_token)


def another_token(server: str, refused: str) -> str | None:
    """Returns another token than the one that the server has refused; None if there is none."""
    login = kept.read(server)
    if login is None or (login.access_token == refused and login.refresh_token is None):
        return None
    return renewed(server, refused)


def good(login: Login) -> bool:
    """Whether the access token lives on for a while, as far as is known here."""
    return login.expires_at is None or login.expires_at - MARGIN > CLOCK.now()


def renewed(server: str, before: str) -> str:
    """Returns another token than the one before: one that another command got meanwhile, or a new one.

    Raises ClickException if the login has ended.
    """
    with kept.locked(server):
        login = kept.read(server)
        if login is None:
            raise click.ClickException(NOT_LOGGED_IN.format(server))
        if login.access_token != before:
            return login.access_token
        if login.refresh_token is None:
            raise click.ClickException(ENDED.format(server))
        found = redeem(server, {"grant_type": "refresh_token", "refresh_token": login.refresh_token})
        kept.write(server, found)
    return found.access_token


def redeem(server: str, grant: Mapping[str, str]) -> Login:
    """Returns the tokens that the server gives for a grant. Raises ClickException."""
    return understood(server, post(server, discover(server).get("token_endpoint"), grant))


def understood(server: str, reply: Reply) -> Login:
    """Returns the tokens in an answer of the token endpoint. Raises ClickException."""
    told = reply.document()
    if reply.status != FINE:
        raise refusal(server, told)
    lifetime = told.get("expires_in") if told else None
    if told is None or not isinstance(told.get("access_token"), str) or not isinstance(lifetime, int):
        raise no_iam(server)
    return Login.model_validate({**told, "expires_at": CLOCK.now() + timedelta(seconds=lifetime)})


def refusal(server: str, told: Mapping[str, object] | None) -> click.ClickException:
    """Returns the error for a grant that is not good, or not yet (RFC 6749 §5.2)."""
    if told is None or "error" not in told:
        return no_iam(server)
    if told["error"] == "invalid_grant":
        return click.ClickException(ENDED.format(server))
    return click.ClickException(str(told.get("error_description") or told["error"]))


def post(server: str, endpoint: str | None, members: Mapping[str, str]) -> Reply:
    """Returns the answer of an endpoint to `iam-cli`; one that broke off is asked for again. Raises ClickException."""
    if endpoint is None or not endpoint.startswith(server + "/"):
        raise no_iam(server)
    form = urlencode({**members, "client_id": COMMAND_LINE}).encode()
    for attempt in range(1, TRIES + 1):
        try:
            return ask(server, "POST", endpoint, FORM, form)
        except Broken as error:
            if attempt == TRIES:
                raise click.ClickException(BROKEN.format(server, error)) from None
    raise AssertionError


def end_quietly(server: str, login: Login | None) -> None:
    """Ends a login that another has replaced, if the server can be told."""
    if login is not None and not login.personal:
        with suppress(click.ClickException):
            end(server, login)


def end(server: str, login: Login) -> None:
    """Ends a login at the server (RFC 7009 §2.1). Raises ClickException if the server cannot be told."""
    token = login.refresh_token or login.access_token
    reply = post(server, discover(server).get("revocation_endpoint"), {"token": token})
    if reply.status != FINE:
        raise refusal(server, reply.document())
