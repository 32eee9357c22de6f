"""An action on several objects: what goes with each is asked about first, and what fails for one keeps nothing from the others."""

from collections.abc import Callable, Iterable, Mapping
from typing import Final, TypeVar
from uuid import UUID

import click

from iam.administration.actions.action import Action, Input, Output
from iam.commands import output
from iam.commands.actions import Performer, perform_if_agreed, together
from iam.commands.confirming import ask_first
from iam.commands.running import EXPECTED

Name = TypeVar("Name")
Command = TypeVar("Command", bound=Callable[..., object])

FAILING: Final = (*EXPECTED, click.ClickException)


def several(
    name: str, metavar: str, kind: click.ParamType[UUID] | None = None, *, needed: bool = True
) -> Callable[[Command], Command]:
    """Returns the argument of a command that takes one object or several; they reach it as a tuple, each once."""

    def once(_: click.Context, __: click.Parameter, told: Iterable[object]) -> tuple[object, ...]:
        return tuple(dict.fromkeys(told))

    shown = f"{metavar}..." if needed else f"[{metavar}]..."
    return click.argument(name, metavar=shown, type=kind, nargs=-1, required=needed, callback=once)


def perform_each(
    action: Action[Input, Output],
    wishes: Mapping[Name, Input],
    tell: Callable[[Output], tuple[str, output.Document]],
    *,
    yes: bool = False,
) -> None:
    """Performs an action for each of the wishes, which stand by what they name, and says what `tell` makes of it.

    With --json one is a document, several are a list of documents. Raises Exit, with status 1, if one of several failed.
    """
    if len(wishes) == 1:
        (wish,) = wishes.values()
        output.say(*tell(perform_if_agreed(action, wish, yes=yes)))
        return

    async def work(do: Performer) -> tuple[list[output.Document], bool]:
        """Returns the documents of what is done, and whether that is all."""
        agreed = await ask_about(do, action, wishes, yes=yes)
        done = list[output.Document]()
        for name, wish in agreed.items():
            try:
                sentence, document = tell(await do(action, wish))
            except FAILING as error:
                complain(name, error)
            else:
                done.append(document)
                output.say_one(sentence)
        return done, len(done) == len(wishes)

    done, complete = together(work)
    output.write_all(done)
    if not complete:
        raise click.exceptions.Exit(1)


async def ask_about(
    do: Performer, action: Action[Input, Output], wishes: Mapping[Name, Input], *, yes: bool
) -> dict[Name, Input]:
    """Returns the wishes that can be performed, once the person has agreed to what goes with each."""
    agreed, losses = dict[Name, Input](), []
    for name, wish in wishes.items():
        try:
            losses.append(await do.losses(action, wish))
        except FAILING as error:
            complain(name, error)
        else:
            agreed[name] = wish
    for each in losses:
        ask_first(each, yes=yes)
    return agreed


def complain(name: object, error: Exception) -> None:
    """Says on standard error why it is not done to one of them."""
    sentence = error.message if isinstance(error, click.ClickException) else str(error)
    click.echo(f"Error: {output.printable(f'{name}: {sentence}')}", err=True)
