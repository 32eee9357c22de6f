"""`iam`: administers what `twist iam` serves."""

import sys
from importlib import import_module

import click

from iam.commands.options import Group

COMMANDS = {
    "migrate": "Bring the database's schema up to date.",
    "database": "The database itself: upgrade, restored (from a backup).",
    "createsuperuser": "Make an administrator.",
    "overview": "How the server fares, and what needs attention.",
    "user": "People: create, invite, list, show, update, disable, enable, delete; passwords, factors; why they cannot log in.",
    "invitation": "Links to passwords that are still good: list, show, withdraw.",
    "group": "Groups of people: create, list, show, update, delete, add, remove.",
    "role": "Roles on this server and in applications: grant, revoke, list.",
    "client": "Clients: create, list, show, update, transfer, rotate-secret, disable, enable, delete; their registration tokens.",
    "registration-token": "Initial access tokens, to register clients with: create, list, revoke.",
    "scope": "Scopes: create, list, show, restrict, delete.",
    "resource": "Resources: create, list, show, update, disable, enable, delete.",
    "mcp": "Servers of the Model Context Protocol: add.",
    "key": "Signing keys: list, rotate, retire.",
    "token": "Tokens: show, revoke; personal and service tokens: create, list, revoke.",
    "grant": "Grants: list, revoke.",
    "mail": "Mail that is sent: list, show, retry, discard.",
    "setting": "Settings in force: list, show.",
    "audit": "The audit log, what was done by whom: list, prune.",
    "refusal": "Requests of the last day that were refused: list.",
    "explain": "Why a request was refused, by the id of its error_uri.",
    "session": "Sessions: list, revoke.",
    "login": "Log in at a server, to administer it from afar (--server).",
    "logout": "Log out at a server.",
    "whoami": "Who you are to a server, with which roles, and until when.",
    "completion": "Completion for bash, zsh and fish.",
}
EXAMPLES = [
    "iam createsuperuser",
    "iam client create --name Shop --redirect-uri https://shop.example.org/callback",
    "iam user list --json",
    "iam --server https://login.example.org user list",
]


class Iam(Group):
    """The group of all commands; imports only the module of the command that is called."""

    def list_commands(self, context: click.Context) -> list[str]:
        """Lists the commands in the order of the table."""
        return list(COMMANDS)

    def get_command(self, context: click.Context, name: str) -> click.Command | None:
        """Returns the command of this name; None if there is none."""
        if name not in COMMANDS:
            return None
        command: click.Command = import_module(f"iam.commands.{name.replace('-', '_')}").command
        return command

    def format_commands(self, context: click.Context, formatter: click.HelpFormatter) -> None:
        """Writes the table into the help text."""
        with formatter.section("Commands"):
            formatter.write_dl(list(COMMANDS.items()))


@click.command(cls=Iam, name="iam", examples=EXAMPLES)
@click.version_option(package_name="iam")
def iam() -> None:
    """Administer an iam server: the same database as `twist iam` with the same options, or another server from afar.

    Without --database that is the PostgreSQL in the data directory, which is started for the duration of the command
    unless a server runs it. With --server, or IAM_SERVER, the command goes through the API of that server, with what
    `iam login` got there. Each other option may also be set in the environment, as IAM_DATABASE or IAM_DATA_DIR, and in the
    file of --config.
    """


def main() -> None:
    """Runs the command that the arguments name. Exit status 1: it cannot be done; 2: wrong usage."""
    for argument in sys.argv[1:]:
        try:
            argument.encode()
        except UnicodeEncodeError:  # the database would refuse it later, in its own words
            click.echo(f"Error: This argument is no text in UTF-8: {argument!a}", err=True)
            sys.exit(2)
    iam(prog_name="iam")
