"""`iam user explain` and `iam user unthrottle`: why somebody cannot log in."""

import click

from iam.administration.actions.obstacles import EXPLAIN, UNTHROTTLE
from iam.administration.actions.person import NamedPerson
from iam.commands import output
from iam.commands.actions import document, perform
from iam.commands.options import Command

COLUMNS = ("sentence", "barring", "at", "until", "address")

who = click.argument("username", metavar="USERNAME")


@click.command(cls=Command, examples=["iam user explain alice"])
@who
def explain(username: str) -> None:
    """Say why a person cannot log in, and what holds them up."""
    told = perform(EXPLAIN, NamedPerson(person=username)).obstacles
    output.tabulate([document(each) for each in told], COLUMNS, "Nothing keeps them from logging in.")


@click.command(cls=Command, examples=["iam user unthrottle alice"])
@who
def unthrottle(username: str) -> None:
    """Let a person who was wrong too often try to log in again at once."""
    user = perform(UNTHROTTLE, NamedPerson(person=username))
    output.say(f"The person {user.username} may try again.", document(user))
