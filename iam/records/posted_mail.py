"""A mail of the outbox as who administers the server sees it: without its link and what it says."""

from datetime import datetime
from typing import Final
from uuid import UUID

from attrs import frozen

WAITING: Final = "waiting"
DELIVERED: Final = "delivered"
FAILED: Final = "failed"


@frozen
class PostedMail:
    """A mail, and what became of it.

    `due_at` is when a waiting one is tried next; None while it is `under_way`. `ended_at` is when it was delivered or
    given up, `reason` why the last attempt failed. `username` is None if nobody has the account that it is about.
    """

    id: UUID
    template: str
    recipient: str
    user_id: UUID | None
    username: str | None
    state: str
    under_way: bool
    attempts: int
    reason: str | None
    created_at: datetime
    due_at: datetime | None
    ended_at: datetime | None
