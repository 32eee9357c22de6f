"""What a person allowed a client, or a client was given."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from attrs import frozen


@frozen
class Grant:
    """One grant; no `user_id` where the client acts for itself."""

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
