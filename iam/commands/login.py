"""`iam login`."""

import click

from iam.commands import asking, output
from iam.commands.afar import calls, kept
from iam.commands.afar.address import needed_server
from iam.commands.afar.discovery import discover
from iam.commands.afar.kept import Login
from iam.commands.options import Command


@click.command(
    cls=Command,
    name="login",
    examples=["iam login --server https://login.example.org --token-stdin < token.txt"],
)
@click.option(
    "--token-stdin", is_flag=True, required=True, help="Read a personal token for the API from standard input."
)
def command(*, token_stdin: bool) -> None:
    """Log in at the server of --server, so that commands work there with what your roles allow.

    What is kept of it is in your directory of configuration, for nobody else to read.
    """
    server = needed_server("login")
    discover(server)
    login = Login(access_token=asking.secret_on_input("The token"))
    me = calls.who(server, login.access_token)
    kept.write(server, login)
    output.say(f"You are logged in at {server} as {me.username or me.client_id}.", calls.described(server, me))
