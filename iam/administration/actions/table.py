"""All actions, in the order in which they are described."""

from collections.abc import Sequence
from typing import Final, cast

from iam.administration.actions import (
    application_access,
    applications,
    audit,
    grants,
    groups,
    invitations,
    keys,
    mail,
    mcp,
    obstacles,
    overview,
    people,
    refusals,
    registration_tokens,
    resources,
    roles,
    scopes,
    sessions,
    settings,
    tokens,
)
from iam.administration.actions.action import Action
from iam.administration.actions.foretelling import foretelling
from iam.administration.actions.models import Model

MODULES: Final = (
    people,
    obstacles,
    invitations,
    groups,
    roles,
    applications,
    application_access,
    scopes,
    resources,
    mcp,
    keys,
    sessions,
    grants,
    tokens,
    registration_tokens,
    refusals,
    mail,
    settings,
    audit,
    overview,
)

# Each is performed with an input of its own type, which `Action.input` makes.
ACTIONS: Final[Sequence[Action[Model, Model]]] = tuple(
    cast("Action[Model, Model]", action) for module in MODULES for action in module.ACTIONS
)

# What the API has besides: what each would end.
FORETELLING: Final[Sequence[Action[Model, Model]]] = tuple(
    cast("Action[Model, Model]", foretelling(action)) for action in ACTIONS if action.losses is not None
)
