"""All actions, in the order in which they are described."""

from collections.abc import Sequence
from typing import Final, cast

from iam.administration.actions import people
from iam.administration.actions.action import Action
from iam.administration.actions.models import Model

# Each is performed with an input of its own type, which `Action.input` makes.
ACTIONS: Final[Sequence[Action[Model, Model]]] = tuple(
    cast("Action[Model, Model]", action) for action in (*people.ACTIONS,)
)
