"""`iam explain`."""

import click

from iam.administration.actions.refusals import SHOW, NamedRefusal
from iam.commands import output
from iam.commands.actions import document, perform
from iam.commands.options import Command


@click.command(
    cls=Command,
    name="explain",
    examples=["iam explain 4fT0aZ81kLmQ", "iam explain https://login.example.org/errors/4fT0aZ81kLmQ --json"],
)
@click.argument("text", metavar="ID")
def command(text: str) -> None:
    """Say why a request was refused: ID is the one on the error page, or the whole error_uri of the answer."""
    output.show(document(perform(SHOW, NamedRefusal(refusal=text))))
