"""`iam session`."""

from uuid import UUID

import click

from iam.administration.actions import sessions as actions
from iam.administration.actions.models import MOST
from iam.administration.actions.people import END_SESSIONS
from iam.administration.actions.person import NamedPerson
from iam.administration.actions.sessions import NamedSession, SessionListing
from iam.commands import output
from iam.commands.actions import document, given, list_all, perform_if_agreed
from iam.commands.confirming import yes_option
from iam.commands.options import Group
from iam.commands.several import perform_each, several

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


@command.command(
    examples=["iam session revoke 01939b0a-5c3e-7a41-9d3c-2f1b8c6f0a11", "iam session revoke --user alice"]
)
@several("session_ids", "ID", click.UUID, needed=False)
@click.option("--user", metavar="U", help="All sessions of this person.")
@yes_option
def revoke(session_ids: tuple[UUID, ...], user: str | None, *, yes: bool) -> None:
    """End each session ID, or all of a person: they must log in again in that browser.

    Clients that know of it are told (Back-Channel Logout). Grants with offline_access stay (iam grant).
    """
    if session_ids and user is None:
        perform_each(
            actions.REVOKE,
            {each: NamedSession(session=each) for each in session_ids},
            lambda ended: (f"The session {ended.id} is ended.", document(ended)),
            yes=yes,
        )
    elif not session_ids and user is not None:
        number = perform_if_agreed(END_SESSIONS, NamedPerson(person=user), yes=yes).ended
        output.say(f"All sessions of {user} are ended.", {"user": user, "ended": number, "revoked": True})
    else:
        raise click.UsageError("Name one: an ID or --user.")
