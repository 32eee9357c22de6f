"""`iam token`."""

from datetime import UTC, datetime
from typing import Any

import click

from iam.administration.administration import Administration
from iam.clients.targets import Targets
from iam.commands import asking, output
from iam.commands.key import signing_keys
from iam.commands.options import Group
from iam.commands.running import run
from iam.records.actor import COMMAND_LINE
from iam.records.token import LiveToken
from iam.tokens.access_tokens import AccessTokenFormat, refresh_place
from iam.tokens.introspection import INACTIVE, members

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
    now = on.clock.now()
    if place := await form(on).place(token):
        return await on.store.access_tokens.find(place.digest, place.day, now)
    if place := refresh_place(token):
        return await on.store.refresh_tokens.find(place.digest, place.day, now)
    return None


async def revoked(on: Administration, token: str) -> str | None:
    """End the token, if it is one of ours; the id of the client that it was given to."""
    place = await form(on).place(token)
    tokens = on.store.access_tokens if place else on.store.refresh_tokens
    place = place or refresh_place(token)
    client_id = await on.store.grants.client_of(place.digest, place.day) if place else None
    if place is not None and client_id is not None:
        await tokens.revoke(place.digest, place.day, client_id, on.clock.now(), COMMAND_LINE)
    return client_id


def form(on: Administration) -> AccessTokenFormat:
    """What access tokens look like; a JWT is looked up by what it says, whoever issued it."""
    return AccessTokenFormat(signing_keys(on), Targets(on.store.resources, on.store.scopes), None)


def readable(name: str, value: object) -> object:
    """Moments as people read them."""
    return (
        output.moment(datetime.fromtimestamp(value, UTC))
        if name in ("iat", "exp") and isinstance(value, int)
        else value
    )
