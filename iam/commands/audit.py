"""`iam audit`."""

from collections.abc import Awaitable
from datetime import date
from typing import TypeVar

import click
from pydantic import ValidationError

from iam.administration.actions import audit as actions
from iam.administration.actions.audit import EventExport, EventFilters, EventListing, Pruned, Pruning
from iam.administration.actions.models import MOST
from iam.administration.audit_files import Format
from iam.commands import moments, output
from iam.commands.actions import Performer, document, list_all, together
from iam.commands.confirming import yes_option
from iam.commands.options import Group
from iam.records.invalid import Invalid

Filters = TypeVar("Filters", bound=EventFilters)

COLUMNS = ("at", "sentence", "address", "kind")


@click.group(cls=Group, examples=["iam audit list --since 2027-01-31"])
def command() -> None:
    """The audit log: what was done, by whom, and from which address."""


@command.command(
    "list",
    examples=[
        "iam audit list --since 2027-01-31T12:00:00Z",
        "iam audit list --user alice --kind session.begun --json",
        "iam audit list --until 2027-02-01 --format csv > january.csv",
    ],
)
@click.option("--since", metavar="ISO8601", callback=moments.parse, help="Only events from then on.")
@click.option("--client", metavar="ID", help="Only events about this client.")
@click.option(
    "--user", metavar="U", help="Only what this person did, or what is about them. Of a deleted person, the id."
)
@click.option("--until", metavar="ISO8601", callback=moments.parse, help="Only events before then.")
@click.option("--kind", metavar="K", help="Only events of this kind, such as token.revoked.")
@click.option("--actor", metavar="A", help="Only what was done by this actor, such as 'command line' or 'user ID'.")
@click.option("--address", metavar="IP", help="Only events from this address or network.")
@click.option(
    "--format",
    "written_as",
    type=click.Choice([each.value for each in Format]),
    help="Print a file, the latest event first; the log keeps an event that you took it.",
)
def list_(written_as: str | None, **filters: object) -> None:
    """List the events, oldest first."""
    asked = {name: value for name, value in filters.items() if value is not None}
    if written_as is None:
        tabulate({**asked, "did": True, "limit": MOST})
    elif output.json_wanted():
        raise click.UsageError("Give --json or --format, not both.")
    else:
        together(lambda do: print_file(do, {**asked, "did": True, "format": written_as}))


def tabulate(asked: dict[str, object]) -> None:
    """Prints the events as a table, or as one JSON document."""
    wish = understood(EventListing, asked)
    events = reversed(list_all(actions.LIST, wish))
    output.tabulate([document(event) for event in events], COLUMNS, "There is nothing.")


async def print_file(do: Performer, asked: dict[str, object]) -> None:
    """Prints a file of the events, part by part."""
    file = await do(actions.EXPORT, understood(EventExport, asked))
    async for part in file.parts:
        click.echo(part, nl=False)


def understood(model: type[Filters], asked: dict[str, object]) -> Filters:
    """Returns what is asked for. Raises BadParameter."""
    try:
        return model.model_validate(asked)
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        sentence = first["msg"].removeprefix("Value error, ") + "."
        raise click.BadParameter(sentence, param_hint=f"--{first['loc'][0]}") from None


@command.command(examples=["iam audit prune --before 2027-01-01", "iam audit prune --before 2027-01-01 --yes"])
@click.option(
    "--before",
    metavar="DATE",
    required=True,
    callback=moments.parse_day,
    help="Remove the months that ended by this day.",
)
@yes_option
def prune(before: date, *, yes: bool) -> None:
    """Remove whole months from the audit log, for good. The log keeps an event that they were removed."""
    gone = together(lambda do: by_option(do.if_agreed(actions.PRUNE, Pruning(before=before), yes=yes)))
    if not gone.removed:
        output.say("No month of the audit log ended by then; nothing is removed.", document(gone))
        return
    output.say(f"{sum(month.events for month in gone.removed)} events are removed.", document(gone))


async def by_option(pruning: Awaitable[Pruned]) -> Pruned:
    """Returns what was removed. Raises BadParameter for a day that cannot be."""
    try:
        return await pruning
    except Invalid as invalid:
        raise click.BadParameter(str(invalid), param_hint="--before") from None
