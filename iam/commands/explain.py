"""`iam explain`."""

import click

from iam.administration.administration import Administration
from iam.clients.refusals import IDENTIFIER, identifier_of
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
    identifier = identifier_of(text)
    if not IDENTIFIER.fullmatch(identifier):
        raise click.ClickException("An id has 12 letters and digits, and is the end of an error_uri.")
    output.show(document(run(lambda on: found(on, identifier))))


async def found(on: Administration, identifier: str) -> Trace:
    """The refusal, or a sentence."""
    trace = await on.store.refusals.find(identifier, on.clock.now())
    if trace is None:
        raise click.ClickException(
            f"There is no refusal {identifier}: it is kept for a day, and not kept where there are too many at once."
        )
    return trace


def document(trace: Trace) -> dict[str, object]:
    """The refusal for programs."""
    return {
        "id": trace.id,
        "at": output.moment(trace.at),
        "endpoint": trace.endpoint,
        "error": trace.error,
        "failed": trace.failed,
        "expected": trace.expected,
        "got": trace.got,
        "client_id": trace.client_id,
        "grant_type": trace.grant_type,
        "address": trace.address,
    }
