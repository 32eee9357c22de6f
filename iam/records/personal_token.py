"""Access tokens that people make for themselves, and those that somebody makes for an application (service tokens)."""

from collections.abc import Sequence
from datetime import datetime
from typing import Final
from uuid import UUID

from attrs import field, frozen

from iam.records import role
from iam.records.role import Role
from iam.records.token import LiveToken

PERSONAL: Final = (
    "personal_token"  # the grant type of a person's own token; a service token has that of client credentials
)


@frozen
class PersonalToken:
    """A token without its text, which is not stored; it is either a person's or a client's.

    `used_at` is the hour of its last use. One that is not `living` rests or has ended, though it has not expired.
    """

    id: UUID
    user_id: UUID | None
    username: str | None
    client_id: str | None
    client_name: str | None
    name: str
    scope: str
    resources: Sequence[str]
    created_at: datetime
    expires_at: datetime
    used_at: datetime | None
    living: bool


@frozen
class Presented(LiveToken):
    """A token that is valid now; `superuser`: of a person who is an administrator, `roles`: that its person has here."""

    superuser: bool = field(kw_only=True)
    roles: frozenset[Role] = field(kw_only=True, converter=role.known)


@frozen
class Owner:
    """Whose token it is: a person's or a client's; of neither: anybody's."""

    user_id: UUID | None = None
    client_id: str | None = None


ANYBODY: Final = Owner()


@frozen
class NewToken:
    """A token to be stored."""

    id: UUID
    digest: bytes
    owner: Owner
    grant_type: str
    name: str
    scope: str
    resources: Sequence[str]
    expires_at: datetime
