"""A person."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from attrs import frozen


@frozen
class User:
    """A person with an account; their password hash never leaves this module but for a login."""

    id: UUID
    username: str
    email: str | None
    email_verified: bool
    name: str
    claims: Mapping[str, object]
    superuser: bool
    created_at: datetime
    updated_at: datetime
    disabled_at: datetime | None


@frozen
class UserInfo:
    """A person, and what the token that is good for asking about them says."""

    client_id: str
    scope: str
    audience: Sequence[str] | None
    told: Mapping[str, Any] | None
    user: User
