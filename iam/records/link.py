"""A link that was sent to a person, or printed for one."""

from collections.abc import Mapping
from uuid import UUID

from attrs import frozen

from iam.records.user import User


@frozen
class Link:
    """A link of the table; `trouble` is why it is not good, in one word, or None.

    `email` is the address that it was sent to, `person` whose account it is about; either may be missing.
    """

    email: str | None
    data: Mapping[str, object]
    trouble: str | None
    person: User | None

    @property
    def next(self) -> str:
        """Where the person was on their way to, an address of ours."""
        return str(self.data.get("next") or "/")


@frozen
class Changed:
    """The account that a link has changed."""

    user_id: UUID
    username: str
