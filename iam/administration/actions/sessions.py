"""What can be done with sessions."""

from typing import Final
from uuid import UUID

from pydantic import Field

from iam.administration import people, sessions
from iam.administration.actions.action import Action
from iam.administration.actions.models import MOST, USUAL, Model, Moment, Page
from iam.administration.actions.operator import Operator
from iam.administration.actions.paging import cut, identifier
from iam.administration.actions.readers import HELPERS, HELPERS_AND_AUDITORS
from iam.administration.administration import Administration
from iam.records.session import Presence


class ShownSession(Model):
    """A person who is logged in, in one browser."""

    id: UUID
    user_id: UUID
    username: str
    auth_time: Moment
    seen_at: Moment
    expires_at: Moment
    remembered: bool

    @classmethod
    def of(cls, session: Presence) -> "ShownSession":
        """Returns what is said about this session."""
        return cls(
            id=session.id,
            user_id=session.user_id,
            username=session.username,
            auth_time=session.auth_time,
            seen_at=session.seen_at,
            expires_at=session.expires_at,
            remembered=session.remembered,
        )


class SessionListing(Model):
    """Which sessions are wanted."""

    user: str | None = Field(default=None, description="Only this person's: their id or username.")
    after: str | None = Field(default=None, description="Where the page begins: `next` of another.")
    limit: int = Field(default=USUAL, ge=1, le=MOST, description="How many items there are on a page.")


class NamedSession(Model):
    """A session, by its id."""

    session: UUID = Field(description="The id of the session.")


class EndedSession(Model):
    """A session that has ended."""

    id: UUID
    revoked: bool = True


async def list_sessions(on: Administration, wish: SessionListing, _: Operator) -> Page[ShownSession]:
    """Lists the sessions in use, oldest first. Raises Invalid and Missing."""
    user = await people.find(on, wish.user) if wish.user else None
    rows = await sessions.list_page(on, user, identifier(wish.after), wish.limit + 1)
    found, following = cut(rows, wish.limit, lambda session: [str(session.id)])
    return Page[ShownSession](items=list(map(ShownSession.of, found)), next=following)


async def revoke(on: Administration, wish: NamedSession, operator: Operator) -> EndedSession:
    """Ends a session. Raises Missing."""
    await sessions.revoke(on, wish.session, operator.by)
    return EndedSession(id=wish.session)


LIST: Final = Action(
    "session.list",
    "List the sessions in use, oldest first.",
    "GET",
    "/sessions",
    SessionListing,
    Page[ShownSession],
    list_sessions,
    roles=HELPERS_AND_AUDITORS,
)
REVOKE: Final = Action(
    "session.revoke",
    "End a session: the person must log in again in that browser.",
    "DELETE",
    "/sessions/{session}",
    NamedSession,
    EndedSession,
    revoke,
    roles=HELPERS,
    person=lambda on, wish: sessions.find_holder(on, wish.session),
    losses=lambda on, wish: sessions.count_losses(on, wish.session),
)

ACTIONS: Final = (LIST, REVOKE)
