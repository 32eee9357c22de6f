"""`iam audit`."""

from datetime import UTC, date, datetime, timedelta

import click

from iam.administration.administration import Administration
from iam.commands import output
from iam.commands.confirming import confirm, yes_option
from iam.commands.options import Group
from iam.commands.people import identified, named
from iam.commands.running import run
from iam.records.actor import COMMAND_LINE
from iam.records.audit import Event, Month

COLUMNS = ("at", "kind", "actor", "user_id", "client_id", "address")


@click.group(cls=Group, examples=["iam audit list --since 2027-01-31"])
def command() -> None:
    """The audit log: what was done here, by whom, from where."""


@command.command(
    "list",
    examples=[
        "iam audit list --since 2027-01-31T12:00:00Z",
        "iam audit list --user alice --kind session.begun --json",
    ],
)
@click.option("--since", metavar="ISO8601", callback=lambda *given: moment(given[2]), help="Only from then on.")
@click.option("--client", metavar="ID", help="Only what is about this client.")
@click.option(
    "--user", metavar="U", help="Only what this person did, or what is about them; the id of one who is gone."
)
@click.option("--kind", metavar="K", help="Only this, such as token.revoked.")
def list_(since: datetime | None, client: str | None, user: str | None, kind: str | None) -> None:
    """List what was done, oldest first."""
    events = run(lambda on: found(on, since, client, user, kind))
    output.tabulate([document(event) for event in events], COLUMNS, "There is nothing.")


@command.command(examples=["iam audit prune --before 2027-01-01", "iam audit prune --before 2027-01-01 --yes"])
@click.option(
    "--before",
    metavar="DATE",
    required=True,
    callback=lambda *given: day(given[2]),
    help="Months that were over by then.",
)
@yes_option
def prune(before: date, *, yes: bool) -> None:
    """Remove whole months from the audit log, for good. That it was done stays in it."""
    gone = run(lambda on: pruned(on, before, yes=yes))
    if not gone:
        output.say("No month of the audit log was over by then; nothing is removed.", {"removed": []})
        return
    told = [{"since": str(month.since), "until": str(month.until), "events": month.events} for month in gone]
    output.say(f"{sum(month.events for month in gone)} events are removed.", {"removed": told})


async def pruned(on: Administration, before: date, *, yes: bool) -> list[Month]:
    """The months that were removed, once somebody has agreed."""
    months = await over(on, before)
    if not months:
        return []
    losses = [f"{month.since} to {month.until - timedelta(days=1)}: {month.events} events" for month in months]
    total = sum(month.events for month in months)
    confirm(f"Remove these {total} events from the audit log, for good?", losses, yes=yes)
    return await on.store.audit.prune(before, on.clock.now(), COMMAND_LINE)


async def over(on: Administration, before: date) -> list[Month]:
    """The months that were over by this day; the current one stays."""
    if before > on.clock.now().date():
        raise click.BadParameter("That day is still to come.", param_hint="--before")
    return [month for month in await on.store.audit.months() if month.until <= before]


def day(text: str) -> date:
    """A day of ISO 8601."""
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise click.BadParameter("A day is written as in 2027-01-31.") from None


async def found(
    on: Administration, since: datetime | None, client: str | None, user: str | None, kind: str | None
) -> list[Event]:
    """The events that are asked for."""
    user_id = await id_of(on, user) if user else None
    return await on.store.audit.events(since=since, client=client, user=user_id, kind=kind)


async def id_of(on: Administration, user: str) -> str:
    """The id of a person, who may be gone."""
    events = await on.store.audit.events(user=user)
    known = events or await identified(on, user)
    return user if known else str((await named(on, user)).id)


def moment(text: str | None) -> datetime | None:
    """A moment of ISO 8601, in UTC unless it says otherwise."""
    if text is None:
        return None
    try:
        told = datetime.fromisoformat(text)
        return (told if told.tzinfo else told.replace(tzinfo=UTC)).astimezone(UTC)
    except (ValueError, OverflowError):
        raise click.BadParameter("A moment is written as in 2027-01-31 or 2027-01-31T12:00:00Z.") from None


def document(event: Event) -> dict[str, object]:
    """The event for programs."""
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
