"""`iam session`."""

from uuid import UUID

import click

from iam.administration.actions import sessions as actions
from iam.administration.actions.models import MOST
from iam.administration.actions.sessions import NamedSession, SessionListing
from iam.commands import output
from iam.commands.actions import document, given, list_all, perform_if_agreed
from iam.commands.confirming import yes_option
from iam.commands.options import Group

COLUMNS = ("id", "username", "auth_time", "seen_at", "expires_at", "remembered")


@click.group(cls=Group, examples=["iam session list --user alice"])
def command() -> None:
    """Sessions: people who are logged in, each in one browser."""


@command.command("list", examples=["iam session list", "iam session list --user alice --json"])
@click.option("--user", metavar="U", help="Only this person's.")
def list_(user: str | None) -> None:
    """List the sessions in use now."""
    found = list_all(actions.LIST, SessionListing(**given(user=user), limit=MOST))
    documents = [document(session) for session in sorted(found, key=lambda each: (each.auth_time, each.id))]
    output.tabulate(documents, COLUMNS, "Nobody is logged in.")


@command.command(examples=["iam session revoke 01939b0a-5c3e-7a41-9d3c-2f1b8c6f0a11"])
@click.argument("session_id", metavar="ID", type=click.UUID)
@yes_option
def revoke(session_id: UUID, *, yes: bool) -> None:
    """End the session ID: the person must log in again in that browser.

    Clients that know of it are told (Back-Channel Logout). Grants with offline_access stay (iam grant).
    """
    ended = perform_if_agreed(actions.REVOKE, NamedSession(session=session_id), yes=yes)
    output.say(f"The session {session_id} is ended.", document(ended))
