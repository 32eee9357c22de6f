"""Tokens, and what they stand for."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from attrs import frozen


@frozen
class LiveToken:
    """A token that is valid now, with the facts of its grant; without `audience` it is for no particular resource.

    Without `client_id` it is a person's own. `confirmation` is the key that it is bound to.
    """

    grant_id: UUID
    client_id: str | None
    user_id: UUID | None
    username: str | None
    scope: str
    audience: Sequence[str] | None
    issued_at: datetime
    expires_at: datetime
    confirmation: str | None = None


@frozen
class Issued:
    """The facts of a token that has been stored; without `user_id` the client acts for itself."""

    client_id: str
    user_id: UUID | None
    scope: str
    audience: Sequence[str] | None
    issued_at: datetime
    expires_at: datetime
    confirmation: str | None = None
