"""What a token stands for."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from attrs import frozen


@frozen
class LiveToken:
    """A token that is good at this moment, with what its grant says; no `audience`: it is for no resource in particular."""

    grant_id: UUID
    client_id: str
    user_id: UUID | None
    username: str | None
    scope: str
    audience: Sequence[str] | None
    issued_at: datetime
    expires_at: datetime


@frozen
class Issued:
    """What a token was given on, once it is stored; no `user_id`: the client acts for itself."""

    client_id: str
    user_id: UUID | None
    scope: str
    audience: Sequence[str] | None
    issued_at: datetime
    expires_at: datetime
