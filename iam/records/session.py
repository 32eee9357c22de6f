"""A session of a person at a browser."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from attrs import field, frozen


@frozen
class Session:
    """A person who is logged in, in one browser."""

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


@frozen
class RecognisedSession:
    """Whose session a cookie stands for, if it does, and the cookie that its browser is to have from now on.

    That is the cookie as it came, the next step of its series, or None where a step came again that was over.
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
    """A session that was ended, and the clients that know of it."""

    id: UUID
    user_id: UUID
    client_ids: Sequence[str]
