"""`iam invitation`."""

from uuid import UUID

import click

from iam.administration.actions import invitations as actions
from iam.administration.actions.invitations import InvitationListing, NamedInvitation
from iam.administration.actions.models import MOST
from iam.commands import output
from iam.commands.actions import document, given, list_all, perform
from iam.commands.confirming import yes_option
from iam.commands.options import Group
from iam.commands.several import perform_each, several

COLUMNS = ("id", "kind", "username", "mailed_to", "made_by", "created_at", "expires_at")

which = click.argument("invitation_id", metavar="ID", type=click.UUID)


@click.group(cls=Group, examples=["iam invitation list"])
def command() -> None:
    """Links to passwords that are still good: those of iam user invite, and those to another password."""


@command.command("list", examples=["iam invitation list", "iam invitation list --kind reset --user alice --json"])
@click.option("--kind", type=click.Choice(("invite", "reset")), help="To a first password, or to another one.")
@click.option("--user", metavar="U", help="Only this person's.")
def list_(kind: str | None, user: str | None) -> None:
    """List them, those first that are good for longest; the links themselves are shown to nobody once more."""
    found = list_all(actions.LIST, InvitationListing(**given(kind=kind, person=user), limit=MOST))
    output.tabulate([document(link) for link in found], COLUMNS, "There are no links that are good.")


@command.command(examples=["iam invitation show 01939b0a-5c3e-7a41-9d3c-2f1b8c6f0a11"])
@which
def show(invitation_id: UUID) -> None:
    """Show the invitation ID, without its link."""
    output.show(document(perform(actions.SHOW, NamedInvitation(invitation=invitation_id))))


@command.command(examples=["iam invitation withdraw 01939b0a-5c3e-7a41-9d3c-2f1b8c6f0a11"])
@several("invitation_ids", "ID", click.UUID)
@yes_option
def withdraw(invitation_ids: tuple[UUID, ...], *, yes: bool) -> None:
    """Withdraw each invitation ID: nobody can use its link any more."""
    perform_each(
        actions.WITHDRAW,
        {each: NamedInvitation(invitation=each) for each in invitation_ids},
        lambda ended: (f"The invitation {ended.id} is withdrawn.", document(ended)),
        yes=yes,
    )
