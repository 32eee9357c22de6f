"""Actions, as commands perform them and show what came of them."""

from iam.administration.actions.action import Action, Input, Output
from iam.administration.actions.models import Item as Listed
from iam.administration.actions.models import Listing, Model, Page
from iam.administration.actions.operator import ON_THE_MACHINE
from iam.administration.actions.performing import perform as perform_on
from iam.administration.administration import Administration
from iam.commands.confirming import ask_first
from iam.commands.running import run


def perform(action: Action[Input, Output], wish: Input) -> Output:
    """Performs an action on the database of the command's settings, and returns what came of it."""
    return run(lambda on: perform_on(on, action, wish, ON_THE_MACHINE))


def perform_if_agreed(action: Action[Input, Output], wish: Input, *, yes: bool) -> Output:
    """Performs an action once the person has agreed to its losses."""

    async def work(on: Administration) -> Output:
        ask_first(await action.losses(on, wish) if action.losses else None, yes=yes)
        return await perform_on(on, action, wish, ON_THE_MACHINE)

    return run(work)


def list_all(action: Action[Listing, Page[Listed]], wish: Listing) -> list[Listed]:
    """Returns the items of all pages of a list."""

    async def work(on: Administration) -> list[Listed]:
        items: list[Listed] = []
        page = await perform_on(on, action, wish, ON_THE_MACHINE)
        items += page.items
        while page.next:
            page = await perform_on(on, action, wish.model_copy(update={"after": page.next}), ON_THE_MACHINE)
            items += page.items
        return items

    return run(work)


def document(shown: Model) -> dict[str, object]:
    """Returns what is shown as a JSON object."""
    return shown.model_dump(mode="json")
