"""`iam group`."""

import click

from iam.administration import groups
from iam.administration.administration import Administration
from iam.administration.groups import GroupChange
from iam.commands import output
from iam.commands.confirming import run_if_agreed, yes_option
from iam.commands.options import Group as Commands
from iam.commands.running import run
from iam.records.actor import COMMAND_LINE
from iam.records.group import Group, Member

COLUMNS = ("name", "members", "description")

which = click.argument("name", metavar="NAME")
who = click.argument("username", metavar="USERNAME")
description_option = click.option("--description", metavar="D", help="What the group is for.")


@click.group(cls=Commands, examples=["iam group create editors", "iam group add editors alice"])
def command() -> None:
    """Groups of people. They are named by name or by id."""


@command.command(examples=['iam group create editors --description "Who write the news"'])
@which
@description_option
def create(name: str, description: str | None) -> None:
    """Create the group NAME."""
    group = run(lambda on: groups.create(on, name, description or "", COMMAND_LINE))
    output.say(f"The group {group.name} is created.", document(group))


@command.command("list", examples=["iam group list --json"])
def list_() -> None:
    """List all groups."""
    known = run(lambda on: on.store.groups.all())
    output.tabulate([document(group) for group in known], COLUMNS, "There are no groups.")


@command.command(examples=["iam group show editors"])
@which
def show(name: str) -> None:
    """Show the group NAME, its members and owners, and the clients and scopes that are for its members alone."""

    async def work(on: Administration) -> dict[str, object]:
        group = await groups.find(on, name)
        clients, scopes = await on.store.restrictions.of_group(group.id)
        return with_members(group, await on.store.groups.members(group.id)) | {"clients": clients, "scopes": scopes}

    output.show(run(work))


@command.command(examples=["iam group update editors --name writers", 'iam group update editors --description ""'])
@which
@click.option("--name", "new_name", metavar="N", help="Another name.")
@description_option
def update(name: str, new_name: str | None, description: str | None) -> None:
    """Change the group NAME; what is not named stays. The claim groups has the new name from the next token on."""
    group = run(lambda on: groups.update(on, name, GroupChange(new_name, description), COMMAND_LINE))
    output.say(f"The group {group.name} is changed.", document(group))


@command.command(examples=["iam group delete editors", "iam group delete editors --yes"])
@which
@yes_option
def delete(name: str, *, yes: bool) -> None:
    """Delete the group NAME: its members lose the roles that it gave them."""
    group = run_if_agreed(groups.count_losses, groups.delete, name, yes=yes)
    output.say(f"The group {group.name} is deleted.", {"id": str(group.id), "name": group.name, "deleted": True})


@command.command(examples=["iam group add editors alice", "iam group add editors bob --owner"])
@which
@who
@click.option("--owner/--no-owner", default=None, help="Whether they manage the group.")
def add(name: str, username: str, *, owner: bool | None) -> None:
    """Make USERNAME a member of the group NAME."""
    group = run(lambda on: groups.add(on, name, username, COMMAND_LINE, owner=owner))
    output.say(f"{username} is a member of the group {group.name}.", document(group))


@command.command(examples=["iam group remove editors alice", "iam group remove editors alice --yes"])
@which
@who
@yes_option
def remove(name: str, username: str, *, yes: bool) -> None:
    """End the membership of USERNAME in the group NAME."""
    group = run_if_agreed(groups.count_losses_of_removing, groups.remove, name, username, yes=yes)
    output.say(f"{username} is no member of the group {group.name} any more.", document(group))


def document(group: Group) -> dict[str, object]:
    """Returns the group as a JSON object."""
    return {
        "id": str(group.id),
        "name": group.name,
        "description": group.description,
        "members": group.members,
        "created_at": output.moment(group.created_at),
        "updated_at": output.moment(group.updated_at),
    }


def with_members(group: Group, members: list[Member]) -> dict[str, object]:
    """Returns the group as a JSON object, with the usernames of its members and its owners."""
    owners = [member.username for member in members if member.owner]
    return {**document(group), "members": [member.username for member in members], "owners": owners}
