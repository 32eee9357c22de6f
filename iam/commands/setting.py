"""`iam setting`."""

import click

from iam.administration.actions import settings as actions
from iam.administration.actions.models import MOST, Listing
from iam.administration.actions.settings import NamedSetting
from iam.commands import output
from iam.commands.actions import document, list_all, perform
from iam.commands.options import Group

COLUMNS = ("name", "value", "source", "meaning")


@click.group(cls=Group, examples=["iam setting list"])
def command() -> None:
    """Settings in force, and where each comes from: here those of this command, with --server the server's."""


@command.command("list", examples=["iam setting list", "iam --server https://login.example.org setting list --json"])
def list_() -> None:
    """List the settings by name; of those that are secret only whether they are set."""
    output.tabulate([document(each) for each in list_all(actions.LIST, Listing(limit=MOST))], COLUMNS, "")


@command.command(examples=["iam setting show issuer"])
@click.argument("name", metavar="NAME")
def show(name: str) -> None:
    """Show the setting NAME."""
    output.show(document(perform(actions.SHOW, NamedSetting(setting=name))))
