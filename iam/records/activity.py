"""What happened to an account, as its person reads it."""

from collections.abc import Mapping
from datetime import datetime
from typing import Final
from uuid import UUID

from attrs import frozen

ANYBODY: Final = "anybody"  # the actor of what nobody has proved who they are for


@frozen
class Activity:
    """An event of the audit log about a person; `number` and `at` are its place in the log.

    `client_name` is None for an application that is gone, or if there was none.
    """

    number: int
    at: datetime
    kind: str
    actor: str
    client_id: str | None
    client_name: str | None
    address: str | None
    detail: Mapping[str, object]

    def own(self, user_id: UUID) -> bool:
        """Whether this person did it themselves."""
        return self.actor == f"user {user_id}"

    def address_for(self, user_id: UUID) -> str | None:
        """Returns the network address as far as this person may know it: that of another person or a client is theirs."""
        return self.address if self.own(user_id) or self.actor == ANYBODY else None
