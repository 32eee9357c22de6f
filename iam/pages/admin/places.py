"""Where the actions have their pages, and what those are called."""

from collections.abc import Iterator
from typing import Final

from iam.administration.actions.action import Action
from iam.administration.actions.models import Model
from iam.administration.actions.operator import Operator
from iam.administration.actions.table import ACTIONS

PLACE: Final = "/admin"
PEOPLE: Final = PLACE + "/people"
NOUNS: Final = frozenset({"people"})  # those with pages

# The pages of the administration, in the order of its navigation.
SECTIONS: Final = ((PLACE, "Overview"), (PEOPLE, "People"))

CHANGES: Final = tuple(action for action in ACTIONS if action.changes and action.noun in NOUNS)


def address(action: Action[Model, Model]) -> str:
    """Returns the path of the page of an action that changes something, with the variables of the action's path."""
    before, brace, _ = action.path.rpartition("}")
    return f"{PLACE}{before + brace or '/' + action.noun}/{verb(action).replace('_', '-')}"


def verb(action: Action[Model, Model]) -> str:
    """Returns what an action does."""
    return action.name.partition(".")[2]


def label(action: Action[Model, Model]) -> str:
    """Returns what the button of an action says."""
    return verb(action).replace("_", " ").capitalize()


def offered(operator: Operator, *, about: str | None) -> Iterator[Action[Model, Model]]:
    """Yields the actions that the operator's roles may, on an object that is the variable `about`, or on none."""
    for action in CHANGES:
        if operator.has_one_of(action.roles) and about == variable(action):
            yield action


def variable(action: Action[Model, Model]) -> str | None:
    """Returns the name of the variable in the path of an action, which is its object; None if it has none."""
    _, brace, after = action.path.partition("{")
    return after.partition("}")[0] if brace else None
