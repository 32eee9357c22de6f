"""`iam token`."""

from datetime import UTC, datetime
from typing import Any

import click

from iam.administration import tokens
from iam.administration.administration import Administration
from iam.commands import asking, output
from iam.commands.options import Group
from iam.commands.running import run
from iam.records.actor import COMMAND_LINE
from iam.tokens.introspection import INACTIVE, members

COLUMNS = ("active", "client_id", "username", "sub", "scope", "iat", "exp")


@click.group(cls=Group, examples=["iam token show < token.txt"])
def command() -> None:
    """Access and refresh tokens, which are read from standard input."""


@command.command(examples=["iam token show --json < token.txt"])
def show() -> None:
    """Show the token on standard input: which client has it, for which person, with which scopes, until when."""
    token = asking.secret_on_input("The token")
    shown = run(lambda on: described(on, token))
    if output.json_wanted():
        output.write(shown)
    else:
        output.show({name: readable(name, shown[name]) for name in COLUMNS if name in shown})


@command.command(examples=["iam token revoke < token.txt"])
def revoke() -> None:
    """Revoke the token on standard input and, if a person gave it, its grant."""
    token = asking.secret_on_input("The token")
    client_id = run(lambda on: tokens.revoke(on, token, COMMAND_LINE))
    output.say(f"The token that client {client_id} had is revoked.", {"client_id": client_id, "revoked": True})


async def described(on: Administration, token: str) -> dict[str, Any]:
    """Returns the members of RFC 7662 §2.2; an administrator may see them for any token."""
    found = await tokens.find(on, token)
    if found is None:
        return INACTIVE
    shown = members(found, on.settings.issuer)
    del shown["iss"]  # the issuer is an option of the server, which this command may not have been given
    return shown


def readable(name: str, value: object) -> object:
    """Returns the value of a member, with `iat` and `exp` as people read moments."""
    return (
        output.moment(datetime.fromtimestamp(value, UTC))
        if name in ("iat", "exp") and isinstance(value, int)
        else value
    )
