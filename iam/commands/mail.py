"""`iam mail`."""

from uuid import UUID

import click

from iam.administration.actions import mail as actions
from iam.administration.actions.mail import MailListing, NamedMail
from iam.administration.actions.models import MOST
from iam.commands import output
from iam.commands.actions import document, given, list_all, perform
from iam.commands.confirming import yes_option
from iam.commands.options import Group
from iam.commands.several import perform_each, several

COLUMNS = ("id", "created_at", "template", "recipient", "state", "attempts", "reason")
STATES = ("waiting", "delivered", "failed")

which = click.argument("mail_id", metavar="ID", type=click.UUID)
these = several("mail_ids", "ID", click.UUID)


@click.group(cls=Group, examples=["iam mail list --state failed"])
def command() -> None:
    """Mail that the server sends: what waits, and what became of that of the last days; never what it says."""


@command.command("list", examples=["iam mail list", "iam mail list --state waiting --user alice --json"])
@click.option("--state", type=click.Choice(STATES), help="Only what is so.")
@click.option("--user", metavar="U", help="Only what is about this person.")
def list_(state: str | None, user: str | None) -> None:
    """List the mail that waits, and what was delivered or given up in the last seven days, the latest first."""
    found = list_all(actions.LIST, MailListing(**given(state=state, person=user), limit=MOST))
    output.tabulate([document(mail) for mail in found], COLUMNS, "There is no mail.")


@command.command(examples=["iam mail show 01939b0a-5c3e-7a41-9d3c-2f1b8c6f0a11"])
@which
def show(mail_id: UUID) -> None:
    """Show what became of the mail ID."""
    output.show(document(perform(actions.SHOW, NamedMail(mail=mail_id))))


@command.command(examples=["iam mail retry 01939b0a-5c3e-7a41-9d3c-2f1b8c6f0a11"])
@these
def retry(mail_ids: tuple[UUID, ...]) -> None:
    """Have a server send each mail ID, which waits, now instead of when it is due."""
    perform_each(actions.RETRY, named(mail_ids), lambda mail: (f"The mail {mail.id} is sent now.", document(mail)))


@command.command(examples=["iam mail discard 01939b0a-5c3e-7a41-9d3c-2f1b8c6f0a11 --yes"])
@these
@yes_option
def discard(mail_ids: tuple[UUID, ...], *, yes: bool) -> None:
    """Discard each mail ID, which waits: it is never sent."""
    perform_each(
        actions.DISCARD, named(mail_ids), lambda gone: (f"The mail {gone.id} is discarded.", document(gone)), yes=yes
    )


def named(mail_ids: tuple[UUID, ...]) -> dict[UUID, NamedMail]:
    """Returns the inputs that name these mails."""
    return {each: NamedMail(mail=each) for each in mail_ids}
