"""`iam overview`."""

import click

from iam.administration.actions.overview import SHOW, NoTerms
from iam.commands import output
from iam.commands.actions import document, perform
from iam.commands.options import Command

ATTENTION = ("about", "sentence", "remedy", "command")


@click.command(cls=Command, name="overview", examples=["iam overview", "iam overview --json"])
def command() -> None:
    """Say how the server fares: what needs attention, and some numbers."""
    told = document(shown := perform(SHOW, NoTerms()))
    if output.json_wanted():
        output.write(told)
        return
    output.show({name: value for name, value in told.items() if name != "attention" and not isinstance(value, list)})
    click.echo()
    output.tabulate([document(each) for each in shown.attention], ATTENTION, "Nothing needs attention.")
