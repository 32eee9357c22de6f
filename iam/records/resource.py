"""Resources that access tokens are for (RFC 8707)."""

from datetime import datetime
from typing import Final

from attrs import frozen

ADMINISTERED: Final = "administered"

EVERYBODY: Final = "all"

NAMED: Final = "named"

AUDIENCES: Final = (ADMINISTERED, EVERYBODY, NAMED)


@frozen
class Resource:
    """A resource: its URI, its scopes, and the format and lifetime (seconds) of its access tokens."""

    uri: str
    scopes: frozenset[str]
    token_format: str
    lifetime: int
    client_id: str | None
    created_at: datetime
    disabled_at: datetime | None
    signing_alg: str  # signs its JWTs
    clients: str = ADMINISTERED  # which clients may ask for it, one of AUDIENCES
    allowed_clients: frozenset[str] = frozenset()  # and these clients by name
    clients_since: datetime | None = None  # older grants are exempt from that rule; None: no grant is

    @property
    def enabled(self) -> bool:
        """Whether tokens for the resource are issued and accepted."""
        return self.disabled_at is None
