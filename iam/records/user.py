"""People with an account."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from attrs import field, frozen


@frozen
class User:
    """A person with an account; the password hash is not part of the record."""

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
class Login:
    """What a login by password needs of a person; `asked_more`: they may have to prove another factor."""

    user_id: UUID
    password_hash: str | None = field(repr=False)
    asked_more: bool


@frozen
class UserInfo:
    """A person, and the facts of the access token that UserInfo was called with."""

    client_id: str
    scope: str
    audience: Sequence[str] | None
    told: Mapping[str, Any] | None
    user: User
    confirmation: str | None = None
