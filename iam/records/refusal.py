"""Refusals, as they are kept for whoever looks for the reason."""

from datetime import date, datetime
from typing import Final
from uuid import UUID

from attrs import field, frozen


@frozen
class Trace:
    """One refusal: the check that `failed`, what it `expected` and what it `got`; without `client_id` the client is unknown.

    `presented` is an address that came, without what may be secret in it; "" for other checks. `user_id` is who was logged
    in as the request came, or whom it was about; None if nobody was.
    """

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
    presented: str = ""
    user_id: UUID | None = None


@frozen
class Presented:
    """The digests of a presented secret or token, which look its client up when a refusal is stored, and are not stored themselves."""

    secret_digest: bytes | None = field(default=None, repr=False)
    token_digest: bytes | None = field(default=None, repr=False)
    token_day: date | None = None


NOTHING: Final = Presented()
