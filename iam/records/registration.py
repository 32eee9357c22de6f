"""Who registers a client, and the tokens that allow it (RFC 7591 §1.2)."""

from datetime import datetime
from uuid import UUID

from attrs import frozen


@frozen
class RegistrationToken:
    """An initial access token (RFC 7591 §1.2): `scopes` are those that its clients may ask for besides OpenID Connect's."""

    id: UUID
    scopes: tuple[str, ...]
    uses_left: int | None
    created_at: datetime
    expires_at: datetime | None
    revoked_at: datetime | None

    def good(self, now: datetime) -> bool:
        """Can clients be registered with it?"""
        over = self.expires_at is not None and self.expires_at <= now
        return self.revoked_at is None and not over and self.uses_left != 0
