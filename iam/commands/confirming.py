"""Before something is destroyed: what goes with it, and whether that is meant."""

from collections.abc import Awaitable, Callable, Sequence
from typing import Any, Final, TypeVar, TypeVarTuple

import click

from iam.administration.administration import Administration
from iam.administration.losses import Losses
from iam.commands import asking, output
from iam.commands.running import run
from iam.database.errors import Unavailable
from iam.records.actor import COMMAND_LINE, By

T = TypeVar("T")
Subject = TypeVarTuple("Subject")

yes_option = click.option("--yes", is_flag=True, help="Do not ask.")

FEW: Final = 5  # names that are told; of the others the number


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

    Without a terminal to ask at, what is lost for good must have been agreed to before (--yes).
    """
    if losses is None:
        return
    lines = [line for section in losses.sections for line in (section.heading, *map("  {}".format, section.items))]
    (confirm if losses.for_good else confirm_if_asked)(losses.question, lines, yes=yes)


def confirm(question: str, losses: Sequence[str], *, yes: bool) -> None:
    """Say what goes, and ask whether it may; without a terminal to ask at it must have been said before (--yes)."""
    if yes:
        return
    if not asking.interactive():
        raise click.UsageError("Without a terminal to ask at, --yes is needed.")
    ask(question, losses)


def confirm_if_asked(question: str, losses: Sequence[str], *, yes: bool) -> None:
    """Likewise for what is done in haste, by scripts too, and loses nothing that cannot be given anew: without a terminal, do it."""
    if not yes and asking.interactive():
        ask(question, losses)


def ask(question: str, losses: Sequence[str]) -> None:
    """Say what goes, and ask; anything but yes is the end of the command."""
    for line in losses:
        click.echo(output.printable(line), err=True)
    if not asking.agreed(output.printable(question)):
        raise click.ClickException("Nothing is changed.")


def counted(number: int | None, noun: str, names: Sequence[str | None] = ()) -> list[str]:
    """So many of something, and the names of the first; nothing where there is none."""
    if number is None:
        return [f"{noun}s, which could not be counted in time"]
    if not number:
        return []
    known = sorted({name for name in names if name})
    more = f" and {len(known) - FEW} more" if len(known) > FEW else ""
    told = f": {', '.join(known[:FEW])}{more}" if known else ""
    return [f"{number} {noun}{'s' if number > 1 else ''}{told}"]


async def in_time(found: Awaitable[list[Any]]) -> list[Any] | None:
    """What there is; None where a large database takes too long to say."""
    try:
        return await found
    except Unavailable:
        return None


def all_counted(found: Sequence[Any] | None, noun: str, name: str | None = None) -> list[str]:
    """The same for things that were looked up, which have a `name`."""
    if found is None:
        return counted(None, noun)
    return counted(len(found), noun, [getattr(each, name) for each in found] if name else ())
