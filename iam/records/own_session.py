"""A browser in which a person is logged in, as they see it."""

from datetime import datetime
from uuid import UUID

from attrs import frozen


@frozen
class OwnSession:
    """A session of a person; `user_agent` is how the browser names itself, and `address` the one of the login."""

    session_id: UUID
    user_agent: str | None
    address: str | None
    since: datetime
    seen_at: datetime
    remembered: bool
