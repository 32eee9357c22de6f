"""The audit log: listed, and shortened by whole months."""

from collections.abc import Sequence
from datetime import date, datetime, timedelta

from iam.administration import people
from iam.administration.administration import Administration
from iam.administration.losses import Losses, Section
from iam.people import names
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
    """Returns the events, oldest first: since this moment, about this client, about or by this person, of this kind.

    `user` is a username or an id; the id of a deleted person works too. Raises Invalid if there is no such person.
    """
    user_id = await find_id(on, user) if user else None
    return await on.store.audit.events(since=since, client=client_id, user=user_id, kind=kind)


async def find_id(on: Administration, user: str) -> str:
    """Returns the id of a person by username or id (a deleted person's by id). Raises Invalid if there is none."""
    known = await on.store.audit.events(user=user) or await people.find_by_id(on, user)
    return user if known else str((await people.find(on, user)).id)


async def find_subject(on: Administration, user: str) -> str:
    """Returns the id of the person with this username; any other text may be the id of somebody who is deleted."""
    found = await on.store.users.by_username(names.username_key(user))
    return str(found.id) if found else user


async def count_losses(on: Administration, before: date) -> Losses | None:
    """Returns the months that ended by this day; None if there are none. Raises Invalid for a day in the future."""
    months = await list_over(on, before)
    total = sum(month.events for month in months)
    lost = [Section(f"{month.since} to {month.until - timedelta(days=1)}: {month.events} events") for month in months]
    question = f"Remove these {total} events from the audit log, for good?"
    return Losses(question, lost, for_good=True) if months else None


async def prune(on: Administration, before: date, by: By) -> Sequence[Month]:
    """Removes the months that ended by this day, and returns them. Raises Invalid for a day in the future.

    The audit log keeps an event that they were removed.
    """
    months = await list_over(on, before)
    return await on.store.audit.prune(before, on.clock.now(), by) if months else ()


async def list_over(on: Administration, before: date) -> list[Month]:
    """Lists the months that ended by this day. Raises Invalid for a day in the future."""
    if before > on.clock.now().date():
        raise Invalid({"before": "That day is still to come."})
    return [month for month in await on.store.audit.months() if month.until <= before]
