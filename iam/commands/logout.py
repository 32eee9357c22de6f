"""`iam logout`."""

import click

from iam.commands import output
from iam.commands.afar import access, kept
from iam.commands.afar.address import needed_server
from iam.commands.options import Command

PERSONAL = "The token is forgotten here. It stays good until it is removed: {}/account/tokens"


@click.command(cls=Command, name="logout", examples=["iam logout --server https://login.example.org"])
def command() -> None:
    """Log out at the server of --server: what was kept of the login is removed, and its tokens end."""
    server = needed_server("logout")
    login = kept.salvaged(server)
    kept.remove(server)
    if login is None:
        sentence = f"Nobody was logged in at {server} here."
    elif login.personal:
        sentence = PERSONAL.format(server)
    else:
        access.end(server, login)
        sentence = f"You are logged out at {server}."
    output.say(sentence, {"server": server, "logged_out": login is not None})
