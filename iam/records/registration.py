"""The tokens that allow the registration of clients (RFC 7591 §1.2)."""

from datetime import datetime
from uuid import UUID

from attrs import frozen


@frozen
class RegistrationToken:
    """An initial access token (RFC 7591 §1.2); its clients may ask for its `scopes` besides those of OpenID Connect."""

    id: UUID
    scopes: tuple[str, ...]
    uses_left: int | None
    created_at: datetime
    expires_at: datetime | None
    revoked_at: datetime | None

    def good(self, now: datetime) -> bool:
        """Whether clients can be registered with this token: it is not revoked, expired or used up."""
        over = self.expires_at is not None and self.expires_at <= now
        return self.revoked_at is None and not over and self.uses_left != 0
