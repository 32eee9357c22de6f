"""`iam role`."""

from collections.abc import Callable
from typing import Any

import click

from iam.administration.actions import roles as actions
from iam.administration.actions.models import MOST
from iam.administration.actions.roles import GivenRole, NamedRole, WantedRoles
from iam.commands import output
from iam.commands.actions import document, given, list_all, perform, perform_if_agreed
from iam.commands.confirming import yes_option
from iam.commands.options import Group

COLUMNS = ("role", "client_id", "username", "group", "created_at")

what = click.argument("role", metavar="ROLE")
client_option = click.option("--client", metavar="ID", help="A role in this application, which may have any name.")


def holder(function: Callable[..., Any]) -> Callable[..., Any]:
    """Adds the arguments that name who has the role, and where."""
    for option in (
        client_option,
        click.option("--group", metavar="G", help="The members of this group, in place of a person."),
        click.argument("username", metavar="[USERNAME]", required=False),
        what,
    ):
        function = option(function)
    return function


@click.group(cls=Group, examples=["iam role grant support alice", "iam role list"])
def command() -> None:
    """Roles on this server (administrator, support, auditor, developer), and those in applications."""


@command.command(
    examples=[
        "iam role grant administrator alice",
        "iam role grant auditor --group revision",
        "iam role grant editor --group editors --client 4Fh...",
    ]
)
@holder
def grant(role: str, username: str | None, group: str | None, client: str | None) -> None:
    """Give a person or the members of a group the role ROLE."""
    wish = named(role, username, group, client)
    perform(actions.GRANT, wish)
    output.say(f"{username or group} has the role {role} now.", {**told(wish), "granted": True})


@command.command(
    examples=["iam role revoke support alice", "iam role revoke editor --group editors --client 4Fh... --yes"]
)
@holder
@yes_option
def revoke(role: str, username: str | None, group: str | None, client: str | None, *, yes: bool) -> None:
    """Take the role ROLE away from a person or a group. The last administrator stays one."""
    wish = named(role, username, group, client)
    perform_if_agreed(actions.REVOKE, wish, yes=yes)
    output.say(f"{username or group} has the role {role} no longer.", {**told(wish), "revoked": True})


@command.command("list", examples=["iam role list", "iam role list --client 4Fh... --json"])
@click.option("--user", metavar="U", help="Only those of this person, without those by groups.")
@click.option("--group", metavar="G", help="Only those of this group.")
@client_option
def list_(user: str | None, group: str | None, client: str | None) -> None:
    """List the roles that are given."""
    found = list_all(actions.LIST, WantedRoles(**given(person=user, group=group, client=client), limit=MOST))
    output.tabulate([shown(each) for each in sorted(found, key=rank)], COLUMNS, "No roles are given.")


def named(role: str, username: str | None, group: str | None, client: str | None) -> NamedRole:
    """Returns the role that a command names. Raises UsageError unless it is of one person or one group."""
    if (username is None) == (group is None):
        raise click.UsageError("Name one: a USERNAME or --group.")
    return NamedRole(role=role, **given(person=username, group=group, client=client))


def told(wish: NamedRole) -> dict[str, object]:
    """Returns what a command named, as a JSON object."""
    return {"role": wish.role, "username": wish.person, "group": wish.group, "client_id": wish.client}


def rank(role: GivenRole) -> tuple[str, ...]:
    """Returns the sort key of a role: those on this server first, then by name, people before groups."""
    return (role.client_id or "", role.role, "" if role.username else "1", role.username or role.group or "")


def shown(role: GivenRole) -> dict[str, object]:
    """Returns the role that is given as a JSON object."""
    return {name: value for name, value in document(role).items() if name != "group_id"}
