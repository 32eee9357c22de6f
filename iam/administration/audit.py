"""The audit log: who it is about, how it is taken along, and how it is shortened by whole months."""

from collections.abc import AsyncGenerator, Sequence
from datetime import date, datetime, timedelta
from typing import Final

from attrs import evolve

from iam.administration import people
from iam.administration.administration import Administration
from iam.administration.losses import Losses, Section
from iam.administration.telling import Told, tell
from iam.records.actor import By
from iam.records.audit import Month, Wanted
from iam.records.invalid import Invalid, Missing

BATCH: Final = 500  # events that an export reads at a time


async def find_subject(on: Administration, user: str) -> str:
    """Returns the id of a person by username or id; a deleted person's by id. Raises Missing if there is none."""
    try:
        return str((await people.find(on, user)).id)
    except Missing:
        if "\0" in user or not await on.store.audit.page(None, 0, 1, Wanted(user=user)):
            raise
        return user


async def export(on: Administration, wanted: Wanted, by: By) -> AsyncGenerator[Sequence[Told], None]:
    """Returns these events of before now, the latest first, in batches, and notes in the log that somebody took them."""
    now = on.clock.now()
    await on.store.audit.note_export(wanted, now, by)
    return batches(on, evolve(wanted, until=min(wanted.until or now, now)))


async def batches(on: Administration, wanted: Wanted) -> AsyncGenerator[Sequence[Told], None]:
    """Yields these events, read when they are asked for: each batch by a statement of its own."""
    before: datetime | None = None
    number, full = 0, True
    while full:
        rows = await on.store.audit.page(before, number, BATCH, wanted)
        yield await tell(on, [event for _, event in rows])
        full = len(rows) == BATCH
        if full:
            number, last = rows[-1]
            before = last.at


async def count_losses(on: Administration, before: date) -> Losses | None:
    """Returns the months that ended by this day; None if there are none. Raises Invalid for a day in the future."""
    months = await list_over(on, before)
    total = sum(month.events for month in months)
    lost = [Section(f"{month.since} to {month.until - timedelta(days=1)}: {month.events} events") for month in months]
    question = f"Remove these {total} events from the audit log, for good?"
    return Losses(question, lost, for_good=True) if months else None


async def prune(on: Administration, before: date, by: By) -> Sequence[Month]:
    """Removes the months that ended by this day, and returns them; the log keeps an event that they were removed.

    Raises Invalid for a day in the future, and if the log belongs to another role of the database.
    """
    months = await list_over(on, before)
    return await on.store.audit.prune(before, on.clock.now(), by) if months else ()


async def list_over(on: Administration, before: date) -> list[Month]:
    """Lists the months that ended by this day. Raises Invalid for a day in the future."""
    if before > on.clock.now().date():
        raise Invalid({"before": "That day is still to come."})
    return [month for month in await on.store.audit.months() if month.until <= before]
