"""Who may do what, besides administrators: the table of roles and changes."""

import pytest

from iam.administration.actions.table import ACTIONS
from iam.records.role import Role

# Support helps people, and touches nothing by which somebody with a role could be harmed or impersonated.
CHANGES = {
    Role.SUPPORT: {
        "person.create",
        "person.update",
        "person.disable",
        "person.enable",
        "person.delete",
        "person.invite",
        "person.reset_password",
        "person.reset_factors",
        "person.end_sessions",
        "person.revoke_grants",
        "session.revoke",
        "grant.revoke",
        "grant.withdraw",
        "token.revoke",
        "token.revoke_all",
        "person.unthrottle",
        "invitation.withdraw",
        "mail.retry",
    },
    Role.AUDITOR: set(),
    Role.DEVELOPER: {"application.create"},
}


# Who has an application of their own, or owns a group, does this with it.
OWNERS = {
    "group.update",
    "group.add",
    "group.remove",
    "application.create",
    "application.update",
    "application.rotate_secret",
    "application.disable",
    "application.enable",
    "application.delete",
}


def test_owners_do_what_the_table_says_and_nothing_else() -> None:
    assert {action.name for action in ACTIONS if action.changes and action.owns} == OWNERS


@pytest.mark.parametrize("role", CHANGES)
def test_a_role_changes_what_the_table_says_and_nothing_else(role: Role) -> None:
    assert {action.name for action in ACTIONS if action.changes and role in action.roles} == CHANGES[role]


def test_what_support_does_to_a_person_asks_whether_that_person_has_a_role() -> None:
    changing = [each for each in ACTIONS if each.changes and Role.SUPPORT in each.roles and not each.creates]

    assert [action.name for action in changing if action.person is None] == []
