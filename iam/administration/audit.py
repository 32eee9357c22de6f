"""The audit log: read, and shortened by whole months."""

from collections.abc import Sequence
from datetime import date, datetime, timedelta

from iam.administration import people
from iam.administration.administration import Administration
from iam.administration.losses import Losses, Section
from iam.records.actor import By
from iam.records.audit import Event, Month
from iam.records.invalid import Invalid


async def list_events(
    on: Administration,
    *,
    since: datetime | None = None,
    client_id: str | None = None,
    user: str | None = None,
    kind: str | None = None,
) -> list[Event]:
    """What was done, oldest first: since then, about this client, about or by this person, of this kind.

    A person is named, or called by id, which they may leave behind. Raises Invalid where nobody is meant.
    """
    user_id = await find_id(on, user) if user else None
    return await on.store.audit.events(since=since, client=client_id, user=user_id, kind=kind)


async def find_id(on: Administration, user: str) -> str:
    """The id of a person, who may be gone."""
    known = await on.store.audit.events(user=user) or await people.find_by_id(on, user)
    return user if known else str((await people.find(on, user)).id)


async def count_losses(on: Administration, before: date) -> Losses | None:
    """The months that were over by this day; None where there are none. Raises Invalid for a day that is still to come."""
    months = await list_over(on, before)
    total = sum(month.events for month in months)
    lost = [Section(f"{month.since} to {month.until - timedelta(days=1)}: {month.events} events") for month in months]
    question = f"Remove these {total} events from the audit log, for good?"
    return Losses(question, lost, for_good=True) if months else None


async def prune(on: Administration, before: date, by: By) -> Sequence[Month]:
    """Remove the months that were over by this day; what they were. That it was done stays in the log. Raises Invalid."""
    months = await list_over(on, before)
    return await on.store.audit.prune(before, on.clock.now(), by) if months else ()


async def list_over(on: Administration, before: date) -> list[Month]:
    """The months that were over by this day; the current one stays."""
    if before > on.clock.now().date():
        raise Invalid({"before": "That day is still to come."})
    return [month for month in await on.store.audit.months() if month.until <= before]
