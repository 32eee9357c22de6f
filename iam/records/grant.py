"""Grants: what a person has allowed a client, or a client acts on by itself."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from attrs import frozen


@frozen
class Grant:
    """One grant; without `user_id` the client acts for itself.

    `token_name` is that of a personal or service token; a person's own token has no client.
    """

    id: UUID
    user_id: UUID | None
    username: str | None
    client_id: str | None
    client_name: str | None
    session_id: UUID | None
    scope: str
    created_at: datetime
    expires_at: datetime | None
    resources: Sequence[str]
    token_name: str | None = None

    @property
    def name(self) -> str | None:
        """What people know it by: the token's name, or the client's."""
        return self.token_name or self.client_name
