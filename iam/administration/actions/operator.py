"""Operators: who performs an action, and what they may do."""

from collections.abc import Collection
from typing import Final
from uuid import UUID

from attrs import frozen

from iam.records.actor import COMMAND_LINE, By
from iam.records.role import Role


@frozen
class Operator:
    """Somebody who administers: `by` is what the audit log gets to know.

    `user_id` is the person, None for a command and for a client that acts for itself. `scopes` are those of the token
    that an API is called with, None elsewhere. `recent`: they have proved lately, and well enough, who they are; if not
    well enough, `lacking` is the class (acr) that they have to reach. A token that they `made` by hand is no login.
    """

    by: By
    roles: frozenset[Role]
    user_id: UUID | None = None
    scopes: frozenset[str] | None = None
    recent: bool = False
    acr: str | None = None
    lacking: str | None = None
    made: bool = False

    @property
    def administrator(self) -> bool:
        """Whether they may do everything."""
        return Role.ADMINISTRATOR in self.roles

    def has_one_of(self, roles: Collection[Role]) -> bool:
        """Whether they have one of these roles, or are an administrator."""
        return self.administrator or not self.roles.isdisjoint(roles)


ON_THE_MACHINE: Final = Operator(COMMAND_LINE, frozenset({Role.ADMINISTRATOR}), recent=True)
