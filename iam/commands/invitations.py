"""`iam user invite` and `iam user reset-password`: links to a password, for who administers without mail too."""

import click

from iam.administration import invitations
from iam.administration.invitations import Offer
from iam.commands import output
from iam.commands.options import Command
from iam.commands.people import document
from iam.commands.running import run
from iam.records.actor import COMMAND_LINE

who = click.argument("username", metavar="USERNAME")


@click.command(cls=Command, examples=["iam user invite bob", "iam user invite bob --email bob@example.org"])
@who
@click.option("--email", metavar="E", help="The e-mail address of a new account, to which a link goes too.")
def invite(username: str, email: str | None) -> None:
    """Invite a person: print a link by which they choose their password, good once and for a week.

    If there is no such account, it is made. If it has an e-mail address, a mail with a link of its own goes there too.
    """
    offer = run(lambda on: invitations.invite(on, username, COMMAND_LINE, email=email))
    say(f"The person {offer.user.username} is invited.", offer)


@click.command("reset-password", cls=Command, examples=["iam user reset-password alice"])
@who
def reset_password(username: str) -> None:
    """Print a link by which a person chooses another password, good once and for a day.

    If the account has an e-mail address, a mail with a link of its own goes there too. The old password works until one
    of the links is used; sessions and grants end then.
    """
    offer = run(lambda on: invitations.reset_password(on, username, COMMAND_LINE))
    say(f"The person {offer.user.username} can choose another password.", offer)


def say(sentence: str, offer: Offer) -> None:
    """Prints the link, and what becomes of it."""
    until = output.moment(offer.expires_at)
    mail = f" A mail with another link goes to {offer.user.email}." if offer.mailed else ""
    told = {**document(offer.user), "link": offer.link, "expires_at": until, "mailed": offer.mailed}
    output.say(f"{sentence}{mail} This link is good once, until {until}:", told)
    if not output.json_wanted():
        click.echo(output.printable(offer.link))
