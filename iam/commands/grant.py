"""`iam grant`."""

from uuid import UUID

import click

from iam.administration.actions import grants as actions
from iam.administration.actions.grants import Allowed, EveryGrant, GrantedApplication, GrantListing, NamedGrant
from iam.administration.actions.models import MOST
from iam.administration.actions.person import NamedPerson
from iam.commands import output
from iam.commands.actions import document, given, list_all, perform_if_agreed
from iam.commands.confirming import yes_option
from iam.commands.options import Group
from iam.commands.several import perform_each, several

COLUMNS = ("id", "username", "client_name", "token_name", "scope", "created_at", "expires_at")


@click.group(cls=Group, examples=["iam grant list --user alice"])
def command() -> None:
    """Grants: what a person allowed a client, or what a client may do for itself. Tokens end with their grant."""


@command.command("list", examples=["iam grant list", "iam grant list --user alice --json"])
@click.option("--user", metavar="U", help="Only what this person allowed.")
@click.option("--client", metavar="ID", help="Only what this client was allowed.")
def list_(user: str | None, client: str | None) -> None:
    """List the living grants."""
    found = list_all(actions.LIST, GrantListing(**given(user=user, client=client), limit=MOST))
    found.sort(key=lambda grant: (grant.created_at, grant.id))
    output.tabulate([document(grant) for grant in found], COLUMNS, "There are no grants.")


@command.command(
    examples=[
        "iam grant revoke 01939b0a-5c3e-7a41-9d3c-2f1b8c6f0a11",
        "iam grant revoke --user alice",
        "iam grant revoke --client 4Fh...",
        "iam grant revoke --user alice --client 4Fh...",
        "iam grant revoke --everything",
    ]
)
@several("grant_ids", "ID", click.UUID, needed=False)
@click.option("--user", metavar="U", help="All grants of this person so far.")
@click.option("--client", metavar="ID", help="All grants to this client so far.")
@click.option("--everything", is_flag=True, help="All grants so far: everybody must allow applications again.")
@yes_option
def revoke(grant_ids: tuple[UUID, ...], user: str | None, client: str | None, *, everything: bool, yes: bool) -> None:
    """End each grant ID, or many at once, and every code and token under them, on all servers at the same moment.

    A client's own grant is replaced by a new one without tokens: the client can ask for new ones. With --user and
    --client it is what this person allowed this client, which has to ask them again.
    """
    if sum((bool(grant_ids), user is not None or client is not None, everything)) != 1:
        raise click.UsageError("Name one: an ID, --user and --client or one of them, or --everything.")
    if grant_ids:
        perform_each(
            actions.REVOKE,
            {each: NamedGrant(grant=each) for each in grant_ids},
            lambda ended: (f"The grant {ended.id} is revoked.", document(ended)),
            yes=yes,
        )
    elif everything:
        perform_if_agreed(actions.REVOKE_ALL, EveryGrant(), yes=yes)
        output.say("All grants are revoked.", {"everything": True, "revoked": True})
    elif user is not None and client is not None:
        perform_if_agreed(actions.WITHDRAW, Allowed(user=user, client=client), yes=yes)
        told = {"user": user, "client_id": client, "revoked": True}
        output.say(f"What {user} allowed the client {client} has ended.", told)
    elif user is not None:
        perform_if_agreed(actions.REVOKE_OF_PERSON, NamedPerson(person=user), yes=yes)
        output.say(f"All grants of {user} are revoked.", {"user": user, "revoked": True})
    elif client is not None:
        perform_if_agreed(actions.REVOKE_OF_APPLICATION, GrantedApplication(application=client), yes=yes)
        output.say(f"All grants of the client {client} are revoked.", {"client_id": client, "revoked": True})
