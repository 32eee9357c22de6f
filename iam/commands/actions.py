"""Actions, as commands perform them and show what came of them."""

from abc import ABC, abstractmethod
from collections.abc import Callable, Coroutine
from typing import Any, TypeVar

import click
from attrs import frozen

from iam.administration.actions.action import Action, Input, Output
from iam.administration.actions.models import Item as Listed
from iam.administration.actions.models import Model, Page
from iam.administration.actions.operator import ON_THE_MACHINE
from iam.administration.actions.performing import perform as perform_on
from iam.administration.administration import Administration
from iam.administration.losses import Losses
from iam.commands.afar.address import server
from iam.commands.confirming import ask_first
from iam.commands.running import run
from iam.records.invalid import Invalid

T = TypeVar("T")


class Performer(ABC):
    """Performs actions: on the database here, or at a server."""

    @abstractmethod
    async def __call__(self, action: Action[Input, Output], wish: Input) -> Output:
        """Performs an action, and returns what came of it."""

    @abstractmethod
    async def losses(self, action: Action[Input, Output], wish: Input) -> Losses | None:
        """Returns what would go with the action."""

    async def if_agreed(self, action: Action[Input, Output], wish: Input, *, yes: bool) -> Output:
        """Performs an action once the person has agreed to its losses."""
        ask_first(await self.losses(action, wish), yes=yes)
        return await self(action, wish)

    async def everything(self, action: Action[Input, Page[Listed]], wish: Input) -> list[Listed]:
        """Returns the items of all pages of a list."""
        page = await self(action, wish)
        items = list(page.items)
        while page.next:
            page = await self(action, wish.model_copy(update={"after": page.next}))
            items += page.items
        return items


@frozen
class Here(Performer):
    """Performs actions on a database, for who may do everything there."""

    on: Administration

    async def __call__(self, action: Action[Input, Output], wish: Input) -> Output:
        """Performs an action, and returns what came of it."""
        return await perform_on(self.on, action, wish, ON_THE_MACHINE)

    async def losses(self, action: Action[Input, Output], wish: Input) -> Losses | None:
        """Returns what would go with the action."""
        return await action.losses(self.on, wish) if action.losses else None


@frozen
class There(Performer):
    """Performs actions at a server, for who is logged in there."""

    server: str

    async def __call__(self, action: Action[Input, Output], wish: Input) -> Output:
        """Performs an action, and returns what came of it."""
        from iam.commands.afar import calls

        return calls.perform(self.server, action, wish)

    async def losses(self, action: Action[Input, Output], wish: Input) -> Losses | None:
        """Returns what would go with the action."""
        from iam.commands.afar import calls

        return calls.count_losses(self.server, action, wish) if action.losses else None


def together(work: Callable[[Performer], Coroutine[Any, Any, T]]) -> T:
    """Returns the result of `work`, which performs actions on the database of the command's settings or at its server."""
    there = server()
    return run(lambda on: work(Here(on))) if there is None else complete(work(There(there)))


def complete(work: Coroutine[Any, Any, T]) -> T:
    """Returns the result of `work`, which waits for nothing that a reactor does. Raises its errors as sentences."""
    try:
        work.send(None)
    except StopIteration as done:
        result: T = done.value
        return result
    except Invalid as error:
        raise click.ClickException(str(error)) from None
    raise AssertionError


def perform(action: Action[Input, Output], wish: Input) -> Output:
    """Performs an action, and returns what came of it."""
    return together(lambda do: do(action, wish))


def perform_if_agreed(action: Action[Input, Output], wish: Input, *, yes: bool) -> Output:
    """Performs an action once the person has agreed to its losses."""
    return together(lambda do: do.if_agreed(action, wish, yes=yes))


def list_all(action: Action[Input, Page[Listed]], wish: Input) -> list[Listed]:
    """Returns the items of all pages of a list."""
    return together(lambda do: do.everything(action, wish))


def given(**members: object) -> dict[str, Any]:
    """Returns the members of an input that a command names; the others, which are None, are left out of it."""
    return {name: value for name, value in members.items() if value is not None}


def document(shown: Model) -> dict[str, object]:
    """Returns what is shown as a JSON object."""
    return shown.model_dump(mode="json")
