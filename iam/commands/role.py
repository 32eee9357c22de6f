"""`iam role`."""

from collections.abc import Callable
from typing import Any

import click

from iam.administration import roles
from iam.administration.roles import Place
from iam.commands import output
from iam.commands.confirming import run_if_agreed, yes_option
from iam.commands.options import Group
from iam.commands.running import run
from iam.records.actor import COMMAND_LINE
from iam.records.role import RoleGrant

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
    place = named(username, group, client)
    run(lambda on: roles.grant(on, role, place, COMMAND_LINE))
    output.say(f"{username or group} has the role {role} now.", {**told(role, place), "granted": True})


@command.command(
    examples=["iam role revoke support alice", "iam role revoke editor --group editors --client 4Fh... --yes"]
)
@holder
@yes_option
def revoke(role: str, username: str | None, group: str | None, client: str | None, *, yes: bool) -> None:
    """Take the role ROLE away from a person or a group. The last administrator stays one."""
    place = named(username, group, client)
    run_if_agreed(roles.count_losses, roles.revoke, role, place, yes=yes)
    output.say(f"{username or group} has the role {role} no longer.", {**told(role, place), "revoked": True})


@command.command("list", examples=["iam role list", "iam role list --client 4Fh... --json"])
@click.option("--user", metavar="U", help="Only those of this person, without those by groups.")
@click.option("--group", metavar="G", help="Only those of this group.")
@client_option
def list_(user: str | None, group: str | None, client: str | None) -> None:
    """List the roles that are given."""
    given = run(lambda on: roles.list_given(on, Place(user, group, client)))
    output.tabulate([document(each) for each in given], COLUMNS, "No roles are given.")


def named(username: str | None, group: str | None, client: str | None) -> Place:
    """Returns whom a command names. Raises UsageError unless it is one person or one group."""
    if (username is None) == (group is None):
        raise click.UsageError("Name one: a USERNAME or --group.")
    return Place(username, group, client)


def told(role: str, place: Place) -> dict[str, object]:
    """Returns what a command named, as a JSON object."""
    return {"role": role, "username": place.user, "group": place.group, "client_id": place.client}


def document(grant: RoleGrant) -> dict[str, object]:
    """Returns the role that is given as a JSON object."""
    return {
        "role": grant.role,
        "client_id": grant.client_id,
        "user_id": grant.user_id and str(grant.user_id),
        "username": grant.username,
        "group": grant.group_name,
        "created_at": output.moment(grant.created_at),
    }
