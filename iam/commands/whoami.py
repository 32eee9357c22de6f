"""`iam whoami`."""

import click

from iam.commands import output
from iam.commands.afar.address import server
from iam.commands.options import Command

HERE = "This is the command line on the machine of the server: it works on the database itself, and may do everything."
NOBODY: dict[str, object] = {
    "server": None,
    "username": None,
    "client_id": None,
    "roles": [],
    "scopes": [],
    "expires_at": None,
}


@click.command(
    cls=Command, name="whoami", examples=["iam whoami", "iam whoami --server https://login.example.org --json"]
)
def command() -> None:
    """Show who you are to the server of --server, with which roles and scopes, and until when."""
    there = server()
    if there is None:
        output.say(HERE, NOBODY)
        return
    from iam.commands.afar import calls

    output.show(calls.described(there, calls.who(there)))
