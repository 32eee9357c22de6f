"""`iam grant`."""

from uuid import UUID

import click

from iam import credentials
from iam.commands import output
from iam.commands.options import Group
from iam.commands.people import named
from iam.commands.running import Administration, run
from iam.store.grants import Grant

COLUMNS = ("id", "username", "client_name", "scope", "created_at", "expires_at")


@click.group(cls=Group, examples=["iam grant list --user alice"])
def command() -> None:
    """Grants: what a person, or a client for itself, allowed once. Tokens live under them and end with them."""


@command.command("list", examples=["iam grant list", "iam grant list --user alice --json"])
@click.option("--user", metavar="U", help="Only what this person allowed.")
@click.option("--client", metavar="ID", help="Only what this client was allowed.")
def list_(user: str | None, client: str | None) -> None:
    """List the grants that live."""
    grants = run(lambda on: living(on, user, client))
    output.tabulate([document(grant) for grant in grants], COLUMNS, "There are no grants.")


@command.command(examples=["iam grant revoke 01939b0a-5c3e-7a41-9d3c-2f1b8c6f0a11"])
@click.argument("grant_id", metavar="ID", type=click.UUID)
def revoke(grant_id: UUID) -> None:
    """End the grant ID and every code and token under it.

    A client's own grant begins anew, without the tokens: the client asks for one again.
    """
    if not run(lambda on: on.store.grants.revoke(grant_id, credentials.identifier(), on.clock.now())):
        raise click.ClickException(f"There is no grant {grant_id}, or it has ended already.")
    output.say(f"The grant {grant_id} is revoked.", {"id": str(grant_id), "revoked": True})


async def living(on: Administration, username: str | None, client_id: str | None) -> list[Grant]:
    """The grants of this person and this client, where they are named."""
    user_id = (await named(on, username)).id if username else None
    return await on.store.grants.living(on.clock.now(), user_id=user_id, client_id=client_id)


def document(grant: Grant) -> dict[str, object]:
    """The grant for programs."""
    return {
        "id": str(grant.id),
        "user_id": grant.user_id and str(grant.user_id),
        "username": grant.username,
        "client_id": grant.client_id,
        "client_name": grant.client_name,
        "session_id": grant.session_id and str(grant.session_id),
        "scope": grant.scope,
        "created_at": output.moment(grant.created_at),
        "expires_at": output.moment(grant.expires_at),
    }
