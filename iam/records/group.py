"""Groups of people."""

from datetime import datetime
from typing import Final
from uuid import UUID

from attrs import frozen

LONGEST_DESCRIPTION: Final = 1000  # characters


@frozen
class Group:
    """A group, and how many members it has."""

    id: UUID
    name: str
    description: str
    created_at: datetime
    updated_at: datetime
    members: int


@frozen
class Member:
    """A member of a group; an `owner` manages it."""

    user_id: UUID
    username: str
    name: str
    owner: bool
    since: datetime
