"""Grants: what a person has allowed a client, or a client acts on by itself."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from attrs import frozen


@frozen
class Grant:
    """One grant; without `user_id` the client acts for itself."""

    id: UUID
    user_id: UUID | None
    username: str | None
    client_id: str
    client_name: str
    session_id: UUID | None
    scope: str
    created_at: datetime
    expires_at: datetime | None
    resources: Sequence[str]
