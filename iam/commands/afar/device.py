"""A login on another device: the device authorization grant (RFC 8628), for a machine without a browser."""

import sys
import time
from collections.abc import Mapping
from io import StringIO
from typing import Final

import click
from pydantic import BaseModel, ValidationError

from iam.commands.afar.access import post, refusal, understood
from iam.commands.afar.browser import DENIED, ROLELESS, checked
from iam.commands.afar.calls import API
from iam.commands.afar.discovery import discover
from iam.commands.afar.exchange import Reply, no_iam
from iam.commands.afar.kept import Login
from iam.oauth.grant_types import DEVICE_CODE
from iam.oauth.scopes import OFFLINE_ACCESS, OPENID
from iam.records.scope import ADMINISTRATIVE

ENDPOINT: Final = "device_authorization_endpoint"
OPEN: Final = "Log in on any device with a browser, at\n  {}\nand type the code there:\n  {}\n"
SCAN: Final = "A telephone gets there by this:\n{}"
LATE: Final = "Nobody allowed it in time, so that nobody is logged in. Try again."
SLOWER: Final = 5  # seconds longer between requests, once the server says so (RFC 8628 §3.5)
FINE: Final = 200


class Told(BaseModel):
    """What the server tells a device (RFC 8628 §3.2)."""

    device_code: str
    user_code: str
    verification_uri: str
    verification_uri_complete: str
    interval: int = 5


def log_in(server: str) -> Login:
    """Returns the tokens of whoever allows it on another device. Raises ClickException."""
    endpoints = discover(server)
    told = begin(server, endpoints)
    click.echo(OPEN.format(told.verification_uri, told.user_code), err=True)
    if sys.stderr.isatty():
        click.echo(SCAN.format(picture(told.verification_uri_complete)), err=True)
    return checked(server, understood(server, wait(server, endpoints, told)))


def begin(server: str, endpoints: Mapping[str, str]) -> Told:
    """Returns the codes for a new login. Raises ClickException."""
    asked = {"scope": " ".join([OPENID, OFFLINE_ACCESS, *ADMINISTRATIVE]), "resource": server + API}
    reply = post(server, endpoints.get(ENDPOINT), asked)
    if reply.status != FINE:
        raise refusal(server, reply.document())
    try:
        return Told.model_validate_json(reply.body)
    except ValidationError:
        raise no_iam(server) from None


def wait(server: str, endpoints: Mapping[str, str], told: Told) -> Reply:
    """Returns the answer with the tokens, asking again until somebody has decided. Raises ClickException."""
    interval = told.interval
    while True:
        time.sleep(interval)
        reply = post(
            server, endpoints.get("token_endpoint"), {"grant_type": DEVICE_CODE, "device_code": told.device_code}
        )
        error = (reply.document() or {}).get("error")
        if error == "slow_down":
            interval += SLOWER
        elif error != "authorization_pending":
            return judged(server, reply, error)


def judged(server: str, reply: Reply, error: object) -> Reply:
    """Returns the answer if there are tokens in it. Raises ClickException for any other."""
    if error == "access_denied":
        raise click.ClickException(DENIED)
    if error == "expired_token":
        raise click.ClickException(LATE)
    if error == "invalid_scope":
        raise click.ClickException(ROLELESS.format(server))
    return reply


def picture(address: str) -> str:
    """Returns a QR code of an address, as lines of a terminal."""
    import segno

    lines = StringIO()
    segno.make_qr(address, error="l").terminal(lines, border=2, compact=True)
    return lines.getvalue()
