"""`iam session`."""

from uuid import UUID

import click

from iam.administration import people, sessions
from iam.administration.administration import Administration
from iam.commands import output
from iam.commands.confirming import run_if_agreed, yes_option
from iam.commands.options import Group
from iam.commands.running import run
from iam.records.session import Presence

COLUMNS = ("id", "username", "auth_time", "seen_at", "expires_at", "remembered")


@click.group(cls=Group, examples=["iam session list --user alice"])
def command() -> None:
    """Sessions: people who are logged in, each in one browser."""


@command.command("list", examples=["iam session list", "iam session list --user alice --json"])
@click.option("--user", metavar="U", help="Only this person's.")
def list_(user: str | None) -> None:
    """List the sessions in use now."""
    found = run(lambda on: living(on, user))
    output.tabulate([document(session) for session in found], COLUMNS, "Nobody is logged in.")


@command.command(examples=["iam session revoke 01939b0a-5c3e-7a41-9d3c-2f1b8c6f0a11"])
@click.argument("session_id", metavar="ID", type=click.UUID)
@yes_option
def revoke(session_id: UUID, *, yes: bool) -> None:
    """End the session ID: the person must log in again in that browser.

    Clients that know of it are told (Back-Channel Logout). Grants with offline_access stay (iam grant).
    """
    run_if_agreed(sessions.count_losses, sessions.revoke, session_id, yes=yes)
    output.say(f"The session {session_id} is ended.", {"id": str(session_id), "revoked": True})


async def living(on: Administration, username: str | None) -> list[Presence]:
    """Returns the sessions in use: all of them, or this person's. Raises Invalid."""
    return await sessions.list_living(on, await people.find(on, username) if username else None)


def document(session: Presence) -> dict[str, object]:
    """Returns the session as a JSON object."""
    return {
        "id": str(session.id),
        "user_id": str(session.user_id),
        "username": session.username,
        "auth_time": output.moment(session.auth_time),
        "seen_at": output.moment(session.seen_at),
        "expires_at": output.moment(session.expires_at),
        "remembered": session.remembered,
    }
