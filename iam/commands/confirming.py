"""Confirmation of destructive commands: shows what is lost, and asks."""

from collections.abc import Awaitable, Callable
from typing import TypeVar, TypeVarTuple

import click

from iam.administration.administration import Administration
from iam.administration.losses import Losses
from iam.commands import asking, output
from iam.commands.running import run
from iam.records.actor import COMMAND_LINE, By

T = TypeVar("T")
Subject = TypeVarTuple("Subject")

yes_option = click.option("--yes", is_flag=True, help="Do not ask.")


def run_if_agreed(
    losses: Callable[[Administration, *Subject], Awaitable[Losses | None]],
    action: Callable[[Administration, *Subject, By], Awaitable[T]],
    *subject: *Subject,
    yes: bool,
) -> T:
    """Runs an action on a subject once the person has agreed to its losses; returns its result."""

    async def work(on: Administration) -> T:
        ask_first(await losses(on, *subject), yes=yes)
        return await action(on, *subject, COMMAND_LINE)

    return run(work)


def ask_first(losses: Losses | None, *, yes: bool) -> None:
    """Shows what is lost and asks for agreement; None means that nothing is in use, so nothing is asked.

    Without a terminal, losses that are not for good are accepted, so that scripts can act in haste; losses for good
    raise UsageError unless `yes` is set.
    """
    if losses is None or yes:
        return
    if asking.interactive():
        ask(losses)
    elif losses.for_good:
        raise click.UsageError("Without a terminal to ask at, --yes is needed.")


def ask(losses: Losses) -> None:
    """Shows what is lost and asks. Raises ClickException unless the answer is yes."""
    for section in losses.sections:
        for line in (section.heading, *map("  {}".format, section.items)):
            click.echo(output.printable(line), err=True)
    if not asking.agreed(output.printable(losses.question)):
        raise click.ClickException("Nothing is changed.")
