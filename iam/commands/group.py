"""`iam group`."""

import click

from iam.administration.actions import groups as actions
from iam.administration.actions.groups import (
    ChangedGroup,
    Group,
    Member,
    Members,
    NamedGroup,
    NamedMember,
    NewGroup,
    NewMember,
    ShownGroup,
)
from iam.administration.actions.models import MOST, Listing
from iam.commands import output
from iam.commands.actions import Performer, document, given, list_all, perform, perform_if_agreed, together
from iam.commands.confirming import yes_option
from iam.commands.options import Group as Commands
from iam.people import names

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
    group = perform(actions.CREATE, NewGroup(name=name, description=description or ""))
    output.say(f"The group {group.name} is created.", document(group))


@command.command("list", examples=["iam group list --json"])
def list_() -> None:
    """List all groups."""
    known = list_all(actions.LIST, Listing(limit=MOST))
    output.tabulate([document(group) for group in known], COLUMNS, "There are no groups.")


@command.command(examples=["iam group show editors"])
@which
def show(name: str) -> None:
    """Show the group NAME, its members and owners, and the clients and scopes that are for its members alone."""

    async def work(do: Performer) -> tuple[ShownGroup, list[Member]]:
        group = await do(actions.SHOW, NamedGroup(group=name))
        return group, await do.everything(actions.LIST_MEMBERS, Members(group=str(group.id), limit=MOST))

    output.show(with_members(*together(work)))


@command.command(examples=["iam group update editors --name writers", 'iam group update editors --description ""'])
@which
@click.option("--name", "new_name", metavar="N", help="Another name.")
@description_option
def update(name: str, new_name: str | None, description: str | None) -> None:
    """Change the group NAME; what is not named stays. The claim groups has the new name from the next token on."""
    group = perform(actions.UPDATE, ChangedGroup(group=name, **given(name=new_name, description=description)))
    output.say(f"The group {group.name} is changed.", document(group))


@command.command(examples=["iam group delete editors", "iam group delete editors --yes"])
@which
@yes_option
def delete(name: str, *, yes: bool) -> None:
    """Delete the group NAME: its members lose the roles that it gave them."""
    group = perform_if_agreed(actions.DELETE, NamedGroup(group=name), yes=yes)
    output.say(f"The group {group.name} is deleted.", document(group))


@command.command(examples=["iam group add editors alice", "iam group add editors bob --owner"])
@which
@who
@click.option("--owner/--no-owner", default=None, help="Whether they manage the group.")
def add(name: str, username: str, *, owner: bool | None) -> None:
    """Make USERNAME a member of the group NAME."""
    group = perform(actions.ADD, NewMember(group=name, person=username, **given(owner=owner)))
    output.say(f"{username} is a member of the group {group.name}.", document(group))


@command.command(examples=["iam group remove editors alice", "iam group remove editors alice --yes"])
@which
@who
@yes_option
def remove(name: str, username: str, *, yes: bool) -> None:
    """End the membership of USERNAME in the group NAME."""
    group = perform_if_agreed(actions.REMOVE, NamedMember(group=name, person=username), yes=yes)
    output.say(f"{username} is no member of the group {group.name} any more.", document(group))


def with_members(group: ShownGroup, members: list[Member]) -> dict[str, object]:
    """Returns the group as a JSON object, with the usernames of its members and its owners."""
    known = sorted(members, key=lambda member: names.username_key(member.username))
    owners = [member.username for member in known if member.owner]
    told = {name: value for name, value in document(group).items() if name in Group.model_fields}
    usernames = {"members": [member.username for member in known], "owners": owners}
    return {**told, **usernames, "clients": group.clients, "scopes": group.scopes}
