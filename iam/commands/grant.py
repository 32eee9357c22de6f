"""`iam grant`."""

from uuid import UUID

import click

from iam.administration.administration import Administration
from iam.commands import losses, output
from iam.commands.confirming import confirm_if_asked, yes_option
from iam.commands.options import Group
from iam.commands.people import named
from iam.commands.running import run
from iam.records.actor import COMMAND_LINE
from iam.records.grant import Grant
from iam.secrets import minted

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


@command.command(
    examples=[
        "iam grant revoke 01939b0a-5c3e-7a41-9d3c-2f1b8c6f0a11",
        "iam grant revoke --user alice",
        "iam grant revoke --client 4Fh...",
        "iam grant revoke --everything",
    ]
)
@click.argument("grant_id", metavar="[ID]", type=click.UUID, required=False)
@click.option("--user", metavar="U", help="All that this person allowed so far.")
@click.option("--client", metavar="ID", help="All that this client was allowed so far.")
@click.option("--everything", is_flag=True, help="All that anybody was allowed so far: everybody must allow it again.")
@yes_option
def revoke(grant_id: UUID | None, user: str | None, client: str | None, *, everything: bool, yes: bool) -> None:
    """End the grant ID, or many at once, and every code and token under them, on all servers at the same moment.

    A client's own grant begins anew, without the tokens: the client asks for one again.
    """
    if sum((grant_id is not None, user is not None, client is not None, everything)) != 1:
        raise click.UsageError("Name one: an ID, --user, --client or --everything.")
    if grant_id is not None:
        end_one(grant_id, yes=yes)
    elif everything:
        run(lambda on: end_all(on, yes=yes))
        output.say("All grants are revoked.", {"everything": True, "revoked": True})
    elif user is not None:
        run(lambda on: end_of_user(on, user, yes=yes))
        output.say(f"All grants of {user} are revoked.", {"user": user, "revoked": True})
    else:
        end_of_client(str(client), yes=yes)


def end_one(grant_id: UUID, *, yes: bool) -> None:
    """End one grant."""

    async def work(on: Administration) -> bool:
        if lost := await losses.of_grant(on, grant_id):
            confirm_if_asked(f"Revoke the grant {grant_id}?", lost, yes=yes)
        return await on.store.grants.revoke(grant_id, minted.identifier(), on.clock.now(), COMMAND_LINE)

    if not run(work):
        raise click.ClickException(f"There is no grant {grant_id}, or it has ended already.")
    output.say(f"The grant {grant_id} is revoked.", {"id": str(grant_id), "revoked": True})


def end_of_client(client_id: str, *, yes: bool) -> None:
    """End all that a client was granted."""

    async def work(on: Administration) -> bool:
        if await on.store.clients.read(client_id):
            lost = await losses.of_grants(on, client_id=client_id)
            confirm_if_asked(f"Revoke all grants of the client {client_id}?", lost, yes=yes)
        return await on.store.grants.revoke_of_client(client_id, on.clock.now(), COMMAND_LINE)

    if not run(work):
        raise click.ClickException(f"There is no client {client_id}.")
    output.say(f"All grants of the client {client_id} are revoked.", {"client_id": client_id, "revoked": True})


async def end_of_user(on: Administration, username: str, *, yes: bool) -> None:
    """End all that a person granted."""
    user = await named(on, username)
    confirm_if_asked(f"Revoke all grants of {user.username}?", await losses.of_grants(on, user.id), yes=yes)
    await on.store.grants.revoke_of_user(user.id, on.clock.now(), COMMAND_LINE)


async def end_all(on: Administration, *, yes: bool) -> None:
    """End all that anybody granted."""
    confirm_if_asked("Revoke all grants of everybody?", await losses.of_grants(on), yes=yes)
    await on.store.grants.revoke_all(on.clock.now(), COMMAND_LINE)


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
