"""Actions, as commands perform them and show what came of them."""

from collections.abc import Callable, Coroutine
from typing import Any, TypeVar

from attrs import frozen

from iam.administration.actions.action import Action, Input, Output
from iam.administration.actions.models import Item as Listed
from iam.administration.actions.models import Model, Page
from iam.administration.actions.operator import ON_THE_MACHINE
from iam.administration.actions.performing import perform as perform_on
from iam.administration.administration import Administration
from iam.administration.losses import Losses
from iam.commands.confirming import ask_first
from iam.commands.running import run

T = TypeVar("T")


@frozen
class Performer:
    """Performs actions on a database, for who may do everything there."""

    on: Administration

    async def __call__(self, action: Action[Input, Output], wish: Input) -> Output:
        """Performs an action, and returns what came of it."""
        return await perform_on(self.on, action, wish, ON_THE_MACHINE)

    async def losses(self, action: Action[Input, Output], wish: Input) -> Losses | None:
        """Returns what would go with the action."""
        return await action.losses(self.on, wish) if action.losses else None

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


def together(work: Callable[[Performer], Coroutine[Any, Any, T]]) -> T:
    """Returns the result of `work`, which performs actions on the database of the command's settings."""
    return run(lambda on: work(Performer(on)))


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
