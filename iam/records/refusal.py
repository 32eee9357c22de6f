"""What is kept of a refusal."""

from datetime import date, datetime
from typing import Final

from attrs import field, frozen


@frozen
class Trace:
    """One refusal: the check that failed, what would have passed it, and what came; no `client_id`: none that we know."""

    id: str
    at: datetime
    endpoint: str
    error: str
    failed: str
    expected: str
    got: str
    client_id: str | None
    grant_type: str | None
    address: str | None


@frozen
class Presented:
    """Digests of what was presented, to look it up when the refusal is stored. They are not stored themselves."""

    secret_digest: bytes | None = field(default=None, repr=False)
    token_digest: bytes | None = field(default=None, repr=False)
    token_day: date | None = None


NOTHING: Final = Presented()
