"""A resource that tokens are for (RFC 8707)."""

from datetime import datetime
from typing import Final

from attrs import frozen

ADMINISTERED: Final = "administered"

EVERYBODY: Final = "all"

NAMED: Final = "named"

AUDIENCES: Final = (ADMINISTERED, EVERYBODY, NAMED)


@frozen
class Resource:
    """A resource server's name, the scopes that mean something there, and the form and lifetime (seconds) of its tokens."""

    uri: str
    scopes: frozenset[str]
    token_format: str
    lifetime: int
    client_id: str | None
    created_at: datetime
    disabled_at: datetime | None
    signing_alg: str  # of JWTs
    clients: str = ADMINISTERED  # which may ask for it
    allowed_clients: frozenset[str] = frozenset()  # and these may
    clients_since: datetime | None = None  # grants of before are not judged by that; None: all are

    @property
    def enabled(self) -> bool:
        """Are there tokens for it?"""
        return self.disabled_at is None
