"""Before something is destroyed: what goes with it, and whether that is meant."""

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
    """The result of an action on a subject, once a person has agreed to what goes with it."""

    async def work(on: Administration) -> T:
        ask_first(await losses(on, *subject), yes=yes)
        return await action(on, *subject, COMMAND_LINE)

    return run(work)


def ask_first(losses: Losses | None, *, yes: bool) -> None:
    """Say what goes, and ask whether it may; None: nothing goes that anybody would miss.

    Without a terminal to ask at, what is done in haste, by scripts too, is done; what is lost for good must have been agreed
    to before (--yes).
    """
    if losses is None or yes:
        return
    if asking.interactive():
        ask(losses)
    elif losses.for_good:
        raise click.UsageError("Without a terminal to ask at, --yes is needed.")


def ask(losses: Losses) -> None:
    """Say what goes, and ask; anything but yes is the end of the command."""
    for section in losses.sections:
        for line in (section.heading, *map("  {}".format, section.items)):
            click.echo(output.printable(line), err=True)
    if not asking.agreed(output.printable(losses.question)):
        raise click.ClickException("Nothing is changed.")
