"""A session of a person at a browser."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from attrs import frozen


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
