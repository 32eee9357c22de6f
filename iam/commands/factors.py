"""`iam user reset-factors`."""

import click

from iam.administration.actions.people import RESET_FACTORS
from iam.administration.actions.person import NamedPerson
from iam.commands import output
from iam.commands.actions import document, perform_if_agreed
from iam.commands.confirming import yes_option
from iam.commands.options import Command


@click.command(
    "reset-factors", cls=Command, examples=["iam user reset-factors alice", "iam user reset-factors alice --yes"]
)
@click.argument("username", metavar="USERNAME")
@yes_option
def reset_factors(username: str, *, yes: bool) -> None:
    """Remove all second factors of a person who has lost them: authenticator app, passkeys and recovery codes.

    Be sure that it is they who ask. They are told by mail, stay logged in where they are, and need a password from now
    on (iam user reset-password).
    """
    user = perform_if_agreed(RESET_FACTORS, NamedPerson(person=username), yes=yes)
    output.say(f"The person {user.username} has no second factor any more.", document(user))
