"""`iam explain`."""

import click

from iam.administration import refusals
from iam.commands import output
from iam.commands.options import Command
from iam.commands.running import run
from iam.records.refusal import Trace


@click.command(
    cls=Command,
    name="explain",
    examples=["iam explain 4fT0aZ81kLmQ", "iam explain https://login.example.org/errors/4fT0aZ81kLmQ --json"],
)
@click.argument("text", metavar="ID")
def command(text: str) -> None:
    """Say why a request was refused: ID is the one on the error page, or the whole error_uri of the answer."""
    output.show(document(run(lambda on: refusals.find(on, text))))


def document(trace: Trace) -> dict[str, object]:
    """Returns the refusal as a JSON object."""
    return {
        "id": trace.id,
        "at": output.moment(trace.at),
        "endpoint": trace.endpoint,
        "error": trace.error,
        "failed": trace.failed,
        "expected": trace.expected,
        "got": trace.got,
        "presented": trace.presented or None,
        "client_id": trace.client_id,
        "grant_type": trace.grant_type,
        "address": trace.address,
    }
