"""`iam user invite` and `iam user reset-password`: links to a password, for who administers without mail too."""

import click

from iam.administration.actions.people import INVITE, RESET_PASSWORD
from iam.administration.actions.person import Invitation, Link, NamedPerson
from iam.commands import output
from iam.commands.actions import document, perform
from iam.commands.options import Command

who = click.argument("username", metavar="USERNAME")


@click.command(cls=Command, examples=["iam user invite bob", "iam user invite bob --email bob@example.org"])
@who
@click.option("--email", metavar="E", help="The e-mail address of a new account, to which a link goes too.")
def invite(username: str, email: str | None) -> None:
    """Invite a person: print a link by which they choose their password, good once and for a week.

    If there is no such account, it is made. If it has an e-mail address, a mail with a link of its own goes there too.
    """
    offer = perform(INVITE, Invitation(username=username, email=email))
    say(f"The person {offer.username} is invited.", offer)


@click.command("reset-password", cls=Command, examples=["iam user reset-password alice"])
@who
def reset_password(username: str) -> None:
    """Print a link by which a person chooses another password, good once and for a day.

    If the account has an e-mail address, a mail with a link of its own goes there too. The old password works until one
    of the links is used; sessions and grants end then.
    """
    offer = perform(RESET_PASSWORD, NamedPerson(person=username))
    say(f"The person {offer.username} can choose another password.", offer)


def say(sentence: str, offer: Link) -> None:
    """Prints the link, and what becomes of it."""
    told = document(offer)
    mail = f" A mail with another link goes to {offer.email}." if offer.mailed else ""
    output.say(f"{sentence}{mail} This link is good once, until {told['expires_at']}:", told)
    if not output.json_wanted():
        click.echo(output.printable(offer.link or ""))
