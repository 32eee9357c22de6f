"""`iam login`."""

import click

from iam.commands import asking, output
from iam.commands.afar import access, calls, kept
from iam.commands.afar.address import needed_server
from iam.commands.afar.discovery import discover
from iam.commands.afar.kept import Login
from iam.commands.options import Command


@click.command(
    cls=Command,
    name="login",
    examples=[
        "iam login --server https://login.example.org",
        "iam login --server https://login.example.org --device",
        "iam login --server https://login.example.org --token-stdin < token.txt",
    ],
)
@click.option("--device", is_flag=True, help="Log in on another device, by a code; so it is where there is no browser.")
@click.option("--token-stdin", is_flag=True, help="Read a personal token for the API from standard input instead.")
def command(*, device: bool, token_stdin: bool) -> None:
    """Log in at the server of --server by your browser, so that commands work there with what your roles allow.

    What is kept of it is in your directory of configuration, for nobody else to read. Where there is no browser, as on a
    machine that you reach by ssh, you log in on another device.
    """
    server = needed_server("login")
    login = by_token(server) if token_stdin else by_person(server, device=device)
    me = calls.who(server, login.access_token)
    before = kept.salvaged(server)
    with kept.locked(server):
        kept.write(server, login.model_copy(update={"expires_at": me.expires_at}))
    access.end_quietly(server, before)
    output.say(f"You are logged in at {server} as {me.username or me.client_id}.", calls.described(server, me))


def by_token(server: str) -> Login:
    """Returns the login by the personal token on standard input. Raises ClickException."""
    discover(server)
    return Login(access_token=asking.secret_on_input("The token"), personal=True)


def by_person(server: str, *, device: bool) -> Login:
    """Returns the login by a browser, of this machine or of another `device`. Raises ClickException."""
    from iam.commands.afar import browser
    from iam.commands.afar import device as another

    return another.log_in(server) if device or not browser.there() else browser.log_in(server)
