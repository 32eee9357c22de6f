"""Keys of the server."""

from collections.abc import Mapping
from datetime import datetime

from attrs import field, frozen


@frozen
class SigningKey:
    """A key pair; `public_key` is a JWK (RFC 7517), `private_key` is encrypted."""

    kid: str
    alg: str
    generation: int
    public_key: Mapping[str, object]
    private_key: bytes = field(repr=False)
    published_at: datetime
    active_at: datetime
    removed_at: datetime | None

    def trusted(self, now: datetime) -> bool:
        """Whether its signatures are still accepted."""
        return self.removed_at is None or self.removed_at > now

    def active(self, now: datetime) -> bool:
        """Whether the key may sign now."""
        return self.active_at <= now and self.trusted(now)
