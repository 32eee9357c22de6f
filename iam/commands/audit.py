"""`iam audit`."""

from collections.abc import Awaitable
from datetime import date, datetime

import click

from iam.administration.actions import audit as actions
from iam.administration.actions.audit import EventListing, Pruned, Pruning
from iam.administration.actions.models import MOST
from iam.commands import moments, output
from iam.commands.actions import document, list_all, together
from iam.commands.confirming import yes_option
from iam.commands.options import Group
from iam.records.invalid import Invalid

COLUMNS = ("at", "kind", "actor", "user_id", "client_id", "address")


@click.group(cls=Group, examples=["iam audit list --since 2027-01-31"])
def command() -> None:
    """The audit log: what was done, by whom, and from which address."""


@command.command(
    "list",
    examples=[
        "iam audit list --since 2027-01-31T12:00:00Z",
        "iam audit list --user alice --kind session.begun --json",
    ],
)
@click.option("--since", metavar="ISO8601", callback=moments.parse, help="Only events from then on.")
@click.option("--client", metavar="ID", help="Only events about this client.")
@click.option(
    "--user", metavar="U", help="Only what this person did, or what is about them. Of a deleted person, the id."
)
@click.option("--kind", metavar="K", help="Only events of this kind, such as token.revoked.")
def list_(since: datetime | None, client: str | None, user: str | None, kind: str | None) -> None:
    """List the events, oldest first."""
    wish = EventListing(since=since, client=client, user=user, did=True, kind=kind, limit=MOST)
    events = reversed(list_all(actions.LIST, wish))
    output.tabulate([document(event) for event in events], COLUMNS, "There is nothing.")


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
