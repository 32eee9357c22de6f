"""`iam token`."""

from datetime import UTC, datetime
from typing import Any

import click

from iam import credentials
from iam.commands import asking, output
from iam.commands.options import Group
from iam.commands.running import Administration, run
from iam.oauth.introspection import INACTIVE, members
from iam.oauth.revocation import Revocation
from iam.store.access_tokens import AccessTokens, LiveToken
from iam.store.refresh_tokens import RefreshTokens

COLUMNS = ("active", "client_id", "username", "sub", "scope", "iat", "exp")


@click.group(cls=Group, examples=["iam token show < token.txt"])
def command() -> None:
    """Access and refresh tokens, which are read from standard input."""


@command.command(examples=["iam token show --json < token.txt"])
def show() -> None:
    """Say what the token on standard input is worth: to whom it was given, for whom, for what, until when."""
    token = asking.secret_on_input("The token")
    shown = run(lambda on: described(on, token))
    if output.json_wanted():
        output.write(shown)
    else:
        output.show({name: readable(name, shown[name]) for name in COLUMNS if name in shown})


@command.command(examples=["iam token revoke < token.txt"])
def revoke() -> None:
    """End the token on standard input, and with it the grant that it stands for."""
    token = asking.secret_on_input("The token")
    client_id = run(lambda on: revoked(on, token))
    if client_id is None:
        raise click.ClickException("This is no token of this server: nothing was revoked.")
    output.say(f"The token that client {client_id} had is revoked.", {"client_id": client_id, "revoked": True})


async def described(on: Administration, token: str) -> dict[str, Any]:
    """The members of RFC 7662 §2.2, which an administrator may see of any token."""
    found = await find(on, token)
    if found is None:
        return INACTIVE
    shown = members(found, on.settings.issuer)
    del shown["iss"]  # the server's own options say that, and it may have others than this command
    return shown


async def find(on: Administration, token: str) -> LiveToken | None:
    """The token, if it is one of ours and good."""
    tokens = table(on, token)
    if tokens is None:
        return None
    return await tokens.find(credentials.digest(token), credentials.day_of(token), on.clock.now())


async def revoked(on: Administration, token: str) -> str | None:
    """End the token, if it is one of ours; the id of the client that it was given to."""
    tokens = table(on, token)
    if tokens is None:
        return None
    digest, day = credentials.digest(token), credentials.day_of(token)
    client_id = await on.store.grants.client_of(digest, day)
    if client_id is not None:
        await tokens.revoke(digest, day, client_id, on.clock.now())
    return client_id


def table(on: Administration, token: str) -> AccessTokens | RefreshTokens | None:
    """Where a token of this form lies, if there is such a form."""
    return Revocation(on.store.access_tokens, on.store.refresh_tokens, on.clock).table_of(token)


def readable(name: str, value: object) -> object:
    """Moments as people read them."""
    return (
        output.moment(datetime.fromtimestamp(value, UTC))
        if name in ("iat", "exp") and isinstance(value, int)
        else value
    )
