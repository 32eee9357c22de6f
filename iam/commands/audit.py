"""`iam audit`."""

from datetime import date, datetime

import click

from iam.administration import audit
from iam.administration.administration import Administration
from iam.administration.losses import Losses
from iam.commands import moments, output
from iam.commands.confirming import run_if_agreed, yes_option
from iam.commands.options import Group
from iam.commands.running import run
from iam.records.audit import Event
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
    events = run(lambda on: audit.list_events(on, since=since, client_id=client, user=user, kind=kind))
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
    gone = run_if_agreed(losses, audit.prune, before, yes=yes)
    if not gone:
        output.say("No month of the audit log ended by then; nothing is removed.", {"removed": []})
        return
    told = [{"since": str(month.since), "until": str(month.until), "events": month.events} for month in gone]
    output.say(f"{sum(month.events for month in gone)} events are removed.", {"removed": told})


async def losses(on: Administration, before: date) -> Losses | None:
    """Returns what would be removed. Raises BadParameter for a day in the future."""
    try:
        return await audit.count_losses(on, before)
    except Invalid as invalid:
        raise click.BadParameter(str(invalid), param_hint="--before") from None


def document(event: Event) -> dict[str, object]:
    """Returns the event as a JSON object."""
    return {
        "id": str(event.id),
        "at": output.moment(event.at),
        "kind": event.kind,
        "actor": event.actor,
        "user_id": event.subject,
        "client_id": event.client,
        "address": event.address,
        "detail": dict(event.detail),
    }
