"""Sessions: people who are logged in, each in one browser."""

from datetime import timedelta
from uuid import UUID

from iam.administration.administration import Administration
from iam.administration.losses import Losses, Section
from iam.records.actor import By
from iam.records.invalid import Missing
from iam.records.session import Presence
from iam.records.user import User


async def list_living(on: Administration, user: User | None = None, session_id: UUID | None = None) -> list[Presence]:
    """Returns the sessions in use now: all of them, this person's, or the one with this id."""
    now = on.clock.now()
    idle_since = now - timedelta(seconds=on.settings.session_idle)
    user_id = user.id if user else None
    return await on.store.sessions.living(now, idle_since, user_id=user_id, session_id=session_id)


async def list_page(on: Administration, user: User | None, after: UUID, limit: int) -> list[Presence]:
    """Returns the sessions in use, all or this person's, in the order of their ids behind `after`; `limit` at most."""
    now = on.clock.now()
    idle_since = now - timedelta(seconds=on.settings.session_idle)
    return await on.store.sessions.page(now, idle_since, after, limit, user_id=user.id if user else None)


async def count_losses(on: Administration, session_id: UUID) -> Losses | None:
    """Says whose session ends; None if it is not in use."""
    people = [each.username for each in await list_living(on, session_id=session_id)]
    return Losses(f"End the session {session_id}?", [Section(f"{people[0]} is logged in with it.")]) if people else None


async def find_holder(on: Administration, session_id: UUID) -> UUID:
    """Returns who is logged in with this session. Raises Missing."""
    holder = await on.store.sessions.holder(session_id)
    if holder is None:
        raise missing(session_id)
    return holder


async def revoke(on: Administration, session_id: UUID, by: By) -> None:
    """Ends a session, and notifies the clients that know of it. Raises Invalid if there is none."""
    if not await on.store.sessions.revoke(session_id, on.clock.now(), by):
        raise missing(session_id)


def missing(session_id: UUID) -> Missing:
    """Returns the error for a session that does not exist."""
    return Missing({"session": f"There is no session {session_id}."})
