"""`iam grant`."""

from uuid import UUID

import click

from iam.administration import grants, people
from iam.administration.administration import Administration
from iam.commands import output
from iam.commands.confirming import run_if_agreed, yes_option
from iam.commands.options import Group
from iam.commands.running import run
from iam.records.grant import Grant

COLUMNS = ("id", "username", "client_name", "token_name", "scope", "created_at", "expires_at")


@click.group(cls=Group, examples=["iam grant list --user alice"])
def command() -> None:
    """Grants: what a person allowed a client, or what a client may do for itself. Tokens end with their grant."""


@command.command("list", examples=["iam grant list", "iam grant list --user alice --json"])
@click.option("--user", metavar="U", help="Only what this person allowed.")
@click.option("--client", metavar="ID", help="Only what this client was allowed.")
def list_(user: str | None, client: str | None) -> None:
    """List the living grants."""
    found = run(lambda on: living(on, user, client))
    output.tabulate([document(grant) for grant in found], COLUMNS, "There are no grants.")


@command.command(
    examples=[
        "iam grant revoke 01939b0a-5c3e-7a41-9d3c-2f1b8c6f0a11",
        "iam grant revoke --user alice",
        "iam grant revoke --client 4Fh...",
        "iam grant revoke --everything",
    ]
)
@click.argument("grant_id", metavar="[ID]", type=click.UUID, required=False)
@click.option("--user", metavar="U", help="All grants of this person so far.")
@click.option("--client", metavar="ID", help="All grants to this client so far.")
@click.option("--everything", is_flag=True, help="All grants so far: everybody must allow applications again.")
@yes_option
def revoke(grant_id: UUID | None, user: str | None, client: str | None, *, everything: bool, yes: bool) -> None:
    """End the grant ID, or many at once, and every code and token under them, on all servers at the same moment.

    A client's own grant is replaced by a new one without tokens: the client can ask for new ones.
    """
    if sum((grant_id is not None, user is not None, client is not None, everything)) != 1:
        raise click.UsageError("Name one: an ID, --user, --client or --everything.")
    if grant_id is not None:
        run_if_agreed(grants.count_losses, grants.revoke, grant_id, yes=yes)
        output.say(f"The grant {grant_id} is revoked.", {"id": str(grant_id), "revoked": True})
    elif everything:
        run_if_agreed(grants.count_losses_of_all, grants.revoke_all, yes=yes)
        output.say("All grants are revoked.", {"everything": True, "revoked": True})
    elif user is not None:
        run_if_agreed(grants.count_losses_of_user, grants.revoke_of_user, user, yes=yes)
        output.say(f"All grants of {user} are revoked.", {"user": user, "revoked": True})
    elif client is not None:
        run_if_agreed(grants.count_losses_of_client, grants.revoke_of_client, client, yes=yes)
        output.say(f"All grants of the client {client} are revoked.", {"client_id": client, "revoked": True})


async def living(on: Administration, username: str | None, client_id: str | None) -> list[Grant]:
    """Returns the living grants of this person and this client, as far as they are named. Raises Invalid."""
    return await grants.list_living(on, await people.find(on, username) if username else None, client_id)


def document(grant: Grant) -> dict[str, object]:
    """Returns the grant as a JSON object."""
    return {
        "id": str(grant.id),
        "user_id": grant.user_id and str(grant.user_id),
        "username": grant.username,
        "client_id": grant.client_id,
        "client_name": grant.client_name,
        "token_name": grant.token_name,
        "session_id": grant.session_id and str(grant.session_id),
        "scope": grant.scope,
        "created_at": output.moment(grant.created_at),
        "expires_at": output.moment(grant.expires_at),
    }
