"""Which scopes of the administration are of any use to somebody, by their roles."""

from collections.abc import Collection

from iam.administration.actions.table import ACTIONS
from iam.records.role import Role
from iam.records.scope import ADMINISTRATIVE


def within(roles: Collection[Role]) -> frozenset[str]:
    """Returns the scopes of all that somebody with these roles, or with none, may do.

    What is for owners is for everybody but auditors, who change nothing.
    """
    if Role.ADMINISTRATOR in roles:
        return frozenset(ADMINISTRATIVE)
    owning = set(roles) != {Role.AUDITOR}
    return frozenset(
        action.scope for action in ACTIONS if not action.roles.isdisjoint(roles) or (owning and action.owns is not None)
    )
