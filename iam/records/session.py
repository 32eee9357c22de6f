"""Sessions of people in browsers."""

from collections.abc import Sequence
from datetime import datetime
from typing import Final
from uuid import UUID

from attrs import field, frozen

from iam.records import role
from iam.records.role import Role

RECENT: Final = 600  # seconds since the login, for what a thief of an open browser or of a token must not do


@frozen
class Session:
    """The session of a person who is logged in, in one browser."""

    id: UUID
    user_id: UUID
    username: str
    name: str
    email: str | None
    superuser: bool
    auth_time: datetime
    expires_at: datetime
    remembered: bool
    amr: Sequence[str]
    roles: frozenset[Role] = field(default=frozenset(), converter=role.known)

    @property
    def administers(self) -> bool:
        """Whether the pages of the administration are for this person."""
        return bool(self.roles)


@frozen
class RecognisedSession:
    """The session that a cookie stands for, if any, and the cookie that the browser is to have from now on.

    That is the same cookie, the next step of its series, or None if a step came again that had been replaced.
    """

    session: Session | None
    cookie: str | None = field(repr=False)


@frozen
class Presence:
    """A session as an administrator sees it."""

    id: UUID
    user_id: UUID
    username: str
    auth_time: datetime
    seen_at: datetime
    expires_at: datetime
    remembered: bool


@frozen
class Ended:
    """A session that has ended, and the clients that were used in it."""

    id: UUID
    user_id: UUID
    client_ids: Sequence[str]
